using System.Diagnostics.Metrics;
using Basin.Kernel.Telemetry;

namespace Basin.Webhooks;

internal static class WebhooksMetrics
{
    private static readonly Meter Meter = new("Basin.Webhooks");

    private static readonly Histogram<double> Attempts = Meter.CreateHistogram(
        "basin.webhooks.attempt.duration", "s", "Time of one try to tell an endpoint something, by outcome",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets.Seconds });

    public static void Tried(WebhookAttempt attempt, TimeSpan duration)
    {
        var outcome = attempt.Succeeded ? "delivered" : attempt.Status is null ? "unanswered" : "refused";
        Attempts.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
