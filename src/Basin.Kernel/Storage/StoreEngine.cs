namespace Basin.Kernel.Storage;

/// <summary>What keeps the shards of an installation: files, or PostgreSQL.</summary>
internal abstract class StoreEngine : IDisposable
{
    /// <summary>The shards of a system that are there, used or not.</summary>
    public abstract IReadOnlyList<int> ShardsOf(string system);

    /// <summary>Whether a shard holds nothing but its schema, and no id was ever made.</summary>
    public abstract bool IsUnused(string system, int shard);

    /// <summary>Where the shards of a system are, for people.</summary>
    public abstract string PlaceOf(string system);

    /// <summary>Opens or creates a shard and brings its schema up to date.</summary>
    public abstract Shard Open(ShardPlace place, IReadOnlyList<Migration> migrations);

    /// <summary>Called when all shards are open.</summary>
    public abstract void Start();

    /// <summary>Says something to the other processes, and hears what each of them has said in the last seconds.</summary>
    /// <returns>Nothing where there are no others.</returns>
    /// <exception cref="StoreUnavailableException">Nobody has heard it.</exception>
    public abstract Task<List<string>> ExchangeAsync(string report, CancellationToken cancellation);

    /// <summary>Finishes the work that waits and closes every shard.</summary>
    public abstract void Dispose();
}
