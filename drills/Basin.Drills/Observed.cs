namespace Basin.Drills;

/// <summary>What became of one try of a customer.</summary>
internal enum Reply
{
    Done,

    /// <summary>Not now: 409, 429 or 503.</summary>
    Refused,

    /// <summary>Another status from 500 on.</summary>
    Error,

    /// <summary>No answer: the connection broke, or nobody said anything for too long.</summary>
    Silence,

    /// <summary>Never: another status from 400 on.</summary>
    Rejected,
}

/// <summary>One request and its answer.</summary>
/// <param name="At">Second of the load at which it was sent.</param>
/// <param name="Milliseconds">Until the answer, or until there was none.</param>
internal sealed record Try(Kind Kind, double At, double Milliseconds, Reply Reply, int Status);

/// <summary>One customer's whole visit.</summary>
/// <param name="Milliseconds">From the planned arrival to the answer that counted, whatever was in between.</param>
/// <param name="Id">Of what was made; null for who got nothing.</param>
/// <param name="Answers">The different answers that were given to the same question.</param>
internal sealed record Visit(Arrival Arrival, double Milliseconds, int Tries, bool IsServed, string? Id, IReadOnlyList<string> Answers);

/// <summary>When a fault really began, and when it was mended.</summary>
internal sealed record FaultTime(string Name, double From, double Until);

/// <param name="Second">Of the load.</param>
internal sealed record MemorySample(double Second, long Bytes);

/// <summary>What the books say that they should not, each in words.</summary>
/// <param name="Lost">Acknowledged, and not there.</param>
/// <param name="Doubled">Done more than once.</param>
/// <param name="Wrong">Where books do not agree: orders with money, money with the ledger, stock with what was sold.</param>
/// <param name="Changed">Repeats under the same key that got another answer than the first.</param>
internal sealed record Findings(
    IReadOnlyList<string> Lost, IReadOnlyList<string> Doubled, IReadOnlyList<string> Wrong, IReadOnlyList<string> Changed)
{
    /// <summary>How many were delivered, by SKU.</summary>
    public IReadOnlyDictionary<string, long> Sold { get; init; } = new Dictionary<string, long>();
}

/// <summary>All that was seen of a drill from outside.</summary>
/// <param name="Seconds">For which customers came.</param>
/// <param name="Notes">Numbers that the drill itself has taken, by their names.</param>
internal sealed record Observed(
    double Seconds,
    IReadOnlyList<Visit> Visits,
    IReadOnlyList<Try> Tries,
    IReadOnlyList<FaultTime> Faults,
    IReadOnlyList<MemorySample> Memory,
    Findings Findings,
    IReadOnlyDictionary<string, double> Notes)
{
    public double FaultBegan => Faults.Count == 0 ? Seconds : Faults.Min(fault => fault.From);

    public double FaultEnded => Faults.Count == 0 ? 0 : Faults.Max(fault => fault.Until);

    public bool IsDuringFault(double second) => Faults.Any(fault => second >= fault.From && second <= fault.Until);
}
