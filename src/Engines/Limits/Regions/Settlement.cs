namespace Basin.Limits.Regions;

/// <summary>What one region tells another, as a question and as its answer: what it has let in, and what it has heard of the other.</summary>
/// <param name="From">The region's name.</param>
/// <param name="Run">Of its process: one that starts anew counts its rounds from 1.</param>
/// <param name="Round">Of what it tells; the same until it is confirmed.</param>
/// <param name="Spent">What it has let in that the other was not told in an earlier round.</param>
/// <param name="Stamp">The sender's clock, in microseconds.</param>
/// <param name="PromisedUs">For so long from now the sender lets in no more than is agreed that the other does not know of; 0 promises nothing.</param>
/// <param name="Heard">The last of the other's rounds that it has taken note of; null when it has heard none.</param>
public sealed record Settlement(string From, string Run, long Round, IReadOnlyList<Spent> Spent, long Stamp, long PromisedUs, Heard? Heard = null) : IChecked
{
    /// <summary>What is told in one round; the rest waits for the next. The longest keys of so many fit into a request.</summary>
    internal const int MaxSpent = 500;

    private const int MaxRunLength = 100;
    private const long MaxPromisedUs = 3_600_000_000;

    internal bool IsFaulty
    {
        get
        {
            var checks = new Checks();
            Check(checks);
            return checks.Problem is not null;
        }
    }

    public void Check(Checks checks)
    {
        checks.Text(From, "from", RegionsOptions.MaxNameLength);
        checks.Text(Run, "run", MaxRunLength);
        checks.That(Round >= 1, "round", "A number from 1 is expected.");
        checks.Items(Spent, "spent", 0, MaxSpent);
        checks.That(PromisedUs is >= 0 and <= MaxPromisedUs, "promisedUs", "An hour at most is expected.");
    }
}

/// <param name="Limit">The policy's, with its rule.</param>
/// <param name="Key">Who has spent them.</param>
public sealed record Spent(string Limit, string Key, long Permits) : IChecked
{
    internal const int MaxLength = 500;

    public void Check(Checks checks)
    {
        checks.Text(Limit, "limit", MaxLength);
        checks.That(Key is { Length: <= MaxLength }, "key", $"At most {MaxLength} characters are expected.");
        checks.That(Permits is >= 1 and <= LimitRule.MaxPermits, "permits", $"A number from 1 to {LimitRule.MaxPermits} is expected.");
    }
}

/// <param name="Run">The other's.</param>
/// <param name="Stamp">The latest that was heard of the other: what is said here is said after that.</param>
public sealed record Heard(string Run, long Round, long Stamp);
