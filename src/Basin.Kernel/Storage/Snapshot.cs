using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Storage;

/// <summary>Makes a value from the current row. It must copy what it keeps: the row moves on.</summary>
public delegate T RowMap<out T>(Row row);

/// <summary>The current row of a result; columns count from 0.</summary>
public abstract class Row
{
    public abstract bool IsNull(int column);

    public abstract long Integer(int column);

    public abstract double Real(int column);

    public abstract string Text(int column);

    /// <summary>The bytes of a text or blob column, valid until the row moves on.</summary>
    public abstract ReadOnlySpan<byte> Bytes(int column);

    public int Int(int column) => checked((int)Integer(column));

    public bool Flag(int column) => Integer(column) != 0;

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public long? IntegerOrNull(int column) => IsNull(column) ? null : Integer(column);

    public DateTimeOffset Time(int column) => DateTimeOffset.FromUnixTimeMilliseconds(Integer(column));

    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    public T Json<T>(int column, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Bytes(column), type)!;

    /// <summary>The same for a document that never changes once it is written; a row that is read often is parsed once.</summary>
    /// <param name="tenant">Whose row it is.</param>
    /// <param name="id">Of the row; one kind of document per id.</param>
    public T LastingJson<T>(int column, JsonTypeInfo<T> type, Id<Tenant> tenant, long id)
        where T : class
    {
        if (Documents.Find<T>(tenant, id) is { } known)
            return known;
        var document = Json(column, type);
        Documents.Remember(tenant, id, document, Bytes(column).Length);
        return document;
    }

    private protected abstract Documents Documents { get; }
}

public enum SqlDialect
{
    Sqlite,
    Postgres,
}

/// <summary>
/// A consistent view of one shard. Statements are constant strings with parameters <c>$1</c>, <c>$2</c>, ...; values never become part of a
/// statement's text. Each distinct statement is prepared once per connection and kept.
/// </summary>
public abstract class Snapshot
{
    /// <summary>What the database speaks, for the few statements that both engines cannot share.</summary>
    public abstract SqlDialect Dialect { get; }

    /// <summary>The first row, or null when there is none.</summary>
    public abstract ValueTask<T?> FindAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
        where T : class;

    public abstract ValueTask<List<T>> ListAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values);

    /// <summary>The entity of a key, or null when there is none.</summary>
    public virtual ValueTask<T?> FindAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key)
        where TKey : notnull
        where T : class => kind.ReadAsync(this, tenant, key);

    /// <summary>The entities that there are of some keys, by key: one query for all that are not at hand.</summary>
    public virtual async ValueTask<Dictionary<TKey, T>> FindManyAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, IReadOnlySet<TKey> keys)
        where TKey : notnull
        where T : class => keys.Count == 0 ? [] : new(await kind.ReadManyAsync(this, tenant, keys));

    /// <summary>A document that never changes once it is written, by the id of its row: read and parsed once while it is in use.</summary>
    /// <param name="sql">Selects the document alone; its one parameter is the id.</param>
    public ValueTask<T?> FindLastingAsync<T>(string sql, JsonTypeInfo<T> type, Id<Tenant> tenant, long id)
        where T : class => Documents.Find<T>(tenant, id) is { } known ? ValueTask.FromResult<T?>(known) : ReadLastingAsync(sql, type, tenant, id);

    private ValueTask<T?> ReadLastingAsync<T>(string sql, JsonTypeInfo<T> type, Id<Tenant> tenant, long id)
        where T : class => FindAsync(sql, row => row.LastingJson(0, type, tenant, id), id);

    private protected abstract Documents Documents { get; }

    /// <summary>The first column of the first row, or null when there is no row or it is null.</summary>
    public abstract ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<SqlValue> values);
}

/// <summary>
/// One piece of work in a shard's current transaction: all of it happens, or nothing. The work may run more than once, so it
/// touches nothing but the transaction.
/// </summary>
public abstract class Transaction : Snapshot
{
    private readonly List<EventRecord> _published = [];
    private readonly List<JobRecord> _scheduled = [];

    /// <summary>When the transaction began, to the millisecond: the time of all that it does.</summary>
    public abstract DateTimeOffset Now { get; }

    /// <summary>A new id that routes to this shard.</summary>
    public abstract Id<T> NewId<T>()
        where T : IEntity;

    /// <returns>How many rows were inserted, updated or deleted.</returns>
    public abstract ValueTask<int> ExecuteAsync(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>
    /// Executes a statement, without telling how many rows it concerned: where the database is a network away, it travels with the next one.
    /// </summary>
    /// <param name="values">What they refer to must not change afterwards.</param>
    public abstract ValueTask SendAsync(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>
    /// Executes a statement that must concern exactly one row, as <see cref="SendAsync"/> does. One that concerns another number of rows stops the shard, and
    /// nothing of the transaction is kept: what its author has read is not what is stored.
    /// </summary>
    /// <param name="values">What they refer to must not change afterwards.</param>
    public abstract ValueTask SendOneAsync(string sql, params ReadOnlySpan<SqlValue> values);

    /// <summary>Keeps at hand an entity as this transaction has just written it.</summary>
    public abstract void Keep<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key, T entity)
        where TKey : notnull
        where T : class;

    /// <summary>
    /// Changes an entity that was found in this transaction. It is written before the next query, at the latest when the piece of work ends: many steps of
    /// one entity are one write.
    /// </summary>
    public abstract void Put<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key, T before, T after)
        where TKey : notnull
        where T : class;

