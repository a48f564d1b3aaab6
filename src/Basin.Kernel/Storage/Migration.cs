using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Basin.Kernel.Storage.Postgres;

namespace Basin.Kernel.Storage;

/// <summary>One forward-only step of a schema: a file <c>Schema/0001_name.sql</c> embedded in the assembly of its owner.</summary>
/// <param name="Owner">The kernel, or the system.</param>
/// <param name="Number">1, 2, 3, ... without a gap.</param>
/// <param name="PostgresSql">What PostgreSQL gets instead, from <c>0001_name.postgres.sql</c>; null when the same can be translated.</param>
public sealed record Migration(string Owner, int Number, string Name, string Sql, string? PostgresSql = null)
{
    private const string PostgresEnding = ".postgres.sql";

    /// <summary>Of the file as it was written.</summary>
    public string Checksum { get; private init; } = ChecksumOf(Sql);

    /// <param name="folder">Above <c>Schema</c>, where one assembly holds the migrations of several owners.</param>
    public static IReadOnlyList<Migration> In(Assembly assembly, string owner, string folder = "")
    {
        var files = assembly.GetManifestResourceNames()
            .Where(name => name.Contains($"{folder}.Schema.", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal))
            .ToList();
        var migrations = files
            .Where(name => !name.EndsWith(PostgresEnding, StringComparison.Ordinal))
            .Select(name => Read(assembly, owner, name, files.Find(other => other == name[..^".sql".Length] + PostgresEnding)))
            .OrderBy(migration => migration.Number)
            .ToList();
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Number != i + 1)
                throw new InvalidOperationException($"The migrations of '{owner}' skip number {i + 1:0000}.");
        }
        return migrations;
    }

    internal Migration ForPostgres() => this with
    {
        Sql = PostgresDialect.Translate(PostgresSql ?? Sql),
        Checksum = ChecksumOf(PostgresSql ?? Sql),
    };

    private static Migration Read(Assembly assembly, string owner, string resource, string? postgresResource)
    {
        var file = resource[(resource.IndexOf(".Schema.", StringComparison.Ordinal) + ".Schema.".Length)..^".sql".Length];
        return new Migration(
            owner, int.Parse(file.AsSpan(0, 4)), file, ReadText(assembly, resource), postgresResource is null ? null : ReadText(assembly, postgresResource));
    }

    private static string ReadText(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }

    private static string ChecksumOf(string sql) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
}
