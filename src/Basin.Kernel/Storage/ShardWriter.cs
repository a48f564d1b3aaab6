using System.Collections.Concurrent;
using System.Diagnostics;
using Basin.Kernel.Load;
using Basin.Kernel.Telemetry;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage;

/// <summary>
/// The one thread that writes to a shard. It takes all the work that waits, runs it in one transaction, commits once, and only then answers:
/// the more load, the more work shares one fsync.
/// </summary>
internal sealed class ShardWriter : IDisposable
{
    /// <summary>Where other writers are in the way, or sessions are lost, each time, something is wrong that more tries do not mend.</summary>
    private const int MaxTries = 10;

    private readonly BatchTransaction _transaction;
    private readonly Ownership _ownership;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action<BatchTransaction> _committed;
    private readonly Action _answered;
    private readonly string _system;
    private readonly string _name;
    private readonly ConcurrentQueue<WorkItem> _requests = new();
    private readonly ConcurrentQueue<WorkItem> _background = new();
    // It does not spin: many writers that wait would take the processors from those that work.
    private readonly ManualResetEventSlim _wake = new(initialState: false, spinCount: 0);
    private readonly ManualResetEventSlim _requested = new(initialState: false, spinCount: 0);
    private readonly Thread _thread;
    private long _committedAt;
    private long _resumedAt = long.MinValue;
    private int _queuedRequests;
    private long _accepted;
    private long _answers;
    private volatile bool _closing;
    private volatile bool _ended;
    private volatile StoreUnavailableException? _trouble;

    /// <param name="committed">Hands on what a batch has published and scheduled, before anybody is answered.</param>
    /// <param name="answered">What is left to do when everybody has been answered.</param>
    public ShardWriter(
        string system,
        int number,
        BatchTransaction transaction,
        Ownership ownership,
        StoreOptions options,
        TimeProvider time,
        ILogger log,
        Action<BatchTransaction> committed,
        Action answered)
    {
        (_system, _name) = (system, $"{system}/{number}");
        (_transaction, _ownership, _options, _time, _log, _committed, _answered) = (transaction, ownership, options, time, log, committed, answered);
        _thread = new Thread(WriteUntilClosed) { IsBackground = true, Name = $"writer {_name}" };
        _thread.Start();
    }

    /// <summary>Why the last commit failed, until the disk takes writes again; or why the shard has stopped.</summary>
    public StoreUnavailableException? Trouble => _trouble;

    /// <summary>How long requests wait for a transaction to begin: the shortest wait, because one commit takes in all that came during the last.</summary>
    public QueueTime QueueTime { get; } = new();

    public int Queued => Volatile.Read(ref _queuedRequests) + _background.Count;

    /// <summary>The answers are read first: what is accepted in between makes the counts differ, never equal.</summary>
    public WriteCounts Counts
    {
        get
        {
            var answered = Volatile.Read(ref _answers);
            return new WriteCounts(Volatile.Read(ref _accepted), answered);
        }
    }

    public Task<T> EnqueueAsync<T>(Func<Transaction, ValueTask<T>> work, WritePriority priority, CancellationToken cancellation)
    {
        if (_closing)
            return Task.FromException<T>(Unavailable(StoreUnavailableException.Reasons.Closing, "is closing"));
        if (_trouble is { Reason: StoreUnavailableException.Reasons.Stopped } stopped)
            return Task.FromException<T>(stopped);
        long? epoch = priority == WritePriority.Owner ? _ownership.Epoch : null;
        var item = new WorkItem<T>(work, epoch, _time.GetTimestamp(), Activity.Current?.Id, cancellation);
        if (priority != WritePriority.Request)
        {
            Interlocked.Increment(ref _accepted);
            _background.Enqueue(item);
        }
        else if (Interlocked.Increment(ref _queuedRequests) > _options.MaxQueuedWrites)
        {
            Interlocked.Decrement(ref _queuedRequests);
            return Task.FromException<T>(Unavailable(StoreUnavailableException.Reasons.Busy, "has a full queue"));
        }
        else
        {
            Interlocked.Increment(ref _accepted);
            _requests.Enqueue(item);
            _requested.Set();
        }
        _wake.Set();
        // It came after the last look of a writer that closes: nobody else would answer.
        if (_ended)
            RefuseWhatWaits();
        return item.Task;
    }

