using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A file per shard, a folder per system. One process at a time: it keeps rows and ids at hand that another would change behind its back.</summary>
internal sealed class SqliteEngine(StoreOptions options, TimeProvider time, ILogger log) : StoreEngine
{
    private const string LockName = ".in-use";

    private readonly List<SqliteShard> _shards = [];
    private FileStream? _lock;

    public override IReadOnlyList<int> ShardsOf(string system) => Directory.Exists(PlaceOf(system))
        ? [.. Directory.GetFiles(PlaceOf(system), "*.db").Select(path => int.Parse(Path.GetFileNameWithoutExtension(path))).Order()]
        : [];

    public override bool IsUnused(string system, int shard) => SqliteShard.IsUnused(Path.Combine(PlaceOf(system), $"{shard:000}.db"), options);

    public override string PlaceOf(string system) => Path.Combine(options.Directory, system);

    public override Shard Open(ShardPlace place, IReadOnlyList<Migration> migrations)
    {
        _lock ??= TakeDirectory();
        _shards.Add(SqliteShard.Open(place, migrations, options, time, log));
        return _shards[^1];
    }

    public override void Start()
    {
    }

    public override Task<List<string>> ExchangeAsync(string report, CancellationToken cancellation) => Task.FromResult<List<string>>([]);

    public override void Dispose()
    {
        _shards.ForEach(shard => shard.Dispose());
        _lock?.Dispose();
    }

    /// <summary>The operating system lets go of it when the process ends, however that ends.</summary>
    private FileStream TakeDirectory()
    {
        Directory.CreateDirectory(options.Directory);
        var path = Path.Combine(options.Directory, LockName);
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException failure) when (File.Exists(path))
        {
            throw new IOException($"'{options.Directory}' is in use by another Basin. Each needs a data directory of its own, or PostgreSQL for all of them.", failure);
        }
    }
}
