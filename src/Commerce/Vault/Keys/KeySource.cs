using Basin.Kernel.Storage.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Basin.Vault.Keys;

/// <summary>Where this process finds the root keys: outside the database, and outside its backups.</summary>
internal sealed class KeySource(
    VaultOptions options, IConfiguration configuration, StoreOptions files, PostgresOptions postgres, TimeProvider time, ILogger<KeySource> log)
{
    public const string Variable = "BASIN_VAULT_KEYS";
    private const string FileName = "vault.key";
    private const int MaxFileBytes = 64 * 1024;

    private string OwnFile => Path.GetFullPath(Path.Combine(files.Directory, VaultSystem.KeyFolder, FileName));

    /// <summary>Where one is when nothing else is set, for people.</summary>
    public string Place => $"'{OwnFile}'";

    /// <summary>A file in the data directory is this machine's alone, so where machines share a database somebody has to hand the key out.</summary>
    public bool MayGenerate => !postgres.IsUsed && string.IsNullOrEmpty(options.KeyFile);

    /// <returns>Null when nobody has set one and none was generated.</returns>
    /// <exception cref="InvalidOperationException">What is set is wrong.</exception>
    public RootKeys? Find()
    {
        var variable = configuration[Variable];
        if (string.IsNullOrEmpty(options.KeyFile))
        {
            return !string.IsNullOrEmpty(variable) ? RootKeys.Parse(variable, $"the environment variable {Variable}")
                : File.Exists(OwnFile) ? Read(OwnFile)
                : null;
        }
        if (!string.IsNullOrEmpty(variable))
            throw new InvalidOperationException($"Basin:Vault:KeyFile and {Variable} are both set; which of them has the vault's root keys?");
        var path = Path.GetFullPath(options.KeyFile);
        RefuseInBackups(path);
        return File.Exists(path)
            ? Read(path)
            : throw new InvalidOperationException($"There is no file '{path}' with the vault's root keys (Basin:Vault:KeyFile).");
    }

    /// <summary>Makes the first root key. It is on the disk before anything is sealed with it.</summary>
    public RootKeys Generate()
    {
        var folder = Path.GetDirectoryName(OwnFile)!;
        var draft = $"{OwnFile}.tmp";
        PrivateFiles.CreateFolder(folder);
        // Of a start that was interrupted: nobody has used it.
        File.Delete(draft);
        using (var file = PrivateFiles.Create(draft))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes($"{time.GetUtcNow():yyyy-MM-dd}:{Convert.ToBase64String(NewKey())}\n"));
            file.Flush(flushToDisk: true);
        }
        File.Move(draft, OwnFile);
        PrivateFiles.FlushFolder(folder);
        PrivateFiles.FlushFolder(Path.GetFullPath(files.Directory));
        VaultLog.KeyGenerated(log, OwnFile);
        return Read(OwnFile);
    }

    private static byte[] NewKey() => System.Security.Cryptography.RandomNumberGenerator.GetBytes(Box.KeyBytes);

    private static RootKeys Read(string path) => new FileInfo(path).Length <= MaxFileBytes
        ? RootKeys.Parse(File.ReadAllText(path), $"'{path}'")
        : throw new InvalidOperationException($"'{path}' is too large for a file of root keys.");

    /// <summary>A backup holds all of the data directory but the one folder that is made for keys.</summary>
    private void RefuseInBackups(string path)
    {
        var data = Path.GetFullPath(files.Directory);
        var below = Path.GetRelativePath(data, path);
        if (!below.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(below) && Path.GetDirectoryName(below) != VaultSystem.KeyFolder)
            throw new InvalidOperationException($"Basin:Vault:KeyFile is '{path}', in the data directory, whose backups would hold it.");
    }
}
