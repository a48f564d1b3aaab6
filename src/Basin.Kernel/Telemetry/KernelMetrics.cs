using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Basin.Kernel.Telemetry;

/// <summary>What the kernel measures for every system, by the tag <c>system</c>.</summary>
internal static class KernelMetrics
{
    public const string MeterName = "Basin.Kernel";

    public static readonly ActivitySource Activities = new(MeterName);
    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Published =
        Meter.CreateCounter<long>("basin.events.published", "{event}", "Events committed to the outbox of a system");

    private static readonly Counter<long> Applied =
        Meter.CreateCounter<long>("basin.events.applied", "{event}", "Events applied by a system, by their source");

    private static readonly Counter<long> Carried =
        Meter.CreateCounter<long>("basin.events.carried", "{event}", "Events that the broker has confirmed, by stream");

    private static readonly Counter<long> Writes =
        Meter.CreateCounter<long>("basin.store.writes", "{write}", "Pieces of work committed");

    private static readonly Histogram<double> Commits = Meter.CreateHistogram(
        "basin.store.commit.duration", "s", "Time of one group commit, its work included", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Seconds });

    private static readonly Counter<long> JobRuns =
        Meter.CreateCounter<long>("basin.jobs.runs", "{run}", "Runs of jobs, by type and outcome");

    public static void EventsApplied(string system, string source, int count) =>
        Applied.Add(count, new("system", system), new KeyValuePair<string, object?>("source", source));

    public static void EventsCarried(string stream, int count) => Carried.Add(count, new KeyValuePair<string, object?>("stream", stream));

    public static void Committed(string system, int writes, int published, TimeSpan duration)
    {
        var tag = new KeyValuePair<string, object?>("system", system);
        Writes.Add(writes, tag);
        if (published > 0)
            Published.Add(published, tag);
        Commits.Record(duration.TotalSeconds, tag);
    }

    public static void JobRan(string system, string type, string outcome) =>
        JobRuns.Add(1, new("system", system), new("type", type), new KeyValuePair<string, object?>("outcome", outcome));
}

/// <summary>Bucket boundaries shared by the histograms of Basin.</summary>
public static class Buckets
{
    /// <summary>From 0.1 ms to 30 s, about three per decade.</summary>
    public static readonly double[] Seconds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
}
