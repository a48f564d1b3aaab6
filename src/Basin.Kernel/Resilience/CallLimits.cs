using System.Globalization;

namespace Basin.Kernel.Resilience;

/// <summary>What holds for calls of one dependency, so that one that hangs or fails takes little of those who call it.</summary>
public sealed record CallLimits
{
    /// <summary>From the beginning of a call to its answer; the wait for a place comes before.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Calls that may run at the same time. One that goes on after its time was up counts until it ends.</summary>
    public required int Concurrent { get; init; }

    /// <summary>Calls that may wait for a place; one more is refused at once.</summary>
    public int Waiting { get; init; }

    /// <summary>How long one of them waits before it is refused.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Null where one failure says nothing of the next call.</summary>
    public BreakerLimits? Breaker { get; init; } = new();

    /// <summary>For calls that may be repeated; null where whoever calls comes again later by itself.</summary>
    public RetryLimits? Retry { get; init; }

    /// <summary>The same for people.</summary>
    /// <param name="comesAgain">How whoever calls comes again later; null when they do not.</param>
    internal DependencyRules Describe(string? comesAgain) => new(
        DependencyRules.Text(Timeout),
        string.Join("; ", new[] { Retry?.ToString(), comesAgain }.OfType<string>()) is { Length: > 0 } retries ? retries : "none",
        Breaker?.ToString() ?? "none",
        string.Create(CultureInfo.InvariantCulture, $"{Concurrent} at a time, ")
            + (Waiting == 0 ? "none wait" : string.Create(CultureInfo.InvariantCulture, $"{Waiting} more wait up to {DependencyRules.Text(Patience)}")));
}

/// <summary>When calls are no longer made, because most of them fail anyway.</summary>
/// <param name="FailureRatio">Part of the calls, 0 to 1.</param>
/// <param name="MinimumCalls">Fewer in the window say nothing.</param>
public sealed record BreakerLimits(double FailureRatio, int MinimumCalls, TimeSpan Window, TimeSpan Pause)
{
    private static readonly TimeSpan UsualWindow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(5);

    public BreakerLimits()
        : this(0.5, 6, UsualWindow, UsualPause)
    {
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"opens for {DependencyRules.Text(Pause)} when {FailureRatio * 100:0.#} % of {MinimumCalls} or more calls in {DependencyRules.Text(Window)} fail");
}

/// <summary>How often a call that may be repeated is made, and which part of all calls repeats may be.</summary>
/// <param name="Attempts">The first included.</param>
/// <param name="FirstBackoff">Wait before the second; it doubles each time, with jitter.</param>
public sealed record RetryLimits(int Attempts, TimeSpan FirstBackoff)
{
    /// <summary>Repeats for each call, so that an outage is not multiplied by them (Google, Site Reliability Engineering, "Handling Overload").</summary>
    public double Share { get; init; } = 0.1;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Attempts - 1} at most, from {DependencyRules.Text(FirstBackoff)}, and only what may be repeated; together at most {Share * 100:0.#} % of the calls");
}
