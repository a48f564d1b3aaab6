using System.Text.Json;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Storage;

/// <summary>
/// The writer's transaction, reused for every batch. A savepoint costs as much as the statements in it, so the first try of a batch has none: when
/// an item, or a part of one, fails after it has written, the batch is rolled back and run again carefully, with a savepoint around each.
/// </summary>
/// <param name="ids">The generator of the shard, which may change.</param>
/// <param name="checksKept"><see cref="StoreOptions.ChecksKeptEntities"/></param>
internal sealed class BatchTransaction(Connection connection, Func<IdGenerator> ids, TimeProvider time, bool checksKept) : Transaction
{
    private readonly KeptEntities _kept = new();
    private long _lastSequence;
    private bool _careful;
    private int _writes;
    private bool _spoiled;
    private bool _findsStored;
    private bool _saveFailed;
    private int _thread;
    private DateTimeOffset _now;

    public override DateTimeOffset Now => _now;

    public override SqlDialect Dialect => connection.Dialect;

    private protected override Documents Documents => connection.Documents;

    public IReadOnlyList<EventRecord> PublishedEvents => Published;

    public IReadOnlyList<JobRecord> ScheduledJobs => Scheduled;

    /// <inheritdoc cref="Connection.Epoch"/>
    public long Epoch => connection.Epoch;

    /// <inheritdoc cref="Connection.HasWaited"/>
    public bool HasWaited => connection.HasWaited;

    public void Begin(bool careful)
    {
        (_careful, _spoiled) = (careful, false);
        _thread = Environment.CurrentManagedThreadId;
        ForgetSince((0, 0));
        _now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
        // What was undone is not counted again.
        _lastSequence = Math.Max(_lastSequence, connection.Begin());
        if (connection.HasOtherWriters)
            _kept.Forget();
    }

    /// <exception cref="SpoiledBatchException">Some item's statement has failed, and nobody knows whose.</exception>
    public void Commit()
    {
        RefuseLostTransaction();
        try
        {
            connection.Commit(Published, Scheduled.Count > 0);
        }
        catch (StoreException) when (!_careful)
        {
            throw Spoiled();
        }
    }

    public void Rollback()
    {
        ForgetWhatIsUndone();
        // A full disk has ended the transaction already.
        if (connection.InTransaction)
            connection.Rollback();
    }

    public void Probe() => connection.Probe();

    /// <summary>Runs one work item; when it throws, nothing that it wrote is kept.</summary>
    /// <exception cref="SpoiledBatchException">What it wrote can only be undone with the whole batch.</exception>
    public T Run<T>(Func<Transaction, ValueTask<T>> work)
    {
        var mark = Mark();
        (_writes, _findsStored, _saveFailed) = (0, false, false);
        if (_careful)
            connection.Savepoint(SavepointName.Item);
        try
        {
            var running = work(this);
            if (!running.IsCompleted)
                throw new InvalidOperationException("The work awaited something other than its transaction.");
            var result = running.GetAwaiter().GetResult();
            SaveChanged();
            RefuseLostTransaction();
            // The item may have caught the exception that says so.
            if (_spoiled)
                throw new SpoiledBatchException();
            if (connection.IsSpoiled || _saveFailed)
                throw new StoreException("The work went on after one of its statements had failed.");
            if (_careful)
                connection.Release(SavepointName.Item);
            return result;
        }
        catch (Exception failure) when (failure is not (StoreUnavailableException or InvariantException or ConflictException))
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
        if (_writes == 0 && !connection.IsSpoiled && !_careful)
            return;
        RefuseLostTransaction();
        if (!_careful)
            throw Spoiled();
        Undo(SavepointName.Item);
    }

    private void SaveChanged()
    {
        var saving = _kept.SaveAsync(this);
        // Whoever catches the failure goes on with entities that are not stored.
        if (!saving.IsCompletedSuccessfully)
            _saveFailed = true;
        if (!saving.IsCompleted)
            throw new InvalidOperationException("A save awaited something other than its transaction.");
        saving.GetAwaiter().GetResult();
    }

    private void ForgetWhatIsUndone()
    {
        connection.Documents.Forget();
        _kept.Forget();
    }

    private void Undo(SavepointName savepoint)
    {
        ForgetWhatIsUndone();
        connection.RollbackTo(savepoint);
        connection.Release(savepoint);
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
            SaveChanged();
            return null;
        }
        catch (Exception failure) when (IsOfPart(failure) && failure is not SpoiledBatchException)
        {
            RefuseOthers();
            RefuseLostTransaction();
            ForgetSince(mark);
            return _writes > writesBefore || connection.IsSpoiled ? throw Spoiled() : failure;
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
        SaveChanged();
        connection.Savepoint(SavepointName.Part);
        var (mark, saveFailedBefore) = (Mark(), _saveFailed);
        try
        {
            await part();
            RefuseOthers();
            SaveChanged();
            connection.Release(SavepointName.Part);
            return null;
        }
        catch (Exception failure) when (IsOfPart(failure))
        {
            RefuseOthers();
            RefuseLostTransaction();
            ForgetSince(mark);
            Undo(SavepointName.Part);
            _saveFailed = saveFailedBefore;
            return failure;
        }
    }

