using Basin.Kernel.Events;

namespace Basin.Kernel.Storage;

/// <summary>
/// A writer's connection to the database of its shard, with its prepared statements. One thread uses it at a time, and every call returns when the
/// database has answered.
/// </summary>
internal abstract class Connection : IDisposable
{
    /// <summary>How often the shard had changed hands when the current transaction began.</summary>
    public abstract long Epoch { get; }

    /// <summary>Shared by all connections of the shard.</summary>
    public abstract Documents Documents { get; }

    public abstract SqlDialect Dialect { get; }

    /// <summary>Whether somebody else may have written since the last transaction.</summary>
    public virtual bool HasOtherWriters => false;

    /// <summary>True while a transaction is open; a full disk, or the network, may have ended it already.</summary>
    public abstract bool InTransaction { get; }

    /// <summary>True when a statement has failed and the database takes no other before that is undone.</summary>
    public abstract bool IsSpoiled { get; }

    public abstract int Execute(string sql, ReadOnlySpan<SqlValue> values);

    /// <summary>
    /// Executes a statement whose outcome nobody asks for: where the database is a network away, together with the next one. A failure shows then.
    /// </summary>
    public virtual void Send(string sql, ReadOnlySpan<SqlValue> values) => Execute(sql, values);

    /// <summary>The same for a statement that must concern exactly one row; <see cref="InvariantException"/> says that it does not, before the commit.</summary>
    public virtual void SendOne(string sql, ReadOnlySpan<SqlValue> values) => ExpectOne(Execute(sql, values), sql);

    /// <exception cref="InvariantException">It were none, or more.</exception>
    public static void ExpectOne(long rows, string sql) => Transaction.Invariant(rows == 1, $"one row, not {rows}, is concerned by: {sql}");

    public abstract T? Find<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
        where T : class;

    public abstract List<T> List<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values);

    public abstract long? Number(string sql, ReadOnlySpan<SqlValue> values);

    /// <summary>False for a query that changes something, such as <c>INSERT ... RETURNING</c>.</summary>
    public abstract bool IsReadOnly(string sql);

    /// <summary>Begins a transaction during which nobody else writes to the shard.</summary>
    /// <returns>The sequence of the last event that was committed, by whomever.</returns>
    public abstract long Begin();

    /// <summary>Whether the current transaction could begin only after the database had been gone for a while.</summary>
    public virtual bool HasWaited { get; protected set; }

    /// <summary>Writes the events behind what the transaction has written, and makes all of it durable.</summary>
    /// <param name="hasJobs">Whether the transaction has scheduled jobs.</param>
    /// <exception cref="StoreException">Something that was sent has failed.</exception>
    public abstract void Commit(IReadOnlyList<EventRecord> published, bool hasJobs);

    public abstract void Rollback();

    /// <summary>Marks a place to which <see cref="RollbackTo"/> goes back; the newest of a name counts.</summary>
    public abstract void Savepoint(SavepointName name);

    public abstract void Release(SavepointName name);

    public abstract void RollbackTo(SavepointName name);

    /// <summary>Learns whether the disk takes writes: a commit may have written nothing, and then says nothing about it.</summary>
    public abstract void Probe();

    public abstract void Dispose();
}

internal enum SavepointName
{
    Item,
    Part,
}

/// <summary>Another writer was in the way, or the session was lost before anything was kept; the same work may succeed at once.</summary>
internal sealed class ConflictException(string message) : Exception(message);
