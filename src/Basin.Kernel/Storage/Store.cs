using Basin.Kernel.Ids;

namespace Basin.Kernel.Storage;

/// <summary>The data of one system: its shards, and the routing of keys to them.</summary>
public sealed class Store(string system, IReadOnlyList<Shard> shards)
{
    /// <summary>The system that owns the data; nobody else reads it.</summary>
    public string System => system;

    public IReadOnlyList<Shard> Shards => shards;

    public Shard ShardOf(ShardKey key) => shards[key.ShardIn(shards.Count)];

    /// <inheritdoc cref="Shard.WriteAsync{T}"/>
    public Task<T> WriteAsync<T>(ShardKey key, Func<Transaction, ValueTask<T>> work, CancellationToken cancellation) =>
        ShardOf(key).WriteAsync(work, WritePriority.Request, cancellation);

    /// <inheritdoc cref="Shard.ReadAsync{T}"/>
    public ValueTask<T> ReadAsync<T>(ShardKey key, Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation) =>
        ShardOf(key).ReadAsync(work, cancellation);

    /// <summary>Reads the same from every shard, one after the other.</summary>
    public async ValueTask<List<T>> ReadAllAsync<T>(Func<Snapshot, ValueTask<List<T>>> work, CancellationToken cancellation)
    {
        if (shards.Count == 1)
            return await shards[0].ReadAsync(work, cancellation);
        var all = new List<T>();
        foreach (var shard in shards)
            all.AddRange(await shard.ReadAsync(work, cancellation));
        return all;
    }

    /// <summary>An id that routes to the shard of <paramref name="key"/>.</summary>
    public Id<T> NewId<T>(ShardKey key)
        where T : IEntity => ShardOf(key).Ids.Next<T>();
}
