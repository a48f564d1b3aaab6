using System.Text.Json.Serialization;

namespace Basin.Kernel.Telemetry;

/// <summary>The systems in one second, as the console's map shows them.</summary>
/// <param name="Processes">How many processes have said something in the last seconds.</param>
public sealed record Pulse(DateTimeOffset At, IReadOnlyList<SystemPulse> Systems, IReadOnlyList<FlowPulse> Flows, int Processes = 1)
{
    /// <summary>What this process and others do together.</summary>
    internal Pulse With(IReadOnlyCollection<Pulse> others)
    {
        var all = others.Prepend(this).ToList();
        return this with
        {
            Systems = [.. Systems.Select(system => SystemPulse.Sum([.. all.SelectMany(pulse => pulse.Systems).Where(same => same.Name == system.Name)]))],
            Flows =
            [
                .. all.SelectMany(pulse => pulse.Flows)
                    .GroupBy(flow => (flow.From, flow.To))
                    .Select(same => new FlowPulse(same.Key.From, same.Key.To, Math.Round(same.Sum(flow => flow.RatePerSecond), 1))),
            ],
            Processes = all.Count,
        };
    }
}

/// <param name="RatePerSecond">Requests answered, events applied and jobs run.</param>
/// <param name="P50Ms">Median time of a request in the last seconds; of a commit, when there were no requests; 0 when there was neither.</param>
/// <param name="P99Ms">The same for the slowest of a hundred.</param>
/// <param name="Parked">Events set aside and dead letters.</param>
/// <param name="State"><c>ok</c>, <c>degraded</c> while something was given up, or <c>down</c> while writes are refused.</param>
public sealed record SystemPulse(string Name, double RatePerSecond, double P50Ms, double P99Ms, long Queue, long Lag, long Parked, string State)
{
    private static readonly string[] States = ["ok", "degraded", "down"];

    /// <summary>
    /// One system in several processes. All see the same events set aside; whoever carries the system knows best how far it is. The median is that of the
    /// process that does most.
    /// </summary>
    internal static SystemPulse Sum(IReadOnlyList<SystemPulse> parts) => new(
        parts[0].Name,
        Math.Round(parts.Sum(part => part.RatePerSecond), 1),
        parts.MaxBy(part => part.RatePerSecond)!.P50Ms,
        parts.Max(part => part.P99Ms),
        parts.Sum(part => part.Queue),
        parts.Min(part => part.Lag),
        parts[0].Parked,
        parts.MaxBy(part => Array.IndexOf(States, part.State))!.State);
}

/// <summary>Events of one system that another has applied.</summary>
public sealed record FlowPulse(string From, string To, double RatePerSecond);