    private void WriteUntilClosed()
    {
        var batch = new List<WorkItem>(_options.MaxWritesPerCommit);
        while (true)
        {
            _wake.Wait();
            GatherBackground();
            _wake.Reset();
            while (TakeBatch(batch))
            {
                WriteBatch(batch);
                batch.Clear();
            }
            if (_closing && _requests.IsEmpty && _background.IsEmpty)
                return;
        }
    }

    /// <summary>
    /// Nobody waits for background work alone, so it is gathered for a moment after the last commit: fewer and larger commits cost less of
    /// everything. A request ends the wait.
    /// </summary>
    private void GatherBackground()
    {
        var pause = TimeSpan.FromMilliseconds(_options.BackgroundPauseMilliseconds) - _time.GetElapsedTime(_committedAt);
        if (pause <= TimeSpan.Zero)
            return;
        // Both are looked at after the reset, which may have taken their signal back.
        _requested.Reset();
        if (_requests.IsEmpty && !_closing)
            _requested.Wait(pause);
    }

    /// <summary>What Basin owes already goes first; it is bounded by those who send it.</summary>
    private bool TakeBatch(List<WorkItem> batch)
    {
        while (batch.Count < _options.MaxWritesPerCommit && _background.TryDequeue(out var item))
            batch.Add(item);
        WorkItem? last = null;
        while (batch.Count < _options.MaxWritesPerCommit && _requests.TryDequeue(out var item))
        {
            Interlocked.Decrement(ref _queuedRequests);
            last = item;
            // Nobody is to blame for a database that was gone: whoever has waited for it has the whole time again.
            if (_time.GetElapsedTime(Math.Max(item.EnqueuedAt, _resumedAt)).TotalSeconds > _options.MaxQueueSeconds)
                Refuse([item], Unavailable(StoreUnavailableException.Reasons.Busy, $"could not begin within {_options.MaxQueueSeconds} s"));
            else
                batch.Add(item);
        }
        if (last is not null)
            QueueTime.Note(_time.GetElapsedTime(last.EnqueuedAt));
        return batch.Count > 0;
    }

    private void WriteBatch(List<WorkItem> batch)
    {
        if (_trouble is { Reason: StoreUnavailableException.Reasons.Stopped } stopped)
        {
            Refuse(batch, stopped);
            return;
        }
        var began = _time.GetTimestamp();
        try
        {
            CommitInSpiteOfOthers(batch);
        }
        catch (Exception failure)
        {
            Abandon(batch, failure);
            return;
        }
        _committedAt = _time.GetTimestamp();
        // At once: what comes in between is told apart by what the connection saw in this transaction.
        _committed(_transaction);
        if (_trouble is not null)
            EndTrouble();
        foreach (var item in batch)
            item.Answer();
        Interlocked.Add(ref _answers, batch.Count);
        KernelMetrics.Committed(_system, batch.Count, _transaction.PublishedEvents.Count, _time.GetElapsedTime(began));
        _answered();
    }

