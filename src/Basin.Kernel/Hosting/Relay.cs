using System.Collections.Frozen;
using Basin.Kernel.Events;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Http;
using Basin.Kernel.Jobs;
using Basin.Kernel.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Hosting;

/// <summary>
/// Everything that goes on without a request: events carried from shard to shard, jobs, retries, trimming. It starts with the host and ends before
/// the stores close.
/// </summary>
public sealed class Relay : IHostedService, IDisposable
{
    /// <summary>Kept answers forgotten in one transaction, so that no request waits long behind it.</summary>
    private const int ForgetStep = 1024;

    /// <summary>Rows of the outbox, of up to 128 events each, trimmed in one transaction: more than commits add to it while many are made.</summary>
    private const int TrimStep = 64;

    /// <summary>How often a consumer says how far it is.</summary>
    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Subscription> _subscriptions = [];
    private readonly List<JobRunner> _runners = [];
    private readonly List<ParkedEvents> _parked = [];
    private readonly List<Func<CancellationToken, Task>> _loops = [];
    private readonly List<Duties> _duties = [];
    private readonly RightOfWay _rightOfWay;
    private readonly EventsOptions _options;
    private readonly IdempotencyOptions _idempotency;
    private readonly TimeProvider _time;
    private readonly ILogger<Relay> _log;
    private Task _running = Task.CompletedTask;

    public Relay(
        IEnumerable<SystemDefinition> systems, Placement placement, Stores stores, IServiceProvider services, EventsOptions options, IdempotencyOptions idempotency,
        RightOfWay rightOfWay, TimeProvider time, Randomness chance, ILogger<Relay> log)
    {
        (_options, _idempotency, _rightOfWay, _time, _log) = (options, idempotency, rightOfWay, time, log);
        var definitions = systems.ToList();
        foreach (var consumer in definitions)
        {
            var store = stores.Of(consumer.Name);
            var jobs = consumer.JobHandlers.Select(handler => handler(services)).ToFrozenDictionary(binding => binding.Type);
            var bindings = consumer.Handlers.Select(handler => handler(services)).ToFrozenDictionary(binding => binding.Type);
            var sources = definitions.Where(source => source.Published.Keys.Any(bindings.ContainsKey)).ToList();
            foreach (var shard in store.Shards)
            {
                var duties = new Duties(consumer.Name, shard, []);
                _duties.Add(duties);
                var runner = new JobRunner(consumer.Name, shard, jobs, _rightOfWay, options, time, chance, log);
                _runners.Add(runner);
                duties.Loops.Add(runner.RunAsync);
                AddSubscriptions(store, duties, bindings, sources.ConvertAll(source => stores.Of(source.Name)), chance);
                foreach (var housekeeper in consumer.Housekeepers)
                    AddHousekeeping(consumer.Name, duties, housekeeper(services));
                AddHousekeeping(consumer.Name, duties, new Housekeeping(TimeSpan.FromSeconds(5), tx => TrimOutboxAsync(consumer.Name, shard, tx)));
                AddHousekeeping(consumer.Name, duties, new Housekeeping(TimeSpan.FromMinutes(1), ForgetAnswersAsync));
                if (placement.IsHere(consumer.Name))
                    _loops.Add(cancellation => CarryAsync(duties, cancellation));
                var source = new EventSource(consumer.Name, shard.Number);
                _loops.Add(stopping => RepeatAsync(
                    consumer.Name, ReportPeriod, cancellation => FollowConsumersAsync(source, shard, cancellation), stopping));
            }
        }
    }

    /// <summary>Reads what other processes have said about the consumers that they carry.</summary>
    private async Task FollowConsumersAsync(EventSource source, Shard shard, CancellationToken cancellation)
    {
        foreach (var reported in await shard.ReportedAsync(cancellation))
        {
            foreach (var subscription in _subscriptions.Where(subscription => subscription.Source == source))
                subscription.Note(reported);
        }
    }

    internal IReadOnlyList<Subscription> Subscriptions => _subscriptions;

    internal IReadOnlyList<JobRunner> Runners => _runners;

