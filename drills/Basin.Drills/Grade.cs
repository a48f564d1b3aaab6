using System.Globalization;

namespace Basin.Drills;

/// <summary>One number with its limit. All are pure functions of what was seen.</summary>
/// <param name="Unit">Behind the number, such as <c>s</c>; may be empty.</param>
/// <param name="IsFloor">Whether the number must be at least the limit instead of at most.</param>
internal sealed record Grade(string Name, string Unit, double Limit, Func<Observed, double> Measure, bool IsFloor = false)
{
    /// <summary>Answers slower than this are as bad as none, where recovery is measured.</summary>
    private const double SlowMilliseconds = 2_000;

    /// <summary>The first answers of a host are slow, because its code is still translated.</summary>
    private const double WarmSeconds = 5;

    private const int MaxExamples = 5;

    /// <summary>What the number counts, where it counts findings.</summary>
    public Func<Findings, IReadOnlyList<string>>? Of { get; private init; }

    /// <summary>Acknowledged writes lost.</summary>
    public static Grade Lost { get; } = Counting("Acknowledged writes lost", findings => findings.Lost);

    /// <summary>Effects doubled.</summary>
    public static Grade Doubled { get; } = Counting("Effects doubled", findings => findings.Doubled);

    public static Grade Books { get; } = Counting("Books that disagree", findings => findings.Wrong);

    public static Grade Repeats { get; } = Counting("Repeats answered differently", findings => findings.Changed);

    public static Grade Unserved { get; } = new("Customers who got nothing", "", 0, seen => seen.Visits.Count(visit => !visit.IsServed));

    /// <summary>What holds in every drill, whatever breaks.</summary>
    public static IReadOnlyList<Grade> Always { get; } = [Lost, Doubled, Books, Repeats];

    /// <summary>A drill whose fault nobody notices proves nothing.</summary>
    public static Grade Felt(int tries = 1) => new(
        "Tries that met the fault", "", tries, seen => seen.Tries.Count(one => one.Reply is Reply.Refused or Reply.Error or Reply.Silence), IsFloor: true);

    /// <summary>Seconds from the end of the last fault until everybody who comes is served at the first try, and promptly, for good.</summary>
    public static Grade Recovers(double within) => new("Time to recover", "s", within, RecoverySeconds);

    /// <summary>Part of a class's tries without an answer or with an error; refusals do not count.</summary>
    public static Grade Errors(Kind kind, double atMost) => new(
        $"Error share of {kind.Word}", "%", atMost, seen => 100 * ShareOf(seen, kind, reply => reply is Reply.Error or Reply.Silence or Reply.Rejected));

    /// <summary>Part of a class's tries that are sent away for the moment.</summary>
    public static Grade Refusals(Kind kind, double atMost) => new(
        $"Refusal share of {kind.Word}", "%", atMost, seen => 100 * ShareOf(seen, kind, reply => reply == Reply.Refused));

    /// <summary>How many of a class's tries of some seconds were done.</summary>
    public static Grade LetIn(Kind kind, double from, double until, double atMost) => new(
        $"Let in of {kind.Word}", "", atMost,
        seen => seen.Tries.Count(one => one.Kind == kind && one.Reply == Reply.Done && one.At >= from && one.At < until));

    /// <summary>Served per second.</summary>
    public static Grade Goodput(Kind kind, double atLeast) => new(
        $"Goodput of {kind.Word}", "/s", atLeast, seen => seen.Visits.Count(visit => visit.Arrival.Kind == kind && visit.IsServed) / seen.Seconds, IsFloor: true);

    /// <summary>How much slower a class's usual answer is while the fault lasts, than before it; measured in one run.</summary>
    public static Grade Slowdown(Kind kind, double atMost) => new($"Slowdown of {kind.Word} (p50)", "x", atMost, seen => SlowdownOf(seen, kind, 0.5));

    /// <summary>The same of the slowest answer of a hundred, compared with those before it of a host that is warm.</summary>
    public static Grade SlowdownAtTheTail(Kind kind, double atMost) =>
        new($"Slowdown of {kind.Word} (p99)", "x", atMost, seen => SlowdownOf(seen, kind, 0.99, from: WarmSeconds));

    /// <summary>What the host's memory comes to at most.</summary>
    public static Grade Memory(double megabytes) => new(
        "Memory of the host", "MB", megabytes, seen => seen.Memory.Select(sample => sample.Bytes / 1e6).DefaultIfEmpty(0).Max());

    /// <summary>Things made later whose ids are not larger; per kind, since each has its own ids.</summary>
    public static Grade IdsBackwards { get; } = new("Ids that went backwards", "", 0, seen => Enum.GetValues<Kind>().Sum(kind => CountBackwards(seen, kind)));

