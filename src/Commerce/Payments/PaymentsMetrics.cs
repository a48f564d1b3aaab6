using System.Diagnostics.Metrics;
using Basin.Payments.Providers;

namespace Basin.Payments;

internal static class PaymentsMetrics
{
    private static readonly Meter Meter = new("Basin.Payments");

    private static readonly Counter<long> Calls =
        Meter.CreateCounter<long>("basin.payments.provider.calls", "{call}", "Calls of the provider, by operation and outcome");

    public static void Called(PaymentOperation operation, ProviderOutcome? outcome) => Calls.Add(
        1,
        new("operation", operation.Name),
        new KeyValuePair<string, object?>("outcome", outcome switch { null => "unknown", { Succeeded: true } => "done", _ => "refused" }));
}
