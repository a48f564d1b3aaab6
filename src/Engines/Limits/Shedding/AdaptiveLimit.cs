namespace Basin.Limits;

/// <summary>What was seen in one interval.</summary>
/// <param name="QueueTime">The shortest wait in the queue that stood longest.</param>
/// <param name="Peak">Most requests at the same time.</param>
/// <param name="InFlight">Requests at its end.</param>
/// <param name="IsReached">Whether anybody waited outside because of the limit.</param>
public readonly record struct LoadWindow(TimeSpan QueueTime, int Peak, int InFlight, bool IsReached);

/// <summary>
/// How many requests a host works on at the same time: as many as it can without a queue that stands. Found as TCP finds its window: up by a root while it
/// is reached and no queue stands, down in proportion when one does. What it looks at is the time that work waits to begin, not the time that it takes:
/// that also grows where more at once is better, as in a group commit, and differs a hundredfold between routes.
/// </summary>
/// <remarks>
/// Sources: K. Nichols, V. Jacobson, RFC 8289 (CoDel) for the standing queue; H. Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC
/// 2018, for the time in the queue as the measure; Netflix's concurrency-limits for the root. ADR 17 has the others that were measured.
/// </remarks>
/// <param name="Least">Never fewer.</param>
/// <param name="Most">Never more.</param>
/// <param name="Target">A queue may stand for so long.</param>
public sealed record AdaptiveLimit(int Least, int Most, TimeSpan Target)
{
    /// <summary>What a cut leaves at least: one long pause of the machine is no reason to begin anew.</summary>
    private const double DeepestCut = 0.5;

    /// <summary>The limit for the next interval.</summary>
    /// <param name="limit">That of this one.</param>
    public double Next(double limit, LoadWindow seen)
    {
        if (seen.QueueTime <= Target)
            return seen.IsReached ? Math.Min(Most, limit + Math.Sqrt(limit)) : limit;
        // So few are not what stands in the queue. And what was let in before the last cut still stands in it: cutting again would count it twice.
        if (seen.Peak <= Least || seen.InFlight > limit)
            return limit;
        return Math.Max(Least, Math.Min(limit, seen.Peak) * Math.Max(DeepestCut, Target / seen.QueueTime));
    }
}
