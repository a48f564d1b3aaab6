using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Storage;

/// <summary>
/// Rows that are found one by one, by a key, and change in small steps that follow one another within seconds: the writer of a shard keeps at hand what it
/// has just read or written, so that the next step asks the database for nothing. Whoever changes such a row must say so, by
/// <see cref="Transaction.Keep"/>, <see cref="Transaction.Put"/> or, after a statement that changes many, <see cref="Transaction.Forget"/>.
/// </summary>
/// <param name="find">Reads one; null when there is none.</param>
/// <param name="save">Writes what became of one in a piece of work, however many steps it took. Only for <see cref="Transaction.Put"/>.</param>
/// <param name="findMany">Reads those that there are of some keys, none of which is there twice. Only for <see cref="Snapshot.FindManyAsync"/>.</param>
public sealed class Entities<TKey, T>(
    Func<Snapshot, Id<Tenant>, TKey, ValueTask<T?>> find,
    Func<Transaction, Id<Tenant>, TKey, T, T, ValueTask>? save = null,
    Func<Snapshot, Id<Tenant>, IReadOnlyCollection<TKey>, ValueTask<List<KeyValuePair<TKey, T>>>>? findMany = null) : EntityKind
    where TKey : notnull
    where T : class
{
    internal ValueTask<T?> ReadAsync(Snapshot snapshot, Id<Tenant> tenant, TKey key) => find(snapshot, tenant, key);

    internal ValueTask<List<KeyValuePair<TKey, T>>> ReadManyAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<TKey> keys) =>
        findMany!(snapshot, tenant, keys);

    internal ValueTask SaveAsync(Transaction tx, Id<Tenant> tenant, TKey key, T before, T after) => save!(tx, tenant, key, before, after);

    internal override IKeptEntities NewKept() => new KeptEntities<TKey, T>(this);
}

/// <summary>Numbers the kinds of entities of this process.</summary>
public abstract class EntityKind
{
    private static int _kinds;

    internal int Number { get; } = Interlocked.Increment(ref _kinds) - 1;

    internal abstract IKeptEntities NewKept();
}

/// <summary>What the writer of a shard keeps at hand, by kind. It is right as long as nobody else writes, and forgets all when something is undone.</summary>
internal sealed class KeptEntities
{
    private IKeptEntities?[] _kinds = [];

    public KeptEntities<TKey, T> Of<TKey, T>(Entities<TKey, T> kind)
        where TKey : notnull
        where T : class
    {
        if (kind.Number >= _kinds.Length)
            Array.Resize(ref _kinds, kind.Number + 1);
        return (KeptEntities<TKey, T>)(_kinds[kind.Number] ??= kind.NewKept());
    }

    public void Forget(EntityKind kind)
    {
        if (kind.Number < _kinds.Length)
            _kinds[kind.Number]?.Forget();
    }

    public void Forget()
    {
        foreach (var kind in _kinds)
            kind?.Forget();
    }

    /// <summary>Writes what was put off.</summary>
    public async ValueTask SaveAsync(Transaction tx)
    {
        foreach (var kind in _kinds)
        {
            if (kind is { IsChanged: true })
                await kind.SaveAsync(tx);
        }
    }
}

internal interface IKeptEntities
{
    bool IsChanged { get; }

    ValueTask SaveAsync(Transaction tx);

    void Forget();
}

/// <summary>
/// The entities of one kind. When the young ones are many they become the old ones, whose place is lost to the next generation unless they are asked for:
/// two dictionaries that bound the memory and need no list of who was used when.
/// </summary>
internal sealed class KeptEntities<TKey, T>(Entities<TKey, T> kind) : IKeptEntities
    where TKey : notnull
    where T : class
{
    internal const int MaxYoung = 8192;

    private readonly Dictionary<(long Tenant, TKey Key), T> _changed = [];
    private Dictionary<(long Tenant, TKey Key), T> _young = [];
    private Dictionary<(long Tenant, TKey Key), T> _old = [];

    public bool IsChanged => _changed.Count > 0;

    /// <summary>Whether the database does not know it as it is here.</summary>
    public bool IsPutOff(Id<Tenant> tenant, TKey key) => _changed.ContainsKey((tenant.Value, key));

    public T? Find(Id<Tenant> tenant, TKey key)
    {
        if (_young.TryGetValue((tenant.Value, key), out var kept))
            return kept;
        if (_old.Remove((tenant.Value, key), out kept))
            Keep(tenant, key, kept);
        return kept;
    }

    public void Keep(Id<Tenant> tenant, TKey key, T entity)
    {
        // What is to be written must not be lost with its generation.
        if (_young.Count >= MaxYoung && _changed.Count == 0)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
        }
        _young[(tenant.Value, key)] = entity;
    }

    /// <summary>Keeps what the database does not know yet.</summary>
    public void Put(Id<Tenant> tenant, TKey key, T before, T after)
    {
        _changed.TryAdd((tenant.Value, key), before);
        Keep(tenant, key, after);
    }

    public async ValueTask SaveAsync(Transaction tx)
    {
        // Taken first: a save that reads would begin the saving again.
        var changed = _changed.Select(change => (change.Key, Before: change.Value, After: _young[change.Key])).ToArray();
        _changed.Clear();
        foreach (var (place, before, after) in changed)
            await kind.SaveAsync(tx, new Id<Tenant>(place.Tenant), place.Key, before, after);
    }

    public void Forget()
    {
        _changed.Clear();
        _young.Clear();
        _old.Clear();
    }
}