    private void CommitInSpiteOfOthers(List<WorkItem> batch)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                RunAndCommit(batch);
                return;
            }
            catch (ConflictException conflict)
            {
                _transaction.Rollback();
                if (tries == MaxTries)
                    throw Unavailable(StoreUnavailableException.Reasons.Busy, $"could not finish a batch in {tries} tries: {conflict.Message}");
            }
        }
    }

    private void RunAndCommit(List<WorkItem> batch)
    {
        try
        {
            RunAndCommit(batch, careful: false);
        }
        catch (SpoiledBatchException)
        {
            _transaction.Rollback();
            RunAndCommit(batch, careful: true);
        }
    }

    private void RunAndCommit(List<WorkItem> batch, bool careful)
    {
        _transaction.Begin(careful);
        if (_transaction.HasWaited)
            _resumedAt = _time.GetTimestamp();
        foreach (var item in batch)
            item.Run(_transaction);
        _transaction.Commit();
    }

    private void Abandon(List<WorkItem> batch, Exception failure)
    {
        var trouble = failure switch
        {
            InvariantException => new StoreUnavailableException(StoreUnavailableException.Reasons.Stopped, $"Shard {_name} has stopped. {failure.Message}"),
            StoreUnavailableException unavailable => unavailable,
            _ => new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, $"Shard {_name} cannot commit: {failure.Message}"),
        };
        if (_trouble?.Reason != trouble.Reason)
            StoreLog.WritesRefused(_log, _name, trouble.Reason, failure);
        _trouble = trouble;
        Rollback();
        Refuse(batch, trouble);
    }

    /// <summary>A commit may have written nothing, and then says nothing about the disk. A write that needs room does.</summary>
    private void EndTrouble()
    {
        try
        {
            _transaction.Probe();
            _trouble = null;
        }
        catch (Exception failure)
        {
            Abandon([], failure);
        }
    }

    private void Rollback()
    {
        try
        {
            _transaction.Rollback();
        }
        catch (Exception failure) when (failure is StoreException or StoreUnavailableException)
        {
            StoreLog.RollbackFailed(_log, _name, failure);
        }
    }

    private void Refuse(List<WorkItem> batch, StoreUnavailableException trouble)
    {
        foreach (var item in batch)
            item.Refuse(trouble);
        Interlocked.Add(ref _answers, batch.Count);
    }

    private StoreUnavailableException Unavailable(StoreUnavailableException.Reasons reason, string what) => new(reason, $"Shard {_name} {what}.");

    /// <summary>Refuses new work, finishes what waits, and ends the thread.</summary>
    public void Dispose()
    {
        _closing = true;
        _wake.Set();
        _requested.Set();
        _thread.Join();
        _ended = true;
        RefuseWhatWaits();
        _wake.Dispose();
    }

    private void RefuseWhatWaits()
    {
        var closing = Unavailable(StoreUnavailableException.Reasons.Closing, "is closing");
        while (_background.TryDequeue(out var item) || _requests.TryDequeue(out item))
            Refuse([item], closing);
    }

    private abstract class WorkItem
    {
        public abstract long EnqueuedAt { get; }

        public abstract void Run(BatchTransaction transaction);

        public abstract void Answer();

        public abstract void Refuse(StoreUnavailableException reason);
    }

    /// <param name="epoch">In which the work is due; null when it is in any.</param>
    private sealed class WorkItem<T>(
        Func<Transaction, ValueTask<T>> work, long? epoch, long enqueuedAt, string? traceParent, CancellationToken cancellation) : WorkItem
    {
        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T _result = default!;
        private Exception? _failure;

        public Task<T> Task => _answer.Task;

        public override long EnqueuedAt => enqueuedAt;

        public override void Run(BatchTransaction transaction)
        {
            if (cancellation.IsCancellationRequested)
            {
                _failure = new OperationCanceledException(cancellation);
                return;
            }
            if (epoch is { } due && due != transaction.Epoch)
            {
                _failure = new StoreUnavailableException(
                    StoreUnavailableException.Reasons.TakenOver, $"Another process has taken the shard over, in epoch {transaction.Epoch} after {due}.");
                return;
            }
            _failure = null;
            try
            {
                transaction.TraceParent = traceParent;
                _result = transaction.Run(work);
            }
            catch (Exception failure) when (failure is not (StoreUnavailableException or InvariantException or SpoiledBatchException or ConflictException))
            {
                _failure = failure;
            }
        }

        public override void Answer()
        {
            if (_failure is null)
                _answer.TrySetResult(_result);
            else if (_failure is OperationCanceledException)
                _answer.TrySetCanceled(cancellation);
            else
                _answer.TrySetException(_failure);
        }

        public override void Refuse(StoreUnavailableException reason) => _answer.TrySetException(reason);
    }
}
