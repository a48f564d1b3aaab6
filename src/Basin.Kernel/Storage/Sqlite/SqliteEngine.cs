using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A file per shard, a folder per system.</summary>
internal sealed class SqliteEngine(StoreOptions options, TimeProvider time, ILogger log) : StoreEngine
{
    private readonly List<SqliteShard> _shards = [];

    public override IReadOnlyList<int> ShardsOf(string system) => Directory.Exists(PlaceOf(system))
        ? [.. Directory.GetFiles(PlaceOf(system), "*.db").Select(path => int.Parse(Path.GetFileNameWithoutExtension(path))).Order()]
        : [];

    public override bool IsUnused(string system, int shard) => SqliteShard.IsUnused(Path.Combine(PlaceOf(system), $"{shard:000}.db"), options);

    public override string PlaceOf(string system) => Path.Combine(options.Directory, system);

    public override Shard Open(ShardPlace place, IReadOnlyList<Migration> migrations)
    {
        _shards.Add(SqliteShard.Open(place, migrations, options, time, log));
        return _shards[^1];
    }

    public override void Start()
    {
    }

    public override Task<List<string>> ExchangeAsync(string report, CancellationToken cancellation) => Task.FromResult<List<string>>([]);

    public override void Dispose() => _shards.ForEach(shard => shard.Dispose());
}