    /// <summary>For after a statement that has changed or deleted some of a kind.</summary>
    public abstract void Forget(EntityKind kind);

    /// <summary>Keeps at hand a document that was just written, as <see cref="Snapshot.FindLastingAsync"/> would find it.</summary>
    /// <param name="bytes">The length of its JSON.</param>
    public void Remember<T>(Id<Tenant> tenant, long id, T document, int bytes)
        where T : class => Documents.Remember(tenant, id, document, bytes);

    /// <summary>Publishes an event, in this transaction. Consumers get it after the commit, in the order of the shard.</summary>
    public ValueTask PublishAsync<T>(Id<Tenant> tenant, T happened)
        where T : class, IEvent<T>
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(happened, T.Type.Json);
        var record = new EventRecord(NextSequence(), T.Type.Name, happened.Key, tenant, Now, TraceParent, data) { Happened = happened };
        // Written with the others of the commit; until then the list is what a failing part is taken from.
        _published.Add(record);
        return ValueTask.CompletedTask;
    }

    /// <summary>Schedules a job, in this transaction. It runs at <paramref name="due"/> or soon after, at least once.</summary>
    public ValueTask ScheduleAsync<T>(Id<Tenant> tenant, T job, DateTimeOffset due)
        where T : class, IJob<T>
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(job, T.Type.Json);
        var record = new JobRecord(NewJobId(), T.Type.Name, job.Key, tenant, due.ToWholeMilliseconds(), 0, TraceParent, data) { Work = job };
        _scheduled.Add(record);
        return SendAsync(JobQueue.Insert, record.Id, record.Type, record.Key, tenant.Value, record.DueAt, record.TraceParent, SqlValue.Utf8(data));
    }

    /// <summary>
    /// Stops the shard when <paramref name="holds"/> is false: writing on would spread the damage. Nothing of the transaction is kept.
    /// </summary>
    /// <param name="sentence">Put together only when it is needed.</param>
    public static void Invariant(bool holds, [InterpolatedStringHandlerArgument(nameof(holds))] LazySentence sentence)
    {
        if (!holds)
            throw new InvariantException(sentence.ToString());
    }

    /// <summary>W3C trace context that published events and scheduled jobs carry on.</summary>
    internal string? TraceParent { get; set; }

    /// <summary>What the transaction has published so far; handed on after the commit.</summary>
    private protected IReadOnlyList<EventRecord> Published => _published;

    private protected IReadOnlyList<JobRecord> Scheduled => _scheduled;

    /// <summary>Runs a part that may fail without the rest: what it wrote is undone and its exception returned.</summary>
    internal abstract ValueTask<Exception?> TryAsync(Func<ValueTask> part);

    internal async ValueTask<int> RescheduleAsync(JobRecord job, DateTimeOffset due, string? error)
    {
        var again = job with { DueAt = due.ToWholeMilliseconds(), Attempts = job.Attempts + 1 };
        var changed = await ExecuteAsync(
            $"UPDATE basin_job SET due_at = $3, attempts = $4, error = $5 {JobQueue.WhereAlive}",
            job.DueAt, job.Id, again.DueAt, again.Attempts, error);
        if (changed > 0)
            _scheduled.Add(again);
        return changed;
    }

    /// <summary>Lets a dead job run again now, as if for the first time.</summary>
    internal async ValueTask<int> ReviveAsync(JobRecord job)
    {
        var again = job with { DueAt = Now, Attempts = 0 };
        var changed = await ExecuteAsync(
            $"UPDATE basin_job SET dead = 0, due_at = $3, attempts = 0, error = NULL {JobQueue.WhereDead}", job.DueAt, job.Id, again.DueAt);
        if (changed > 0)
            _scheduled.Add(again);
        return changed;
    }

    private protected abstract long NextSequence();

    private protected abstract long NewJobId();

    private protected (int Published, int Scheduled) Mark() => (_published.Count, _scheduled.Count);

    private protected void ForgetSince((int Published, int Scheduled) mark)
    {
        _published.RemoveRange(mark.Published, _published.Count - mark.Published);
        _scheduled.RemoveRange(mark.Scheduled, _scheduled.Count - mark.Scheduled);
    }
}

/// <summary>An invariant does not hold; the shard that meets it stops writing until an operator has looked and restarts.</summary>
public sealed class InvariantException(string sentence) : Exception($"Invariant broken: {sentence}");
