namespace Basin.Limits.Regions;

/// <summary>
/// A rule that several regions count together without waiting for each other. Each counts what it lets in, and what the others tell it, in a bucket of the
/// whole rule, and promises each of the others for some seconds at a time that it lets in no more than <see cref="Unsettled"/> that those do not know of.
/// A region that misses such a promise goes by its part of the rate.
/// <para>
/// So all together let in, in any time t, at most <c>burst + rate x t + 2 x (regions - 1) x unsettled</c>, whatever the network does. For while a region has
/// all promises it misses <c>unsettled</c> of each of the others at most; and when the last that has them lets in no more, each of the others adds its part of
/// the rate, which together is the rate, and at most <c>unsettled</c> that it has saved. A region that starts anew knows nothing, and may add one burst.
/// </para>
/// </summary>
/// <param name="Regions">How many count together, this one included.</param>
/// <param name="UnsettledPercent">Of the burst.</param>
public sealed record RegionalTerms(LimitRule Rule, int Regions, int UnsettledPercent)
{
    /// <summary>How many permits each may have let in that the others do not know of; one at least, so that somebody gets in.</summary>
    public long Unsettled => Rule.Permits == 0 ? 0 : Math.Max(1, Rule.Capacity * UnsettledPercent / 100);

    /// <summary>How many more than the rule says all together let in at most.</summary>
    public long Overshoot => 2 * (Regions - 1) * Unsettled;

    /// <summary>More is never missing.</summary>
    internal long Most => Rule.Capacity + Overshoot;

    /// <summary>What a region goes by that has lost another: its part of the rate.</summary>
    internal LimitRule Alone => new(LimitAlgorithm.TokenBucket, Rule.Permits, Rule.Period * Regions, Unsettled);

    /// <summary>What is wrong with it, as a member and a sentence; null when it can be used.</summary>
    public (string Member, string Sentence)? Fault
    {
        get
        {
            if (Rule.Fault is { } fault)
                return fault;
            if (Rule.Algorithm is not (LimitAlgorithm.TokenBucket or LimitAlgorithm.Gcra))
                return ("algorithm", "Regions count buckets together: token_bucket or gcra.");
            // What others have taken may be missing beyond the capacity, and all of it comes back at a part of the rate at the slowest.
            return (Int128)Math.Max(Rule.Permits, Most) * Rule.PeriodUs * Regions > long.MaxValue / 4
                ? ("permits", "So many permits in so long a period cannot be counted exactly over so many regions; shorten the period and lower the permits alike.")
                : null;
        }
    }
}
