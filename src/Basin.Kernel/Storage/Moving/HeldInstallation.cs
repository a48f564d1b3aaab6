using System.Security.Cryptography;
using System.Text;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Backups;

namespace Basin.Kernel.Storage.Moving;

/// <summary>All files of an installation, held from one moment on.</summary>
internal sealed class HeldInstallation : IDisposable
{
    private const int BlockBytes = 1024 * 1024;

    private readonly Dictionary<ShardPlace, HeldDatabase> _databases = [];

    // Whoever closes a file that SQLite has locked loses the lock, so these are closed behind the databases.
    private readonly List<FileStream> _opened = [];
    private readonly string _directory;

    private HeldInstallation(string directory) => _directory = directory;

    public IReadOnlyDictionary<ShardPlace, HeldDatabase> Databases => _databases;

    /// <exception cref="MoveException">It is not what the program and its settings expect, or somebody uses it.</exception>
    public static HeldInstallation Hold(string directory, IReadOnlyList<MovedShard> shards)
    {
        var held = new HeldInstallation(directory);
        try
        {
            RefuseOtherDatabases(directory, shards);
            foreach (var shard in shards)
                held._databases.Add(shard.Place, HeldDatabase.Hold(shard.FileIn(directory)));
            foreach (var shard in shards)
                RefuseOtherMigrations(shard.System, held._databases[shard.Place]);
            held.ReadSealingKeys();
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static void RefuseOtherDatabases(string directory, IReadOnlyList<MovedShard> shards)
    {
        if (!Directory.Exists(directory))
            throw new MoveException($"There is no directory '{directory}'.");
        var expected = shards.Select(shard => shard.FileIn(directory)).ToHashSet();
        var there = CopiedFiles.In(directory).Where(CopiedFiles.IsDatabase).Select(path => Path.Combine(directory, path)).ToHashSet();
        if (there.Count == 0)
            throw new MoveException($"'{directory}' holds no database of Basin.");
        if (there.Except(expected).Order(StringComparer.Ordinal).FirstOrDefault() is { } unknown)
        {
            throw new MoveException(
                $"'{unknown}' belongs to no shard that this Basin would open. "
                + "Say how many there are, as at its start: --Basin:Store:Shards:orders=2.");
        }
        if (expected.Except(there).Order(StringComparer.Ordinal).FirstOrDefault() is { } missing)
        {
            throw new MoveException(
                $"'{missing}' is not there: the settings name more shards than there are, or a newer Basin has one more system. "
                + "Start this Basin on the data once, end it, and move then.");
        }
    }

    private static void RefuseOtherMigrations(SystemDefinition system, HeldDatabase database)
    {
        if (SchemaHistory.Missing(system.Migrations, database.Migrations()).Count > 0)
            throw new MoveException($"'{database.Path}' is of an older Basin. Start this one on the data once, end it, and move then.");
    }

    /// <summary>In files they lie in a folder, in PostgreSQL in a table.</summary>
    private void ReadSealingKeys()
    {
        var access = _databases.Single(database => database.Key.System == AccessSystem.Name).Value;
        access.Replace(SealingKeys.Table, SealingKeys.In(Path.Combine(_directory, SealingKeys.Folder)));
    }

    /// <summary>Looks for damage, and reads all that is moved for a fingerprint of it.</summary>
    /// <param name="read">The name of a file, how many of its bytes are read, and how many there are.</param>
    public string Check(Action<string, long, long> read, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var path in Files())
        {
            var name = CopiedFiles.Relative(_directory, path);
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            Append(path, hash, (done, total) => read(name, done, total), cancellation);
        }
        foreach (var database in _databases.Values)
        {
            cancellation.ThrowIfCancellationRequested();
            if (database.FirstDamage(cancellation) is { } damage)
                throw new MoveException($"'{database.Path}' is damaged: {damage}. Restore it from a backup.");
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public long Bytes => Files().Sum(path => new FileInfo(path).Length);

    /// <summary>What is moved, with the logs that have anything in them.</summary>
    private IEnumerable<string> Files() =>
    [
        .. _databases.Values
            .SelectMany(database => new[] { database.Path, database.Path + "-wal", Path.ChangeExtension(database.Path, ".mark") })
            .Concat(SealingKeys.FilesIn(Path.Combine(_directory, SealingKeys.Folder)))
            .Where(path => new FileInfo(path) is { Exists: true, Length: > 0 })
            .Order(StringComparer.Ordinal),
    ];

    private void Append(string path, IncrementalHash hash, Action<long, long> read, CancellationToken cancellation)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        _opened.Add(file);
        hash.AppendData(BitConverter.GetBytes(file.Length));
        var block = new byte[BlockBytes];
        while (file.Read(block) is > 0 and var bytes)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, bytes);
            read(file.Position, file.Length);
        }
    }

    public void Dispose()
    {
        foreach (var database in _databases.Values)
            database.Dispose();
        _databases.Clear();
        _opened.ForEach(file => file.Dispose());
        _opened.Clear();
    }
}

/// <summary>A shard that is moved.</summary>
internal sealed record MovedShard(SystemDefinition System, ShardPlace Place)
{
    public string FileIn(string directory) => Path.Combine(directory, Place.System, $"{Place.Number:000}.db");
}