    /// <summary>Looks for due jobs and parked events at once, whatever their timers say: after a replay, or after a test has moved the clock.</summary>
    internal void Wake()
    {
        _runners.ForEach(runner => runner.Wake());
        _parked.ForEach(parked => parked.Wake());
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _running = Task.WhenAll(_loops.Select(loop => Task.Run(() => loop(_stopping.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(cancellationToken);
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>What the owner of a shard does, in loops that end when they are cancelled.</summary>
    private sealed record Duties(string System, Shard Shard, List<Func<CancellationToken, Task>> Loops);

    /// <summary>Does the duties whenever, and for as long as, the shard is this process's.</summary>
    private async Task CarryAsync(Duties duties, CancellationToken cancellation)
    {
        var ownership = duties.Shard.Ownership;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                var lost = await ownership.TakeAsync(cancellation);
                duties.Shard.Jobs.Reset();
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lost);
                await Task.WhenAll(duties.Loops.Select(loop => Task.Run(() => loop(either.Token), CancellationToken.None)));
                await ownership.EndAsync();
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                // Whoever keeps the lease has to do the work.
                EventsLog.LoopFailed(_log, duties.System, failure);
                await _time.DelayQuietly(ReportPeriod, cancellation);
            }
        }
        await ownership.LeaveAsync();
    }

    private void AddSubscriptions(
        Store consumer, Duties duties, FrozenDictionary<string, EventBinding> bindings, List<Store> sources, Randomness chance)
    {
        if (bindings.Count == 0)
            return;
        var target = duties.Shard;
        var parked = new ParkedEvents(consumer, target, bindings, _options, _time, chance, _log);
        _parked.Add(parked);
        duties.Loops.Add(parked.RunAsync);
        foreach (var source in sources)
        {
            foreach (var shard in source.Shards)
            {
                var subscription = new Subscription(
                    new EventSource(source.System, shard.Number), shard, consumer, target, bindings, parked, _rightOfWay, _options, _time, chance, _log);
                _subscriptions.Add(subscription);
                duties.Loops.Add(subscription.RunAsync);
                duties.Loops.Add(cancellation => RepeatAsync(source.System, ReportPeriod, subscription.ReportAsync, cancellation));
            }
        }
    }

    private void AddHousekeeping(string system, Duties duties, Housekeeping work)
    {
        var loops = work.InEachProcess ? _loops : duties.Loops;
        loops.Add(cancellation => KeepHouseAsync(system, duties.Shard, work, cancellation));
    }

    private Task KeepHouseAsync(string system, Shard shard, Housekeeping work, CancellationToken stopping)
    {
        var priority = work.InEachProcess ? WritePriority.Background : WritePriority.Owner;
        return RepeatAsync(
            system,
            work.Period,
            async cancellation =>
            {
                var owedSince = _time.GetUtcNow();
                do
                    await _rightOfWay.YieldAsync(owedSince, cancellation);
                while (await shard.WriteAsync(work.Step, priority, cancellation));
            },
            stopping);
    }

    private async Task RepeatAsync(string system, TimeSpan period, Func<CancellationToken, Task> step, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await step(cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                EventsLog.HousekeepingFailed(_log, system, failure);
            }
            await _time.DelayQuietly(period, cancellation);
        }
    }

    /// <summary>Deletes what every consumer has passed, except the newest, which people may want to see.</summary>
    private async ValueTask<bool> TrimOutboxAsync(string system, Shard shard, Transaction tx)
    {
        var source = new EventSource(system, shard.Number);
        var passed = _subscriptions.Where(s => s.Source == source).Select(s => s.Checkpoint).DefaultIfEmpty(long.MaxValue).Min();
        var limit = Math.Min(passed, shard.Events.LastSequence - _options.KeptEvents);
        return await tx.ExecuteAsync(
            """
            DELETE FROM basin_outbox WHERE last_sequence IN
                (SELECT last_sequence FROM basin_outbox WHERE last_sequence <= $1 ORDER BY last_sequence LIMIT $2)
            """,
            limit, TrimStep) == TrimStep;
    }

    /// <summary>Deletes the kept answers of Idempotency-Keys that nobody may repeat any more; the oldest come first.</summary>
    private async ValueTask<bool> ForgetAnswersAsync(Transaction tx) => await tx.ExecuteAsync(
        """
        DELETE FROM basin_idempotency WHERE at < $1 AND id IN (SELECT id FROM basin_idempotency ORDER BY id LIMIT $2)
        """,
        tx.Now - TimeSpan.FromHours(_idempotency.KeepHours), ForgetStep) == ForgetStep;
}
