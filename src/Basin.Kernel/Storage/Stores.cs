using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage;

/// <summary>Opens and closes the stores of all systems.</summary>
public sealed class Stores : IDisposable
{
    private readonly Dictionary<string, Store> _stores = new(StringComparer.Ordinal);
    private readonly List<SqliteShard> _shards = [];

    public Stores(IEnumerable<SystemDefinition> systems, StoreOptions options, TimeProvider time, ILogger<Stores> log)
    {
        var definitions = systems.ToList();
        RefuseUnknownNames(options, definitions);
        try
        {
            foreach (var system in definitions)
                _stores.Add(system.Name, new Store(system.Name, Open(system, options, time, log)));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private List<SqliteShard> Open(SystemDefinition system, StoreOptions options, TimeProvider time, ILogger log)
    {
        // Counted once, before the first file of a new system appears.
        var count = ShardCountOf(system, options);
        var shards = new List<SqliteShard>();
        for (var number = 0; number < count; number++)
        {
            shards.Add(SqliteShard.Open(system.Name, number, system.Migrations, options, time, log));
            _shards.Add(shards[^1]);
        }
        return shards;
    }

    public IReadOnlyCollection<Store> All => _stores.Values;

    public Store Of(string system) => _stores[system];

    private static void RefuseUnknownNames(StoreOptions options, List<SystemDefinition> systems)
    {
        foreach (var name in options.Shards.Keys)
        {
            if (systems.TrueForAll(system => !system.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new InvalidOperationException($"Basin:Store:Shards names '{name}', which is not a system.");
        }
    }

    /// <summary>Keys are spread by the number of shards, so the number stays what it was when the data was made.</summary>
    private static int ShardCountOf(SystemDefinition system, StoreOptions options)
    {
        var count = options.Shards.GetValueOrDefault(system.Name, 1);
        if (count < 1 || count > Ids.Snowflake.MaxShards)
            throw new InvalidOperationException($"Basin:Store:Shards:{system.Name} is {count}; 1 to {Ids.Snowflake.MaxShards} are possible.");
        if (count > 1 && !system.MayShard)
            throw new InvalidOperationException($"Basin:Store:Shards:{system.Name} is {count}, but the system keeps its data in one shard.");
        var folder = Path.Combine(options.Directory, system.Name);
        var existing = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.db") : [];
        if (existing.Length != 0 && existing.Length != count && !IsFirstStart(existing, count, options))
            throw new InvalidOperationException($"'{folder}' holds {existing.Length} shards but Basin:Store:Shards:{system.Name} is {count}.");
        return count;
    }

    /// <summary>A first start that ended in the middle leaves too few files, and nothing in them: work begins when all shards are there.</summary>
    private static bool IsFirstStart(string[] existing, int count, StoreOptions options) =>
        existing.Length < count && Array.TrueForAll(existing, path => SqliteShard.IsUnused(path, options));

    /// <summary>Finishes the work that waits and closes every file.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards)
            shard.Dispose();
        _shards.Clear();
    }
}
