using System.Globalization;

namespace Basin.Bench;

/// <summary>What a part of this process has used.</summary>
/// <param name="Microseconds">Of CPU.</param>
/// <param name="Written">Bytes to the disk.</param>
/// <param name="Kept">Bytes that stay in its files.</param>
internal sealed record StageCost(double Microseconds, double Written, double Kept)
{
    public static StageCost operator -(StageCost after, StageCost before) =>
        new(after.Microseconds - before.Microseconds, after.Written - before.Written, after.Kept - before.Kept);

    public static StageCost operator +(StageCost one, StageCost other) =>
        new(one.Microseconds + other.Microseconds, one.Written + other.Written, one.Kept + other.Kept);

    public static StageCost operator /(StageCost all, double parts) => new(all.Microseconds / parts, all.Written / parts, all.Kept / parts);
}

/// <summary>Tells the parts of this process apart by the names of its threads: each shard has a writer of its own.</summary>
internal static class StageCosts
{
    public const string Calls = "use cases, jobs, calls, clients";
    public const string Folding = "logs folded, threads that ended";
    public const string Collection = "garbage collection";

    /// <summary>The systems that an order goes through, in its order, and what they share.</summary>
    public static readonly IReadOnlyList<string> Systems = ["orders", "payments", "sandbox", "ledger", "inventory", "shipping", "notifications"];

    public static readonly IReadOnlyList<string> All = [.. Systems, Calls, Folding, Collection];

    private const int CommandLength = 15; // what Linux keeps of a thread's name

    public static async Task<Dictionary<string, StageCost>> NowAsync(ShopInProcess shop, CancellationToken cancellation)
    {
        var stages = All.ToDictionary(stage => stage, _ => new StageCost(0, 0, 0));
        foreach (var thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (Cost.Read(thread) is { } used && StageOf(used.Command) is { } stage)
                stages[stage] += new StageCost(used.Microseconds, Cost.WrittenBytes(thread), 0);
        }
        foreach (var system in Systems)
            stages[system] += new StageCost(0, 0, await shop.StoredBytesAsync(system, cancellation));
        // A log is folded by a thread that ends with it: what is left of the whole process.
        var (known, whole) = (stages.Values.Aggregate((one, other) => one + other), Cost.Now());
        stages[Folding] = new StageCost(whole.MicrosecondsOf(Cost.Self) - known.Microseconds, whole.BytesWritten - known.Written, 0);
        return stages;
    }

    public static Dictionary<string, StageCost> PerOrder(Dictionary<string, StageCost> before, Dictionary<string, StageCost> after, long orders) =>
        All.ToDictionary(stage => stage, stage => (after[stage] - before[stage]) / orders);

    private static string StageOf(string command)
    {
        if (command.StartsWith(".NET Server GC", StringComparison.Ordinal) || command.StartsWith(".NET BGC", StringComparison.Ordinal))
            return Collection;
        return Systems.FirstOrDefault(system => Shortened($"writer {system}/0") == command) ?? Calls;
    }

    private static string Shortened(string name) => name[..Math.Min(name.Length, CommandLength)];

    public static Dictionary<string, StageCost> Medians(IReadOnlyList<Dictionary<string, StageCost>> rounds) =>
        All.ToDictionary(stage => stage, stage => new StageCost(
            Spread.Median(rounds.Select(round => round[stage].Microseconds)),
            Spread.Median(rounds.Select(round => round[stage].Written)),
            Spread.Median(rounds.Select(round => round[stage].Kept))));

    /// <summary>A table of what an order costs, stage by stage.</summary>
    public static Report Report(Dictionary<string, StageCost> medians)
    {
        var report = new Report(
            "costs", "What an order costs",
            ["Medians over the rounds of `pipeline`, as fast as they are served.", "Written: to logs and files. Kept: in the files, indexes included."],
            ["Stage", "CPU us", "KB written", "Bytes kept"]);
        foreach (var stage in All)
            Add(stage, medians[stage]);
        Add("an order", medians.Values.Aggregate((one, other) => one + other));
        return report;

        void Add(string name, StageCost cost) => report.Add(
            name,
            cost.Microseconds.ToString("F0", CultureInfo.InvariantCulture),
            (cost.Written / 1024).ToString("F1", CultureInfo.InvariantCulture),
            cost.Kept.ToString("F0", CultureInfo.InvariantCulture));
    }
}
