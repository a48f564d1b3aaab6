using System.Collections.Frozen;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Events;

/// <summary>
/// The events of one consumer shard that failed. Each is tried again with back-off; those of the same key wait behind it, those of other keys go
/// on. After the last try it is a dead letter until an operator replays or discards it.
/// </summary>
internal sealed class ParkedEvents(
    Store consumer, Shard target, FrozenDictionary<string, EventBinding> bindings, EventsOptions options, TimeProvider time, Randomness chance, ILogger log)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    private TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed record Parked(EventSource Source, EventRecord Event, int Attempts, DateTimeOffset DueAt);

    /// <summary>The keys whose later events must wait.</summary>
    public static async ValueTask<HashSet<long>> KeysAsync(Snapshot snapshot, EventSource source)
    {
        var keys = await snapshot.ListAsync(
            "SELECT DISTINCT key FROM basin_parked WHERE source = $1 AND source_shard = $2 AND state <> 'blocked'", row => row.Integer(0), source.System, source.Shard);
        return [.. keys];
    }

    /// <summary>Sets an event aside after its first failure.</summary>
    public ValueTask<int> ParkAsync(Transaction tx, EventSource source, EventRecord record, Exception failure)
    {
        var dead = options.MaxAttempts <= 1;
        return InsertAsync(
            tx, source, record, dead ? "dead" : "waiting", attempts: 1, tx.Now + options.Backoff.After(1, chance), failure.Message);
    }

    /// <summary>Called when events that were parked are committed; a transaction may run twice.</summary>
    public void Announce(EventSource source, IEnumerable<(EventRecord Event, Exception Failure)> parked)
    {
        foreach (var (record, failure) in parked)
        {
            if (options.MaxAttempts <= 1)
                EventsLog.Dead(log, consumer.System, record.Type, source, record.Sequence, attempts: 1, failure);
            else
                EventsLog.Parked(log, consumer.System, record.Type, source, record.Sequence, failure);
        }
        Wake();
    }

    /// <summary>Sets an event aside behind a failed one of its key.</summary>
    public static ValueTask<int> BlockAsync(Transaction tx, EventSource source, EventRecord record) =>
        InsertAsync(tx, source, record, "blocked", attempts: 0, tx.Now, error: null);

    /// <summary>Looks for due events at once.</summary>
    public void Wake() => Interlocked.Exchange(ref _wake, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    public async Task RunAsync(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            var wake = _wake.Task;
            try
            {
                var next = await target.ReadAsync(
                    snapshot => snapshot.FindAsync($"{Select} WHERE state = 'waiting' ORDER BY due_at LIMIT 1", Read), cancellation);
                if (next is null)
                    await LookAgainAsync(wake, due: null, cancellation);
                else if (next.DueAt > time.GetUtcNow())
                    await LookAgainAsync(wake, next.DueAt, cancellation);
                else
                    await RetryAsync(next, cancellation);
            }
            catch (StoreUnavailableException)
            {
                await time.DelayQuietly(options.LongestBackoff / 4, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                EventsLog.LoopFailed(log, consumer.System, failure);
                await time.DelayQuietly(options.LongestBackoff / 4, cancellation);
            }
        }
    }

    /// <summary>Where others share the shard, somebody may have an event replayed in another process, which wakes nobody here.</summary>
    private async Task LookAgainAsync(Task wake, DateTimeOffset? due, CancellationToken cancellation)
    {
        if (target.Ownership != Ownership.Sole)
        {
            var soon = time.GetUtcNow() + LongestWait;
            due = due < soon ? due : soon;
        }
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await Task.WhenAny(wake, due is { } at ? time.DelayTowards(at, timer.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, timer.Token));
        await timer.CancelAsync();
    }

    private async Task RetryAsync(Parked parked, CancellationToken cancellation)
    {
        var (source, record, attempts) = (parked.Source, parked.Event, parked.Attempts + 1);
        var failure = await target.WriteAsync(tx => RetryAsync(tx, source, record, attempts), WritePriority.Owner, cancellation);
        if (failure is not null && attempts >= options.MaxAttempts)
            EventsLog.Dead(log, consumer.System, record.Type, source, record.Sequence, attempts, failure);
    }

    /// <returns>Why it failed once more, or null.</returns>
    private async ValueTask<Exception?> RetryAsync(Transaction tx, EventSource source, EventRecord record, int attempts)
    {
        // An operator may have discarded it since it was read.
        if (await tx.NumberAsync(
            "SELECT 1 FROM basin_parked WHERE source = $1 AND source_shard = $2 AND sequence = $3 AND state = 'waiting'",
            source.System, source.Shard, record.Sequence) is null)
        {
            return null;
        }
        var failure = bindings.TryGetValue(record.Type, out var binding)
            ? await tx.TryAsync(() => binding.ApplyTracedAsync(tx, record, source))
            : null;
        if (failure is null)
        {
            await RemoveAsync(tx, source, record.Sequence, record.Key);
            return null;
        }
        await tx.ExecuteAsync(
            "UPDATE basin_parked SET state = $4, attempts = $5, due_at = $6, error = $7 WHERE source = $1 AND source_shard = $2 AND sequence = $3",
            source.System, source.Shard, record.Sequence,
            attempts >= options.MaxAttempts ? "dead" : "waiting", attempts, tx.Now + options.Backoff.After(attempts, chance), failure.Message);
        return failure;
    }

    /// <summary>Removes an event and lets the next one of its key go.</summary>
    public static async ValueTask<bool> RemoveAsync(Transaction tx, EventSource source, long sequence, long key)
    {
        await tx.ExecuteAsync(
            "DELETE FROM basin_parked WHERE source = $1 AND source_shard = $2 AND sequence = $3", source.System, source.Shard, sequence);
        await tx.ExecuteAsync(
            """
            UPDATE basin_parked SET state = 'waiting', due_at = $4 WHERE source = $1 AND source_shard = $2 AND state = 'blocked' AND sequence =
                (SELECT MIN(sequence) FROM basin_parked WHERE source = $1 AND source_shard = $2 AND key = $3)
            """,
            source.System, source.Shard, key, tx.Now);
        return true;
    }

    private static ValueTask<int> InsertAsync(
        Transaction tx, EventSource source, EventRecord e, string state, int attempts, DateTimeOffset due, string? error) => tx.ExecuteAsync(
        """
        INSERT INTO basin_parked (source, source_shard, sequence, type, key, tenant, at, trace_parent, data, state, attempts, due_at, error)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        source.System, source.Shard, e.Sequence, e.Type, e.Key, e.Tenant.Value, e.At, e.TraceParent, SqlValue.Utf8(e.Data), state, attempts, due, error);

    internal const string Select =
        "SELECT sequence, type, key, tenant, at, trace_parent, data, source, source_shard, attempts, due_at, state, error FROM basin_parked";

    internal static Parked Read(Row row) => new(
        new EventSource(row.Text(7), row.Int(8)),
        new EventRecord(
            row.Integer(0), row.Text(1), row.Integer(2), new Id<Tenant>(row.Integer(3)), row.Time(4), row.TextOrNull(5), row.Bytes(6).ToArray()),
        row.Int(9),
        row.Time(10));
}
