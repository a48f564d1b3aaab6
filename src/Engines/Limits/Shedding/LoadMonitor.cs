using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;

namespace Basin.Limits;

/// <summary>
/// Looks at the queues of the host, sets the limit by them, and tells how things stand. On a thread of its own: a timer would wait behind what it is to
/// measure.
/// </summary>
public sealed class LoadMonitor : IHostedService, IDisposable
{
    private const int ProbesPerInterval = 10;
    private const int KeptReports = 300;

    /// <summary>How much of the level is that of the last interval: it follows within about half a second.</summary>
    private const double Newest = 0.2;

    private static readonly TimeSpan ReportPeriod = TimeSpan.FromSeconds(1);

    private readonly Gate _gate;
    private readonly AdaptiveLimit _limit;
    private readonly SheddingOptions _options;
    private readonly QueueProbe _probe;
    private readonly Stores _stores;
    private readonly HostLoad _load;
    private readonly TimeProvider _time;
    private readonly ManualResetEventSlim _ending = new(initialState: false, spinCount: 0);
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly List<LoadReport> _reports = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _queueTime;
    private long _adaptedAt;
    private long _reportedAt;
    private GateState _reported;

    internal LoadMonitor(Gate gate, SheddingOptions options, Stores stores, HostLoad load, IMeterFactory meters, TimeProvider time)
    {
        (_gate, _options, _stores, _load, _time) = (gate, options, stores, load, time);
        _limit = new AdaptiveLimit(options.LeastInFlight, options.MostInFlight, options.Target);
        _probe = new QueueProbe(time);
        (_adaptedAt, _reportedAt, _reported) = (time.GetTimestamp(), time.GetTimestamp(), gate.State);
        _thread = new Thread(WatchUntilEnd) { IsBackground = true, Name = "load" };
        SheddingMetrics.Observe(meters, gate, load, () => _queueTime);
    }

    /// <summary>How things stand now, with the rates of the last second.</summary>
    public LoadReport Latest
    {
        get
        {
            lock (_lock)
                return _reports.Count > 0 ? _reports[^1] : Report(_gate.State, _gate.State, TimeSpan.Zero);
        }
    }

    /// <summary>The reports of the last minutes after a time, then each new one, until cancelled.</summary>
    public async IAsyncEnumerable<LoadReport> WatchAsync(DateTimeOffset after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            List<LoadReport> next;
            Task changed;
            lock (_lock)
            {
                next = _reports.FindAll(report => report.At > after);
                changed = _changed.Task;
            }
            foreach (var report in next)
                yield return report;
            after = next.Count > 0 ? next[^1].At : after;
            await changed.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    Task IHostedService.StartAsync(CancellationToken cancellationToken)
    {
        _thread.Start();
        return Task.CompletedTask;
    }

    Task IHostedService.StopAsync(CancellationToken cancellationToken)
    {
        _ending.Set();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _ending.Set();
        if (_thread.IsAlive)
            _thread.Join();
        _ending.Dispose();
    }

    private void WatchUntilEnd()
    {
        for (var looks = 1; !_ending.Wait(_options.Interval / ProbesPerInterval); looks++)
        {
            _probe.Send();
            _gate.Expire();
            if (looks % ProbesPerInterval == 0)
                Adapt();
        }
    }

    private void Adapt()
    {
        var elapsed = _time.GetElapsedTime(_adaptedAt);
        _adaptedAt = _time.GetTimestamp();
        var writes = _stores.TakeQueueTime() ?? TimeSpan.Zero;
        var threads = _probe.Take();
        _queueTime = writes > threads ? writes : threads;
        var limit = _gate.State.Limit;
        var seen = _gate.Adapt(_limit, _queueTime, elapsed);
        _load.Follow(_load.Level + (Newest * (LevelOf(seen, limit, _gate.State.Waiting) - _load.Level)));
        if (_time.GetElapsedTime(_reportedAt) >= ReportPeriod)
            Publish();
    }

    /// <summary>A limit that is reached is all that the host can take. A queue without one is not of requests: they cannot help it by staying away.</summary>
    private double LevelOf(LoadWindow seen, int limit, int waiting)
    {
        var full = (double)(seen.Peak + waiting) / limit;
        return seen.IsReached ? Math.Clamp(Math.Max(full, seen.QueueTime / _options.Target), 1, 2) : Math.Min(1, full);
    }

    private void Publish()
    {
        var state = _gate.State;
        var report = Report(state, _reported, _time.GetElapsedTime(_reportedAt));
        (_reportedAt, _reported) = (_time.GetTimestamp(), state);
        TaskCompletionSource changed;
        lock (_lock)
        {
            _reports.Add(report);
            if (_reports.Count > KeptReports)
                _reports.RemoveAt(0);
            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.SetResult();
    }

    private LoadReport Report(GateState state, GateState before, TimeSpan elapsed) => new(
        _time.GetUtcNow(),
        Math.Round(_load.Level, 2),
        state.Limit,
        state.InFlight,
        state.Waiting,
        state.Staying,
        Math.Round(_queueTime.TotalMilliseconds, 1),
        [
            .. state.Classes.Reverse().Select(now => new ClassLoad(
                now.Class,
                PerSecond(now.Served - before.Classes[(int)now.Class].Served, elapsed),
                PerSecond(now.Refused - before.Classes[(int)now.Class].Refused, elapsed),
                now.Waiting, now.Served, now.Refused, now.Gone)),
        ],
        [
            .. _load.Modes.Select(state => new ModeReport(
                state.Mode.Name, state.Mode.Seen, state.IsOn, state.Since, state.Mode.EnterAt, state.Mode.LeaveBelow, state.Times)),
        ]);

    private static double PerSecond(long count, TimeSpan elapsed) => elapsed > TimeSpan.Zero ? Math.Round(count / elapsed.TotalSeconds, 1) : 0;
}
