using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Kernel.Storage.Backups;

/// <summary>What a backup holds: written last, so that a directory without it is none.</summary>
/// <param name="Format">Of the directory; a change that an older Basin cannot restore raises it.</param>
/// <param name="Basin">The build that made it. What its data needs is in the databases themselves.</param>
/// <param name="At">The moment that it shows.</param>
internal sealed record BackupManifest(int Format, string Basin, DateTimeOffset At, IReadOnlyList<BackupFile> Files)
{
    public const string Name = "manifest.json";
    private const int NewestFormat = 1;

    public static BackupManifest Of(DateTimeOffset at, IEnumerable<BackupFile> files)
    {
        var build = typeof(BackupManifest).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";
        return new BackupManifest(NewestFormat, build, at, [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)]);
    }

    public void Write(string directory)
    {
        using var file = PrivateFiles.Create(System.IO.Path.Combine(directory, Name));
        JsonSerializer.Serialize(file, this, BackupJson.Default.BackupManifest);
        file.Flush(flushToDisk: true);
    }

    /// <exception cref="BackupException">There is no backup, or none that this Basin can restore.</exception>
    public static BackupManifest Read(string directory)
    {
        var path = System.IO.Path.Combine(directory, Name);
        if (!File.Exists(path))
            throw new BackupException($"'{directory}' is not a complete backup: it has no {Name}.");
        try
        {
            var bytes = File.ReadAllBytes(path);
            RefuseNewer(path, bytes);
            var manifest = JsonSerializer.Deserialize(bytes, BackupJson.Default.BackupManifest)!;
            manifest.RefuseWrongPaths(path);
            return manifest;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new BackupException($"'{path}' is damaged: {failure.Message}");
        }
    }

    /// <summary>Before anything else is read, because a newer format may have other members.</summary>
    private static void RefuseNewer(string path, byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var format = document.RootElement.GetProperty("format").GetInt32();
        if (format > NewestFormat)
            throw new BackupException($"'{path}' has format {format}, of a newer Basin; this one knows formats up to {NewestFormat}.");
    }

    /// <summary>A file has one name, below the directory, the same on every system.</summary>
    private void RefuseWrongPaths(string path)
    {
        if (Files.FirstOrDefault(file => !IsBelow(file.Path)) is { } outside)
            throw new BackupException($"'{path}' names '{outside.Path}', which is no path below the backup.");
        if (Files.GroupBy(file => file.Path, StringComparer.OrdinalIgnoreCase).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new BackupException($"'{path}' names '{twice.Key}' twice.");
    }

    private static bool IsBelow(string path) =>
        path != Name
        && !System.IO.Path.IsPathRooted(path)
        && path.IndexOfAny(['\\', ':', '\0']) < 0
        && Array.TrueForAll(path.Split('/'), part => part is not ("" or "." or ".."));
}

/// <summary>One file of a backup.</summary>
/// <param name="Path">Below the directory, with <c>/</c>.</param>
/// <param name="Rows">Of a database, by table.</param>
internal sealed record BackupFile(string Path, long Bytes, string Sha256, IReadOnlyDictionary<string, long>? Rows = null)
{
    [JsonIgnore]
    public bool IsDatabase => Path.EndsWith(".db", StringComparison.Ordinal);
}

[JsonSerializable(typeof(BackupManifest))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
internal sealed partial class BackupJson : JsonSerializerContext;
