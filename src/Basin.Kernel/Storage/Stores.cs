using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage;

/// <summary>Opens and closes the stores of all systems.</summary>
public sealed class Stores : IDisposable
{
    private readonly Dictionary<string, Store> _stores = new(StringComparer.Ordinal);
    private readonly StoreEngine _engine;

    public Stores(
        IEnumerable<SystemDefinition> systems, StoreOptions options, PostgresOptions postgres, EventCarrier carrier, TimeProvider time,
        Randomness chance, ILogger<Stores> log)
    {
        var definitions = systems.ToList();
        RefuseUnknownNames(options, definitions);
        _engine = postgres.IsUsed ? new PostgresEngine(postgres, options, carrier, time, chance, log) : new SqliteEngine(options, time, log);
        try
        {
            foreach (var system in definitions)
                _stores.Add(system.Name, new Store(system.Name, Open(system, options)));
            _engine.Start();
        }
        catch
        {
            _engine.Dispose();
            throw;
        }
    }

    private List<Shard> Open(SystemDefinition system, StoreOptions options)
    {
        // Counted once, before the first shard of a new system appears.
        var count = ShardCountOf(system, options);
        var shards = new List<Shard>();
        for (var number = 0; number < count; number++)
            shards.Add(_engine.Open(new ShardPlace(system.Name, number, count) { Sequences = system.Sequences }, system.Migrations));
        return shards;
    }

    public IReadOnlyCollection<Store> All => _stores.Values;

    public Store Of(string system) => _stores[system];

    /// <summary>
    /// How long requests wait for the writer of the shard where they wait longest, since the last call; null when no writer has taken any. For one caller.
    /// </summary>
    public TimeSpan? TakeQueueTime() => All.SelectMany(store => store.Shards).Max(shard => shard.QueueTime.Take());

    /// <inheritdoc cref="StoreEngine.ExchangeAsync"/>
    internal Task<List<string>> ExchangeAsync(string report, CancellationToken cancellation) => _engine.ExchangeAsync(report, cancellation);

    internal static void RefuseUnknownNames(StoreOptions options, List<SystemDefinition> systems)
    {
        foreach (var name in options.Shards.Keys)
        {
            if (systems.TrueForAll(system => !system.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new InvalidOperationException($"Basin:Store:Shards names '{name}', which is not a system.");
        }
    }

    /// <summary>Keys are spread by the number of shards, so the number stays what it was when the data was made.</summary>
    private int ShardCountOf(SystemDefinition system, StoreOptions options)
    {
        var count = ShardsAskedOf(system, options);
        var existing = _engine.ShardsOf(system.Name);
        if (existing.Count != 0 && existing.Count != count && !IsFirstStart(system.Name, existing, count))
        {
            throw new InvalidOperationException(
                $"'{_engine.PlaceOf(system.Name)}' holds {existing.Count} shards but Basin:Store:Shards:{system.Name} is {count}.");
        }
        return count;
    }

    /// <summary>How many shards the settings say that a system has.</summary>
    internal static int ShardsAskedOf(SystemDefinition system, StoreOptions options)
    {
        var count = options.Shards.GetValueOrDefault(system.Name, 1);
        if (count < 1 || count > Ids.Snowflake.MaxShards)
            throw new InvalidOperationException($"Basin:Store:Shards:{system.Name} is {count}; 1 to {Ids.Snowflake.MaxShards} are possible.");
        if (count > 1 && !system.MayShard)
            throw new InvalidOperationException($"Basin:Store:Shards:{system.Name} is {count}, but the system keeps its data in one shard.");
        return count;
    }

    /// <summary>A first start that ended in the middle leaves too few shards, and nothing in them: work begins when all are there.</summary>
    private bool IsFirstStart(string system, IReadOnlyList<int> existing, int count) =>
        existing.Count < count && existing.All(shard => _engine.IsUnused(system, shard));

    /// <summary>Finishes the work that waits and closes every shard.</summary>
    public void Dispose() => _engine.Dispose();
}