    /// <summary>Requests that the host had when the fault began, and that got no answer.</summary>
    public static Grade CutOff { get; } = new("Requests cut off", "", 0, seen => TriesUnderWay(seen).Count(one => one.Reply == Reply.Silence));

    /// <summary>Requests that the host had when the fault began.</summary>
    public static Grade UnderWay(int atLeast) => new("Requests under way", "", atLeast, seen => TriesUnderWay(seen).Count(), IsFloor: true);

    /// <summary>How many of an SKU were sold.</summary>
    public static Grade Sold(string sku, long atMost) => new($"Sold of {sku}", "", atMost, seen => seen.Findings.Sold.GetValueOrDefault(sku));

    /// <inheritdoc cref="Sold"/>
    public static Grade SoldAtLeast(string sku, long atLeast) =>
        new($"Sold of {sku}, at least", "", atLeast, seen => seen.Findings.Sold.GetValueOrDefault(sku), IsFloor: true);

    /// <summary>A number that the drill has taken itself.</summary>
    public static Grade Noted(string name, double atMost, string unit = "") => new(name, unit, atMost, seen => seen.Notes.GetValueOrDefault(name, double.PositiveInfinity));

    /// <inheritdoc cref="Noted"/>
    public static Grade NotedAtLeast(string name, double atLeast, string unit = "") =>
        new(name, unit, atLeast, seen => seen.Notes.GetValueOrDefault(name, double.NegativeInfinity), IsFloor: true);

    /// <summary>Such as "Time to recover: at most 10s".</summary>
    public string Words => string.Create(CultureInfo.InvariantCulture, $"{Name}: {(IsFloor ? "at least" : "at most")} {Limit}{Unit}");

    public Result Judge(Observed seen)
    {
        var measured = Measure(seen);
        var passed = IsFloor ? measured >= Limit : measured <= Limit;
        return new Result(this, measured, passed, [.. (Of?.Invoke(seen.Findings) ?? []).Take(MaxExamples)]);
    }

    private static Grade Counting(string name, Func<Findings, IReadOnlyList<string>> of) => new(name, "", 0, seen => of(seen.Findings).Count) { Of = of };

    private static double RecoverySeconds(Observed seen)
    {
        var after = seen.Visits.Where(visit => visit.Arrival.At >= seen.FaultEnded).OrderBy(visit => visit.Arrival.At).ToList();
        if (after.Count == 0 || IsBad(after[^1]))
            return double.PositiveInfinity;
        return after.FindLastIndex(IsBad) is >= 0 and var last ? after[last + 1].Arrival.At - seen.FaultEnded : 0;

        static bool IsBad(Visit visit) => !visit.IsServed || visit.Tries > 1 || visit.Milliseconds > SlowMilliseconds;
    }

    /// <summary>Who is sent in the last moment may meet a closed door.</summary>
    private static IEnumerable<Try> TriesUnderWay(Observed seen) =>
        seen.Tries.Where(one => one.At < seen.FaultBegan - 0.02 && one.At + (one.Milliseconds / 1000) > seen.FaultBegan);

    private static int CountBackwards(Observed seen, Kind kind)
    {
        var made = seen.Visits.Where(visit => visit.Arrival.Kind == kind && visit.Id is not null).ToList();
        return made.Count(later => made.Exists(earlier =>
            earlier.Arrival.At + (earlier.Milliseconds / 1000) < later.Arrival.At && string.CompareOrdinal(earlier.Id, later.Id) >= 0));
    }

    private static double SlowdownOf(Observed seen, Kind kind, double part, double from = 0)
    {
        var served = seen.Visits.Where(visit => visit.Arrival.Kind == kind && visit.IsServed).ToList();
        var before = Percentile.Of(served.Where(visit => visit.Arrival.At >= from && visit.Arrival.At < seen.FaultBegan).Select(visit => visit.Milliseconds), part);
        var during = Percentile.Of(served.Where(visit => seen.IsDuringFault(visit.Arrival.At)).Select(visit => visit.Milliseconds), part);
        return during / before;
    }

    private static double ShareOf(Observed seen, Kind kind, Func<Reply, bool> counts)
    {
        var tries = seen.Tries.Where(one => one.Kind == kind).ToList();
        return tries.Count == 0 ? 0 : tries.Count(one => counts(one.Reply)) / (double)tries.Count;
    }
}

/// <summary>A grade with its number.</summary>
/// <param name="Examples">Some of what was counted, in words.</param>
internal sealed record Result(Grade Grade, double Measured, bool Passed, IReadOnlyList<string> Examples);

internal static class Percentile
{
    /// <param name="part">Such as 0.99.</param>
    /// <returns>The nearest rank; NaN of nothing.</returns>
    public static double Of(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)];
    }
}

internal static class KindWords
{
    extension(Kind kind)
    {
        /// <summary>Such as <c>checkout</c>.</summary>
        public string Word => kind.ToString().ToLowerInvariant();
    }
}