    /// <summary>Other failures end the whole batch.</summary>
    private static bool IsOfPart(Exception failure) => failure is not (StoreUnavailableException or InvariantException or ConflictException);

    public override Id<T> NewId<T>() => ids().Next<T>();

    public override ValueTask<int> ExecuteAsync(string sql, params ReadOnlySpan<SqlValue> values)
    {
        BeforeWrite();
        SaveChanged();
        return ValueTask.FromResult(connection.Execute(sql, values));
    }

    public override ValueTask SendAsync(string sql, params ReadOnlySpan<SqlValue> values)
    {
        BeforeWrite();
        // With a savepoint around each item a failure must show in its own.
        if (_careful)
            connection.Execute(sql, values);
        else
            connection.Send(sql, values);
        return ValueTask.CompletedTask;
    }

    public override ValueTask SendOneAsync(string sql, params ReadOnlySpan<SqlValue> values)
    {
        BeforeWrite();
        if (_careful)
            Connection.ExpectOne(connection.Execute(sql, values), sql);
        else
            connection.SendOne(sql, values);
        return ValueTask.CompletedTask;
    }

    public override ValueTask<T?> FindAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key)
        where T : class
    {
        RefuseOthers();
        return _kept.Of(kind).Find(tenant, key) is not { } kept ? ReadAndKeepAsync(kind, tenant, key)
            : checksKept && !_kept.Of(kind).IsPutOff(tenant, key) ? CheckAsync(kind, tenant, key, kept)
            : ValueTask.FromResult<T?>(kept);
    }

    public override async ValueTask<Dictionary<TKey, T>> FindManyAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, IReadOnlySet<TKey> keys)
    {
        RefuseOthers();
        var found = new Dictionary<TKey, T>(keys.Count);
        var missing = new List<TKey>();
        foreach (var key in keys)
        {
            if (_kept.Of(kind).Find(tenant, key) is not { } kept)
                missing.Add(key);
            else
                found.Add(key, checksKept ? (await FindAsync(kind, tenant, key))! : kept);
        }
        foreach (var (key, entity) in missing.Count == 0 ? [] : await ReadManyAsync(kind, tenant, missing))
        {
            _kept.Of(kind).Keep(tenant, key, entity);
            found.Add(key, entity);
        }
        return found;
    }

    private async ValueTask<T?> CheckAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key, T kept)
        where TKey : notnull
        where T : class
    {
        var stored = JsonSerializer.Serialize(await ReadOneAsync(kind, tenant, key));
        Invariant(stored == JsonSerializer.Serialize(kept), $"what is kept of {typeof(T).Name} {key} is what is stored, {stored}");
        return kept;
    }

    private async ValueTask<T?> ReadAndKeepAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key)
        where TKey : notnull
        where T : class
    {
        var found = await ReadOneAsync(kind, tenant, key);
        if (found is not null)
            _kept.Of(kind).Keep(tenant, key, found);
        return found;
    }

    private ValueTask<T?> ReadOneAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key)
        where TKey : notnull
        where T : class => ReadStoredAsync((Kind: kind, Tenant: tenant, Key: key), static (tx, what) => what.Kind.ReadAsync(tx, what.Tenant, what.Key));

    private ValueTask<List<KeyValuePair<TKey, T>>> ReadManyAsync<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, List<TKey> keys)
        where TKey : notnull
        where T : class => ReadStoredAsync((Kind: kind, Tenant: tenant, Keys: keys), static (tx, what) => what.Kind.ReadManyAsync(tx, what.Tenant, what.Keys));

    /// <summary>Reads rows that nothing that was put off concerns.</summary>
    private async ValueTask<TResult> ReadStoredAsync<TWhat, TResult>(TWhat what, Func<Transaction, TWhat, ValueTask<TResult>> read)
    {
        _findsStored = true;
        try
        {
            return await read(this, what);
        }
        finally
        {
            _findsStored = false;
        }
    }

    public override void Keep<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key, T entity)
    {
        BeforeWrite();
        _kept.Of(kind).Keep(tenant, key, entity);
    }

    public override void Put<TKey, T>(Entities<TKey, T> kind, Id<Tenant> tenant, TKey key, T before, T after)
    {
        BeforeWrite();
        _kept.Of(kind).Put(tenant, key, before, after);
    }

    public override void Forget(EntityKind kind)
    {
        RefuseOthers();
        SaveChanged();
        _kept.Forget(kind);
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

    private protected override long NewJobId() => ids().Next();

    /// <summary>A query with a RETURNING clause writes too.</summary>
    private void BeforeQuery(string sql)
    {
        RefuseOthers();
        if (!_findsStored)
            SaveChanged();
        if (!connection.IsReadOnly(sql))
            BeforeWrite();
    }

    private void BeforeWrite()
    {
        RefuseOthers();
        RefuseLostTransaction();
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
