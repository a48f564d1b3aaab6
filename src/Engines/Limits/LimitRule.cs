using System.Globalization;

namespace Basin.Limits;

/// <summary>How permits are counted. The numbers are stored and sent.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<LimitAlgorithm>))]
public enum LimitAlgorithm
{
    /// <summary>A bucket of permits fills steadily; a burst may empty it (RFC 2697 without its second bucket).</summary>
    TokenBucket = 0,

    /// <summary>Work drips out of a bucket at a steady rate: what is let in waits for its turn, what does not fit is refused.</summary>
    LeakyBucket = 1,

    /// <summary>So many in each period; two bursts may meet where one ends.</summary>
    FixedWindow = 2,

    /// <summary>So many in any period, exactly; each permit taken is remembered until it is that old.</summary>
    SlidingLog = 3,

    /// <summary>Nearly the same from two counters: those of the last window count by as much of it as is still within the period.</summary>
    SlidingCounter = 4,

    /// <summary>The generic cell rate algorithm (ITU-T I.371): the decisions of a token bucket from one number.</summary>
    Gcra = 5,

    /// <summary>So many at the same time; each is given back when its work is done.</summary>
    Concurrency = 6,
}

/// <summary>How much is allowed.</summary>
/// <param name="Permits">Per period; 0 allows nothing. Of <see cref="LimitAlgorithm.Concurrency"/>: at the same time.</param>
/// <param name="Period">A millisecond to 31 days; not used by <see cref="LimitAlgorithm.Concurrency"/>.</param>
/// <param name="Burst">Of buckets and <see cref="LimitAlgorithm.Gcra"/>: how many may be taken at once; as many as there are per period when 0.</param>
public sealed record LimitRule(LimitAlgorithm Algorithm, long Permits, TimeSpan Period, long Burst = 0)
{
    public const long MaxPermits = 1_000_000_000;

    /// <summary>Of algorithms that remember or pack what they count.</summary>
    public const long MaxRemembered = 100_000;

    public static readonly TimeSpan MinPeriod = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan MaxPeriod = TimeSpan.FromDays(31);

    /// <summary>How many may be taken at once.</summary>
    public long Capacity => HasBurst && Burst > 0 ? Burst : Permits;

    /// <summary>The same with so many times as much.</summary>
    public LimitRule Times(int factor) => this with { Permits = Permits * factor, Burst = Burst * factor };

    internal long PeriodUs => Period.Ticks / TimeSpan.TicksPerMicrosecond;

    private bool HasBurst => Algorithm is LimitAlgorithm.TokenBucket or LimitAlgorithm.LeakyBucket or LimitAlgorithm.Gcra;

    /// <summary>What is wrong with it, as a member and a sentence; null when it can be used.</summary>
    public (string Member, string Sentence)? Fault
    {
        get
        {
            if (!Enum.IsDefined(Algorithm))
                return ("algorithm", "There is no such algorithm.");
            if (Permits is < 0 or > MaxPermits)
                return ("permits", Range(0, MaxPermits));
            if (Algorithm == LimitAlgorithm.SlidingLog && Permits > MaxRemembered)
                return ("permits", $"{Range(0, MaxRemembered)} Each one is remembered.");
            if (Burst < 0 || Burst > MaxPermits)
                return ("burst", Range(0, MaxPermits));
            if (Burst > 0 && !HasBurst)
                return ("burst", "Only buckets and gcra have a burst.");
            if (Algorithm == LimitAlgorithm.Concurrency)
                return null;
            if (Period < MinPeriod || Period > MaxPeriod)
                return ("period", "A millisecond to 31 days is expected.");
            // Permits are counted in parts, so that no fraction is lost: as many parts as the period has microseconds.
            return (Int128)Math.Max(Permits, Capacity) * PeriodUs > long.MaxValue / 4
                ? ("permits", "So many permits in so long a period cannot be counted exactly; shorten the period and lower the permits alike.")
                : null;
        }
    }

    private static string Range(long minimum, long maximum) =>
        string.Create(CultureInfo.InvariantCulture, $"A number from {minimum:N0} to {maximum:N0} is expected.");
}