/// <summary>As processes tell each other.</summary>
[JsonSerializable(typeof(Pulse))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
internal sealed partial class PulseJson : JsonSerializerContext;

/// <summary>What the counters said at one moment.</summary>
internal sealed record PulseSample(
    DateTimeOffset At, long Timestamp, IReadOnlyDictionary<string, SystemCounts> Systems, IReadOnlyDictionary<(string From, string To), double> Flows)
{
    /// <summary>Sums up the collected metrics by system.</summary>
    /// <param name="flows">What may flow, whether it has yet or not.</param>
    /// <param name="ownerOf">The system of a route.</param>
    public static PulseSample Of(
        IReadOnlyList<Metric> metrics,
        IEnumerable<string> systems,
        IEnumerable<(string From, string To)> flows,
        Func<string, string?> ownerOf,
        DateTimeOffset at,
        long timestamp)
    {
        var counts = systems.ToDictionary(name => name, _ => new SystemCounts());
        var flowing = flows.ToDictionary(flow => flow, _ => 0.0);
        foreach (var metric in metrics)
        {
            foreach (var point in metric.Points)
            {
                var name = metric.Instrument == "http.server.request.duration" ? ownerOf(point["http.route"] ?? "") : point["system"];
                if (name is null || !counts.TryGetValue(name, out var system))
                    continue;
                system.Take(metric, point);
                if (metric.Instrument == "basin.events.applied" && point["source"] is { } source && flowing.ContainsKey((source, name)))
                    flowing[(source, name)] += point.Value;
            }
        }
        return new PulseSample(at, timestamp, counts, flowing);
    }

    /// <summary>What happened since an earlier sample.</summary>
    /// <param name="before">The sample before this one, for rates.</param>
    /// <param name="start">A sample some seconds ago, for percentiles.</param>
    public Pulse Since(PulseSample before, PulseSample start, TimeProvider time, IReadOnlyList<(SystemBacklog Backlog, bool Down)> systems)
    {
        var seconds = Math.Max(0.001, time.GetElapsedTime(before.Timestamp, Timestamp).TotalSeconds);
        return new Pulse(
            At,
            [.. systems.Where(system => Systems.ContainsKey(system.Backlog.System)).Select(system => PulseOf(system.Backlog, system.Down, before, start, seconds))],
            [.. Flows.Select(flow => new FlowPulse(flow.Key.From, flow.Key.To, Rate(flow.Value, before.Flows.GetValueOrDefault(flow.Key), seconds)))]);
    }

    private SystemPulse PulseOf(SystemBacklog backlog, bool down, PulseSample before, PulseSample start, double seconds)
    {
        var name = backlog.System;
        var (now, then, first) = (Systems[name], before.Systems[name], start.Systems[name]);
        var requests = now.Requests.Since(first.Requests);
        var times = requests.Count > 0 ? requests : now.Commits.Since(first.Commits);
        return new SystemPulse(
            name,
            Rate(now.Handled, then.Handled, seconds),
            Math.Round(times.Quantile(0.5) * 1000, 2),
            Math.Round(times.Quantile(0.99) * 1000, 2),
            backlog.Queued,
            backlog.Lag,
            backlog.Parked + backlog.Dead,
            down ? "down" : backlog.Dead > 0 ? "degraded" : "ok");
    }

    private static double Rate(double now, double before, double seconds) => Math.Round(Math.Max(0, now - before) / seconds, 1);
}

/// <summary>The counters of one system, summed over their other tags.</summary>
internal sealed class SystemCounts
{
    public double Handled { get; private set; }

    public Distribution Requests { get; private set; } = Distribution.Empty;

    public Distribution Commits { get; private set; } = Distribution.Empty;

    public void Take(Metric metric, MetricPoint point)
    {
        switch (metric.Instrument)
        {
            case "http.server.request.duration":
                Requests = Requests.With(metric.Bounds, point.Buckets);
                Handled += point.Buckets.Sum();
                break;
            case "basin.store.commit.duration":
                Commits = Commits.With(metric.Bounds, point.Buckets);
                break;
            case "basin.events.applied" or "basin.jobs.runs":
                Handled += point.Value;
                break;
        }
    }
}

/// <summary>How many values fell into each bucket; the last has no upper bound.</summary>
internal sealed record Distribution(IReadOnlyList<double> Bounds, IReadOnlyList<long> Buckets)
{
    public static readonly Distribution Empty = new([], []);

    public long Count => Buckets.Sum();

    public Distribution With(IReadOnlyList<double> bounds, IReadOnlyList<long> more) =>
        Buckets.Count == 0 ? new(bounds, more) : new(Bounds, [.. Buckets.Zip(more, (a, b) => a + b)]);

    public Distribution Since(Distribution before) =>
        before.Buckets.Count == 0 ? this : new(Bounds, [.. Buckets.Zip(before.Buckets, (now, then) => Math.Max(0, now - then))]);

    /// <summary>The value below which a share of all lies, taken as evenly spread inside its bucket; 0 without values.</summary>
    public double Quantile(double share)
    {
        var rank = share * Count;
        var below = 0L;
        for (var i = 0; i < Bounds.Count && rank > 0; i++)
        {
            if (below + Buckets[i] >= rank)
            {
                var floor = i == 0 ? 0 : Bounds[i - 1];
                return floor + ((Bounds[i] - floor) * ((rank - below) / Buckets[i]));
            }
            below += Buckets[i];
        }
        return rank > 0 ? Bounds[^1] : 0;
    }
}
