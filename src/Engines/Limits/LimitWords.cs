using System.Globalization;

namespace Basin.Limits;

/// <summary>Limits in the words of the console.</summary>
internal static class LimitWords
{
    public static readonly IReadOnlyList<(LimitAlgorithm Algorithm, string Name)> Algorithms =
    [
        (LimitAlgorithm.Gcra, "Steady rate with bursts (GCRA)"),
        (LimitAlgorithm.TokenBucket, "Steady rate with bursts (token bucket)"),
        (LimitAlgorithm.LeakyBucket, "Steady rate; bursts wait (leaky bucket)"),
        (LimitAlgorithm.FixedWindow, "So many per period (fixed window)"),
        (LimitAlgorithm.SlidingCounter, "So many in any period, nearly (two windows)"),
        (LimitAlgorithm.SlidingLog, "So many in any period, exactly (log)"),
        (LimitAlgorithm.Concurrency, "So many at the same time"),
    ];

    /// <summary>What people choose from; a policy may count by other combinations too.</summary>
    public static readonly IReadOnlyList<IReadOnlyList<LimitPartition>> Partitions =
    [
        [],
        [LimitPartition.Address],
        [LimitPartition.Caller],
        [LimitPartition.Tenant],
        [LimitPartition.Route],
        [LimitPartition.Address, LimitPartition.Route],
        [LimitPartition.Caller, LimitPartition.Route],
        [LimitPartition.Tenant, LimitPartition.Route],
    ];

    public static string Of(IReadOnlyList<LimitPartition> per) => per.Count == 0 ? "everybody together" : string.Join(" and ", per).ToLowerInvariant();

    public static string Of(LimitOptions limit)
    {
        if (limit.Permits == 0)
            return "nothing";
        if (limit.Algorithm == LimitAlgorithm.Concurrency)
            return Text($"{limit.Permits:N0} at the same time");
        var burst = limit.Burst > 0 ? Text($", {limit.Burst:N0} at once") : "";
        return Text($"{limit.Permits:N0} {PeriodOf(limit.Period)}{burst}");
    }

    /// <summary>The name of a number on the page and in the chart.</summary>
    public static string Total(string policy, string limit, bool isAllowed) => $"{policy}/{limit} {(isAllowed ? "let in" : "refused")}";

    private static string PeriodOf(TimeSpan period) =>
        period == TimeSpan.FromSeconds(1) ? "a second"
        : period == TimeSpan.FromMinutes(1) ? "a minute"
        : period == TimeSpan.FromHours(1) ? "an hour"
        : period == TimeSpan.FromDays(1) ? "a day"
        : Text($"in {period.TotalSeconds:0.###} s");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
