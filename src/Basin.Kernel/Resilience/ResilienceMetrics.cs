using System.Diagnostics.Metrics;
using Basin.Kernel.Telemetry;

namespace Basin.Kernel.Resilience;

/// <summary>Calls of dependencies, by <c>dependency</c> and <c>outcome</c>. How they are now, <see cref="Dependencies"/> tells.</summary>
internal static class ResilienceMetrics
{
    public const string MeterName = "Basin.Dependencies";

    public const string Answered = "answered";
    public const string Late = "late";
    public const string Failed = "failed";

    /// <summary>Whoever called did not wait for the answer.</summary>
    public const string Left = "left";
    public const string RefusedOpen = "refused_open";
    public const string RefusedFull = "refused_full";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Calls =
        Meter.CreateCounter<long>("basin.dependency.calls", "{call}", "Calls of what Basin depends on, repeats included, by outcome");

    private static readonly Counter<long> Retries =
        Meter.CreateCounter<long>("basin.dependency.retries", "{call}", "Calls that were made again at once");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram(
        "basin.dependency.duration", "s", "Time of one call, answered or not", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Seconds });

    public static void Called(string dependency, string outcome) =>
        Calls.Add(1, new("dependency", dependency), new KeyValuePair<string, object?>("outcome", outcome));

    public static void Retried(string dependency) => Retries.Add(1, new KeyValuePair<string, object?>("dependency", dependency));

    public static void Took(string dependency, TimeSpan duration) =>
        Durations.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("dependency", dependency));
}
