using System.Diagnostics.Metrics;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Telemetry;

/// <summary>What waits in each system: writes, events not yet applied, events set aside, jobs. Gauges show it; the console too.</summary>
public sealed class Backlog : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Stores _stores;
    private readonly Relay _relay;
    private readonly TimeProvider _time;
    private volatile IReadOnlyList<SystemBacklog> _latest = [];

    public Backlog(Stores stores, Relay relay, IMeterFactory meters, TimeProvider time)
    {
        (_stores, _relay, _time) = (stores, relay, time);
        var meter = meters.Create(KernelMetrics.MeterName);
        meter.CreateObservableGauge("basin.store.queue", () => Observe(Queued), "{write}", "Work that waits for the writers of a system");
        meter.CreateObservableGauge("basin.events.lag", ObserveLag, "{event}", "Events of a source that a system has not passed yet");
        meter.CreateObservableGauge("basin.events.parked", () => Observe(b => b.Parked), "{event}", "Events set aside that are tried again, or wait behind one");
        meter.CreateObservableGauge("basin.events.dead", () => Observe(b => b.DeadEvents), "{event}", "Events given up");
        meter.CreateObservableGauge("basin.jobs.waiting", () => Observe(JobsWaiting), "{job}", "Jobs in memory that are due later or wait for a slot");
        meter.CreateObservableGauge("basin.jobs.dead", () => Observe(b => b.DeadJobs), "{job}", "Jobs given up");
    }

    /// <summary>Counts anew what only the stores know.</summary>
    public async Task<IReadOnlyList<SystemBacklog>> ReadAsync(CancellationToken cancellation)
    {
        var systems = new List<SystemBacklog>();
        foreach (var store in _stores.All)
            systems.Add(await CountAsync(store, cancellation));
        return _latest = systems;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is StoreException or StoreUnavailableException or OperationCanceledException)
            {
                // The last numbers stand until the store can be read again; its own log says why it cannot.
            }
            await _time.DelayQuietly(Period, stoppingToken);
        }
    }

    private async Task<SystemBacklog> CountAsync(Store store, CancellationToken cancellation)
    {
        var counts = await store.ReadAllAsync(
            snapshot => snapshot.ListAsync(
                """
                SELECT state, COUNT(*) FROM basin_parked GROUP BY state
                UNION ALL SELECT 'job', COUNT(*) FROM basin_job WHERE dead = 1
                """,
                row => (State: row.Text(0), Count: row.Integer(1))),
            cancellation);
        return new SystemBacklog(
            store.System,
            QueuedIn(store),
            _relay.Subscriptions.Where(subscription => subscription.Consumer == store.System).Sum(subscription => subscription.Lag),
            counts.Where(count => count.State is "waiting" or "blocked").Sum(count => count.Count),
            counts.Where(count => count.State is "dead").Sum(count => count.Count),
            counts.Where(count => count.State is "job").Sum(count => count.Count));
    }

    private static long QueuedIn(Store store) => store.Shards.Sum(shard => shard.QueuedWrites);

    private long Queued(SystemBacklog backlog) => QueuedIn(_stores.Of(backlog.System));

    private long JobsWaiting(SystemBacklog backlog) => _stores.Of(backlog.System).Shards.Sum(shard => shard.Jobs.Waiting);

    private IEnumerable<Measurement<long>> Observe(Func<SystemBacklog, long> number) =>
        _latest.Select(backlog => new Measurement<long>(number(backlog), new KeyValuePair<string, object?>("system", backlog.System)));

    private IEnumerable<Measurement<long>> ObserveLag() => _relay.Subscriptions
        .GroupBy(subscription => (subscription.Consumer, subscription.Source.System))
        .Select(group => new Measurement<long>(
            group.Sum(subscription => subscription.Lag), new("system", group.Key.Consumer), new KeyValuePair<string, object?>("source", group.Key.System)));
}

/// <param name="Queued">Work that waits for the writers.</param>
/// <param name="Lag">Events published by others that the system has not passed yet.</param>
/// <param name="Parked">Events that failed and are tried again, and those that wait behind them.</param>
/// <param name="DeadEvents">Events given up, until an operator replays or discards them.</param>
/// <param name="DeadJobs">Jobs given up.</param>
public sealed record SystemBacklog(string System, long Queued, long Lag, long Parked, long DeadEvents, long DeadJobs)
{
    public long Dead => DeadEvents + DeadJobs;
}
