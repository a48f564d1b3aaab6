using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Drills.Running;

namespace Basin.Drills.Reports;

/// <summary>What a run comes to, for programs. The shape is described in <c>docs/drills.md</c>; its name changes when an old reader would misread it.</summary>
internal sealed record RunReport(string Schema, DateTimeOffset At, string Machine, bool Passed, IReadOnlyList<DrillReport> Drills)
{
    public const string CurrentSchema = "basin.drills.v1";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static RunReport Of(IReadOnlyList<Outcome> outcomes, DateTimeOffset at, string machine) => new(
        CurrentSchema, at, machine, outcomes.All(outcome => outcome.Passed || outcome.Skipped is not null), [.. outcomes.Select(DrillReport.Of)]);

    public string ToJson() => JsonSerializer.Serialize(this, Json);
}

internal sealed record DrillReport(
    string Name,
    string Title,
    int Seed,
    DateTimeOffset BeganAt,
    double TotalSeconds,
    bool Passed,
    string? Skipped,
    string? BrokeOff,
    IReadOnlyList<GradeReport> Grades,
    IReadOnlyList<ClassReport> Classes,
    IReadOnlyList<FaultReport> Faults,
    IReadOnlyList<SecondReport> Timeline,
    IReadOnlyDictionary<string, double> Notes)
{
    public static DrillReport Of(Outcome outcome) => new(
        outcome.Drill.Name, outcome.Drill.Title, outcome.Seed, outcome.BeganAt, Round(outcome.TotalSeconds), outcome.Passed, outcome.Skipped, outcome.BrokeOff,
        [.. outcome.Results.Select(GradeReport.Of)],
        outcome.Seen is { } seen ? [.. Enum.GetValues<Kind>().Select(kind => ClassReport.Of(seen, kind)).OfType<ClassReport>()] : [],
        [.. (outcome.Seen?.Faults ?? []).Select(fault => new FaultReport(fault.Name, Round(fault.From), Round(fault.Until)))],
        outcome.Seen is null ? [] : SecondReport.Of(outcome.Seen),
        outcome.Seen?.Notes ?? new Dictionary<string, double>());

    internal static double Round(double value) => double.IsFinite(value) ? Math.Round(value, 2) : value;
}

/// <param name="Limit">At most, or at least where it is a floor.</param>
internal sealed record GradeReport(string Name, double Measured, double Limit, string Unit, bool IsFloor, bool Passed, IReadOnlyList<string> Examples)
{
    public static GradeReport Of(Result result) => new(
        result.Grade.Name, DrillReport.Round(result.Measured), result.Grade.Limit, result.Grade.Unit, result.Grade.IsFloor, result.Passed, result.Examples);
}

/// <summary>Seconds of the load.</summary>
internal sealed record FaultReport(string Name, double From, double Until);

/// <summary>Customers of one kind.</summary>
/// <param name="P50">Milliseconds from the planned arrival to the answer, retries included; of those served.</param>
/// <param name="Refused">Part of the tries, as <paramref name="Failed"/> is.</param>
internal sealed record ClassReport(string Class, int Customers, int Served, int Tries, double P50, double P99, double Longest, double Refused, double Failed)
{
    public static ClassReport? Of(Observed seen, Kind kind)
    {
        var visits = seen.Visits.Where(visit => visit.Arrival.Kind == kind).ToList();
        if (visits.Count == 0)
            return null;
        var waits = visits.Where(visit => visit.IsServed).Select(visit => visit.Milliseconds).ToList();
        var tries = seen.Tries.Where(one => one.Kind == kind).ToList();
        return new ClassReport(
            kind.Word, visits.Count, waits.Count, tries.Count, At(0.5), At(0.99), At(1), Part(reply => reply == Reply.Refused),
            Part(reply => reply is Reply.Error or Reply.Silence or Reply.Rejected));

        double At(double part) => waits.Count == 0 ? 0 : DrillReport.Round(Percentile.Of(waits, part));

        double Part(Func<Reply, bool> counts) => tries.Count == 0 ? 0 : Math.Round(tries.Count(one => counts(one.Reply)) / (double)tries.Count, 4);
    }
}

/// <summary>Half a second of the load, and one kind of customers: tries by when they were sent, waits by when their customers came.</summary>
/// <param name="P50">Null where nobody of them was served.</param>
internal sealed record SecondReport(double Second, string Class, int Done, int Refused, int Failed, double? P50, double? P99, double MemoryMegabytes)
{
    public const double Step = 0.5;

    public static IReadOnlyList<SecondReport> Of(Observed seen)
    {
        var steps = Enumerable.Range(0, (int)Math.Ceiling(seen.Seconds / Step)).Select(step => step * Step);
        var kinds = seen.Visits.Select(visit => visit.Arrival.Kind).Distinct().Order().ToList();
        return [.. from step in steps from kind in kinds select Of(seen, step, kind)];
    }

    private static SecondReport Of(Observed seen, double step, Kind kind)
    {
        var tries = seen.Tries.Where(one => one.Kind == kind && IsIn(one.At)).ToList();
        var waits = seen.Visits.Where(visit => visit.Arrival.Kind == kind && visit.IsServed && IsIn(visit.Arrival.At)).Select(visit => visit.Milliseconds).ToList();
        var memory = seen.Memory.LastOrDefault(sample => sample.Second <= step + Step)?.Bytes ?? 0;
        return new SecondReport(
            step, kind.Word, tries.Count(one => one.Reply == Reply.Done), tries.Count(one => one.Reply == Reply.Refused),
            tries.Count(one => one.Reply is Reply.Error or Reply.Silence or Reply.Rejected), WaitAt(0.5), WaitAt(0.99), Math.Round(memory / 1e6, 1));

        bool IsIn(double second) => second >= step && second < step + Step;

        double? WaitAt(double part) => waits.Count == 0 ? null : DrillReport.Round(Percentile.Of(waits, part));
    }
}
