using System.Diagnostics.Metrics;

namespace Basin.Limits;

/// <summary>The meter <c>Basin.Limits</c>.</summary>
internal static class LimitsMetrics
{
    private static readonly Meter Meter = new("Basin.Limits");

    private static readonly Counter<long> Decisions = Meter.CreateCounter<long>(
        "basin.limits.decisions", "{request}", "Requests that a limit has counted, by what it said; of a dry run also what it would have refused.");

    public static void Decided(Policy policy, PolicyLimit limit, bool isAllowed) => Decisions.Add(
        1, new("policy", policy.Name), new("limit", limit.Name), new("outcome", isAllowed ? "allowed" : policy.IsDryRun ? "would_refuse" : "refused"));
}
