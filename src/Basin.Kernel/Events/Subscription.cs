using System.Collections.Frozen;
using System.Diagnostics;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Telemetry;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Events;

/// <summary>
/// Carries the events of one source shard into one shard of a consumer. The checkpoint moves in the transaction of the effects, so every event
/// takes effect exactly once, whatever crashes in between.
/// </summary>
internal sealed class Subscription(
    EventSource source,
    Shard sourceShard,
    Store consumer,
    Shard target,
    FrozenDictionary<string, EventBinding> bindings,
    ParkedEvents parked,
    RightOfWay rightOfWay,
    EventsOptions options,
    TimeProvider time,
    Randomness chance,
    ILogger log)
{
    private const int MaxTogether = 256;

    private long _checkpoint;

    /// <summary>The last event applied. Everything up to here may be trimmed, as far as this consumer is concerned.</summary>
    public long Checkpoint => Volatile.Read(ref _checkpoint);

    public EventSource Source => source;

    public string Consumer => consumer.System;

    /// <summary>Tells the source how far the consumer is.</summary>
    public Task ReportAsync(CancellationToken cancellation) =>
        sourceShard.ReportAsync(new ConsumerProgress(consumer.System, target.Number, Checkpoint), cancellation);

    /// <summary>Takes over what the process that carries the consumer has said.</summary>
    public void Note(ConsumerProgress reported)
    {
        if (!target.Ownership.IsMine && reported.Consumer == consumer.System && reported.Shard == target.Number)
            Volatile.Write(ref _checkpoint, reported.Sequence);
    }

    /// <summary>How many sequences the consumer is behind.</summary>
    public long Lag => Math.Max(0, sourceShard.Events.LastSequence - Checkpoint);

    public async Task RunAsync(CancellationToken cancellation)
    {
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                // Its own number: what is reported of another process meanwhile is not where this one goes on.
                var checkpoint = await LoadCheckpointAsync(cancellation);
                while (true)
                {
                    Volatile.Write(ref _checkpoint, checkpoint);
                    await sourceShard.Events.WaitBeyondAsync(checkpoint, cancellation);
                    checkpoint = await ApplyNextAsync(checkpoint, cancellation);
                    failures = 0;
                }
            }
            catch (StoreUnavailableException)
            {
                // Nothing was kept. The log keeps the events until the store takes writes again.
                await time.DelayQuietly(options.Backoff.After(++failures, chance), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                EventsLog.LoopFailed(log, consumer.System, failure);
                await time.DelayQuietly(options.Backoff.After(++failures, chance), cancellation);
            }
        }
    }

    private Task<long> LoadCheckpointAsync(CancellationToken cancellation) => target.WriteAsync(
        async tx =>
        {
            await tx.ExecuteAsync(
                "INSERT INTO basin_checkpoint (source, source_shard, sequence) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", source.System, source.Shard);
            return (await tx.NumberAsync(
                "SELECT sequence FROM basin_checkpoint WHERE source = $1 AND source_shard = $2", source.System, source.Shard))!.Value;
        },
        WritePriority.Owner,
        cancellation);

    /// <returns>The checkpoint after it.</returns>
    private async Task<long> ApplyNextAsync(long checkpoint, CancellationToken cancellation)
    {
        var batch = await sourceShard.Events.ReadAfterAsync(sourceShard, checkpoint, options.MaxBatch, cancellation);
        if (batch.Count == 0)
            return checkpoint;
        await rightOfWay.YieldAsync(batch[0].At, cancellation);
        Applied applied;
        try
        {
            applied = await ApplyAsync(checkpoint, batch, careful: false, cancellation);
        }
        catch (Exception failure) when (failure is not StoreUnavailableException && !cancellation.IsCancellationRequested)
        {
            // One of them fails: apply each as a part that may fail alone, and park those that do.
            applied = await ApplyAsync(checkpoint, batch, careful: true, cancellation);
            parked.Announce(source, applied.Parked);
        }
        KernelMetrics.EventsApplied(consumer.System, source.System, applied.Count);
        return batch[^1].Sequence;
    }

    private sealed record Applied(int Count, IReadOnlyList<(EventRecord Event, Exception Failure)> Parked);

    private Task<Applied> ApplyAsync(
        long checkpoint, IReadOnlyList<EventRecord> batch, bool careful, CancellationToken cancellation) => target.WriteAsync(
        async tx =>
        {
            var blocked = await ParkedEvents.KeysAsync(tx, source);
            var count = 0;
            var failed = new List<(EventRecord, Exception)>();
            var together = new List<EventRecord>();
            foreach (var record in batch)
            {
                if (BindingOf(record) is not { } binding)
                    continue;
                if (together.Count > 0 && (together[0].Type != record.Type || together.Count == MaxTogether))
                    await ApplyTogetherAsync(tx, together);
                if (blocked.Contains(record.Key))
                    await ParkedEvents.BlockAsync(tx, source, record);
                else if (!careful && binding.ApplyTogether is not null)
                    together.Add(record);
                else if (!careful)
                    await ApplyOneAsync(tx, binding, record);
                else if (await TryOneAsync(tx, binding, record) is { } failure)
                {
                    await parked.ParkAsync(tx, source, record, failure);
                    blocked.Add(record.Key);
                    failed.Add((record, failure));
                }
                count++;
            }
            if (together.Count > 0)
                await ApplyTogetherAsync(tx, together);
            await MoveCheckpointAsync(tx, checkpoint, batch[^1].Sequence);
            return new Applied(count, failed);
        },
        WritePriority.Owner,
        cancellation);

    /// <summary>Null when it does not concern this shard.</summary>
    private EventBinding? BindingOf(EventRecord record) =>
        bindings.GetValueOrDefault(record.Type) is { } binding && (binding.OnEveryShard || consumer.ShardOf(new ShardKey(record.Key)) == target)
            ? binding
            : null;

    private async ValueTask ApplyTogetherAsync(Transaction tx, List<EventRecord> together)
    {
        await bindings[together[0].Type].ApplyTracedAsync(tx, together, source);
        together.Clear();
    }

    private ValueTask ApplyOneAsync(Transaction tx, EventBinding binding, EventRecord record) => binding.ApplyTracedAsync(tx, record, source);

    private ValueTask<Exception?> TryOneAsync(Transaction tx, EventBinding binding, EventRecord record) =>
        tx.TryAsync(() => ApplyOneAsync(tx, binding, record));

    private async ValueTask MoveCheckpointAsync(Transaction tx, long checkpoint, long sequence)
    {
        var moved = await tx.ExecuteAsync(
            "UPDATE basin_checkpoint SET sequence = $4 WHERE source = $1 AND source_shard = $2 AND sequence = $3",
            source.System, source.Shard, checkpoint, sequence);
        Transaction.Invariant(moved == 1, $"the checkpoint of {source} in {consumer.System}/{target.Number} is moved by this consumer alone");
    }
}

internal static class EventBindingTracing
{
    /// <summary>Applies an event as a child of the work that published it.</summary>
    public static async ValueTask ApplyTracedAsync(this EventBinding binding, Transaction tx, EventRecord record, EventSource source)
    {
        using var activity = KernelMetrics.Activities.StartActivity($"apply {record.Type}", ActivityKind.Consumer, record.TraceParent);
        tx.TraceParent = activity?.Id ?? record.TraceParent;
        await binding.Apply(tx, record, source);
    }

    /// <summary>Applies events together, as children of the work that published the first.</summary>
    public static async ValueTask ApplyTracedAsync(this EventBinding binding, Transaction tx, IReadOnlyList<EventRecord> records, EventSource source)
    {
        using var activity = KernelMetrics.Activities.StartActivity($"apply {records[0].Type}", ActivityKind.Consumer, records[0].TraceParent);
        tx.TraceParent = activity?.Id ?? records[0].TraceParent;
        await binding.ApplyTogether!(tx, records, source);
    }
}
