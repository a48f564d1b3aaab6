using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Basin.Kernel.Storage;

/// <summary>One forward-only step of a schema: a file <c>Schema/0001_name.sql</c> embedded in the assembly of its owner.</summary>
/// <param name="Owner">The kernel, or the system.</param>
/// <param name="Number">1, 2, 3, ... without a gap.</param>
public sealed record Migration(string Owner, int Number, string Name, string Sql)
{
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <param name="folder">Above <c>Schema</c>, where one assembly holds the migrations of several owners.</param>
    public static IReadOnlyList<Migration> In(Assembly assembly, string owner, string folder = "")
    {
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.Contains($"{folder}.Schema.", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .Select(name => Read(assembly, owner, name))
            .OrderBy(migration => migration.Number)
            .ToList();
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Number != i + 1)
                throw new InvalidOperationException($"The migrations of '{owner}' skip number {i + 1:0000}.");
        }
        return migrations;
    }

    private static Migration Read(Assembly assembly, string owner, string resource)
    {
        var file = resource[(resource.IndexOf(".Schema.", StringComparison.Ordinal) + ".Schema.".Length)..^".sql".Length];
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return new Migration(owner, int.Parse(file.AsSpan(0, 4)), file, reader.ReadToEnd());
    }
}
