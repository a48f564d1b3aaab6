using System.Buffers;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// The writer's transaction, reused for every batch. A savepoint costs as much as the statements in it, so the first try of a batch has none: when
/// an item, or a part of one, fails after it has written, the batch is rolled back and run again carefully, with a savepoint around each.
/// </summary>
internal sealed class SqliteTransaction(SqliteConnection connection, IdGenerator ids, TimeProvider time, long lastSequence) : Transaction
{
    private readonly ArrayBufferWriter<byte> _segment = new();
    private long _lastSequence = lastSequence;
    private bool _careful;
    private int _writes;
    private bool _spoiled;
    private int _thread;
    private DateTimeOffset _now;

    public override DateTimeOffset Now => _now;

    private protected override Documents Documents => connection.Documents;

    public IReadOnlyList<EventRecord> PublishedEvents => Published;

    public IReadOnlyList<JobRecord> ScheduledJobs => Scheduled;

    public void Begin(bool careful)
    {
        (_careful, _spoiled) = (careful, false);
        _thread = Environment.CurrentManagedThreadId;
        ForgetSince((0, 0));
        _now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        connection.Execute("BEGIN IMMEDIATE", []);
    }

    public void Commit()
    {
        RefuseLostTransaction();
        EventSegment.WriteAll(Published, _segment, (lastSequence, events) =>
            connection.Execute(EventSegment.Insert, [lastSequence, SqlValue.Utf8(events)]));
        connection.Execute("COMMIT", []);
    }

    public void Rollback()
    {
        connection.Documents.Forget();
        // A full disk has ended the transaction already.
        if (connection.InTransaction)
            connection.Execute("ROLLBACK", []);
    }

    /// <summary>Commits pages that nobody needs, to learn whether the disk takes them; later pages use their place.</summary>
    public void Probe() =>
        connection.Run("BEGIN IMMEDIATE; CREATE TABLE basin_probe AS SELECT zeroblob(65536) AS room; DROP TABLE basin_probe; COMMIT");

    /// <summary>Runs one work item; when it throws, nothing that it wrote is kept.</summary>
    /// <exception cref="SpoiledBatchException">What it wrote can only be undone with the whole batch.</exception>
    public T Run<T>(Func<Transaction, ValueTask<T>> work)
    {
        var mark = Mark();
        _writes = 0;
        try
        {
            var running = work(this);
            if (!running.IsCompleted)
                throw new InvalidOperationException("The work awaited something other than its transaction.");
            var result = running.GetAwaiter().GetResult();
            RefuseLostTransaction();
            // The item may have caught the exception that says so.
            if (_spoiled)
                throw new SpoiledBatchException();
            if (_careful && _writes > 0)
                connection.Execute("RELEASE item", []);
            return result;
        }
        catch (Exception failure) when (failure is not (StoreUnavailableException or InvariantException))
        {
            UndoItem(mark);
            throw;
        }
        finally
        {
            TraceParent = null;
        }
    }

    private void UndoItem((int Published, int Scheduled) mark)
    {
        ForgetSince(mark);
        if (_writes == 0)
            return;
        RefuseLostTransaction();
        if (!_careful)
            throw Spoiled();
        connection.Documents.Forget();
        connection.Execute("ROLLBACK TO item", []);
        connection.Execute("RELEASE item", []);
    }

    internal override ValueTask<Exception?> TryAsync(Func<ValueTask> part) => _careful ? TryCarefullyAsync(part) : TryFirstAsync(part);

    /// <exception cref="SpoiledBatchException">The part has failed, and what it wrote can only be undone with the whole batch.</exception>
    private async ValueTask<Exception?> TryFirstAsync(Func<ValueTask> part)
    {
        var (mark, writesBefore) = (Mark(), _writes);
        try
        {
            await part();
            RefuseOthers();
            return null;
        }
        catch (Exception failure) when (failure is not (StoreUnavailableException or InvariantException or SpoiledBatchException))
        {
            RefuseOthers();
            RefuseLostTransaction();
            ForgetSince(mark);
            return _writes > writesBefore ? throw Spoiled() : failure;
        }
    }

    private SpoiledBatchException Spoiled()
    {
        _spoiled = true;
        return new SpoiledBatchException();
    }

    private async ValueTask<Exception?> TryCarefullyAsync(Func<ValueTask> part)
    {
        BeforeWrite();
        connection.Execute("SAVEPOINT part", []);
        var mark = Mark();
        try
        {
            await part();
            RefuseOthers();
            connection.Execute("RELEASE part", []);
            return null;
        }
        catch (Exception failure) when (failure is not (StoreUnavailableException or InvariantException))
        {
            RefuseOthers();
            RefuseLostTransaction();
            ForgetSince(mark);
            connection.Documents.Forget();
            connection.Execute("ROLLBACK TO part", []);
            connection.Execute("RELEASE part", []);
            return failure;
        }
    }

    public override Id<T> NewId<T>() => ids.Next<T>();

    public override ValueTask<int> ExecuteAsync(string sql, params ReadOnlySpan<SqlValue> values)
    {
        BeforeWrite();
        return ValueTask.FromResult(connection.Execute(sql, values));
    }

    public override ValueTask<T?> FindAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
        where T : class
    {
        BeforeQuery(sql);
        return ValueTask.FromResult(connection.Find(sql, map, values));
    }

    public override ValueTask<List<T>> ListAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
    {
        BeforeQuery(sql);
        return ValueTask.FromResult(connection.List(sql, map, values));
    }

    public override ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<SqlValue> values)
    {
        BeforeQuery(sql);
        return ValueTask.FromResult(connection.Number(sql, values));
    }

    private protected override long NextSequence()
    {
        RefuseOthers();
        return ++_lastSequence;
    }

    private protected override long NewJobId() => ids.Next();

    /// <summary>A query with a RETURNING clause writes too.</summary>
    private void BeforeQuery(string sql)
    {
        RefuseOthers();
        if (!connection.Prepare(sql).IsReadOnly)
            BeforeWrite();
    }

    private void BeforeWrite()
    {
        RefuseOthers();
        RefuseLostTransaction();
        if (_careful && _writes == 0)
            connection.Execute("SAVEPOINT item", []);
        _writes++;
    }

    /// <summary>Work that awaited something foreign was refused long ago, yet goes on when that comes: it must not touch what others do now.</summary>
    private void RefuseOthers()
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("The work went on after its transaction had ended.");
    }

    /// <summary>Some errors end the whole transaction; statements after that would each be kept at once.</summary>
    private void RefuseLostTransaction()
    {
        if (!connection.InTransaction)
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, "An error has ended the transaction; nothing was kept.");
    }
}

/// <summary>The batch must run again with a savepoint around each item.</summary>
internal sealed class SpoiledBatchException : Exception;

/// <summary>A read-only connection inside one read transaction.</summary>
internal sealed class SqliteSnapshot(SqliteConnection connection) : Snapshot, IDisposable
{
    public SqliteConnection Connection => connection;

    private protected override Documents Documents => connection.Documents;

    public override ValueTask<T?> FindAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
        where T : class => ValueTask.FromResult(connection.Find(sql, map, values));

    public override ValueTask<List<T>> ListAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values) =>
        ValueTask.FromResult(connection.List(sql, map, values));

    public override ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<SqlValue> values) =>
        ValueTask.FromResult(connection.Number(sql, values));

    public void Dispose() => connection.Dispose();
}
