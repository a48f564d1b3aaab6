using System.Globalization;

namespace Basin.Bench;

/// <summary>
/// What so many orders a second need, by the cost sheet: <c>./eng/bench.sh capacity --orders-per-second 5000</c>. It multiplies; what it assumes is said
/// in <c>docs/capacity.md</c>.
/// </summary>
/// <param name="PerSecond">Orders, in the busiest minute.</param>
internal sealed record Capacity(CostSheet Sheet, double PerSecond)
{
    /// <summary>So much of a core, or of a writer, is planned with: the rest is for a rush within the minute.</summary>
    public const double Utilization = 0.6;

    public const int CoresPerMachine = 64;

    /// <summary>Ids have 10 bits for it.</summary>
    public const int MostShards = 1024;

    /// <summary>A day is not all rush: the mean over it is a quarter of its busiest minute.</summary>
    public const double MeanOfPeak = 0.25;

    public const int DaysKept = 90;

    public double CoresInFiles => Cores(Sheet.Order.Microseconds);

    public double CoresInCluster => Cores(Sheet.ClusterMicroseconds.Values.Sum());

    public double CoresOf(string program) => Cores(Sheet.ClusterMicroseconds[program]);

    /// <summary>A shard has one writer, which is one thread.</summary>
    public int ShardsOf(string system) => (int)Math.Max(1, Math.Ceiling(Cores(Sheet.Stages[system].Microseconds)));

    public double WrittenPerSecond => PerSecond * Sheet.Order.Written;

    public double Kept => PerSecond * MeanOfPeak * Sheet.Order.Kept * TimeSpan.FromDays(DaysKept).TotalSeconds;

    public static int MachinesFor(double cores) => (int)Math.Max(1, Math.Ceiling(cores / CoresPerMachine));

    private double Cores(double microseconds) => PerSecond * microseconds / 1e6 / Utilization;
}

/// <summary>Prints the answers.</summary>
internal static class CapacityCommand
{
    /// <summary>What one machine of this kind takes, ten and a hundred times that, and the peak that Alibaba has published of 11 November 2020.</summary>
    private static readonly double[] Usual = [5_000, 50_000, 500_000, 583_000];

    public static Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var sheet = CostSheet.Read();
        var report = new Report(
            "capacity", "What so many orders a second need",
            [
                $"By `bench/cost-sheet.json`. Cores and writers are planned at {Capacity.Utilization:P0}; machines have {Capacity.CoresPerMachine} cores.",
                $"Disk: a mean of {Capacity.MeanOfPeak:P0} of the peak, {Capacity.DaysKept} days.",
                "Inventory and Notifications have one shard in an installation: a larger number stands for so many installations.",
                $"More than {Capacity.MostShards} shards of a system do not fit into ids: then it takes several installations.",
            ],
            ["Orders per second", "In files: cores", "Machines", .. StageCosts.Systems.Select(system => $"Shards of {system}"), "Written MB/s", "Kept TB",
                "On PostgreSQL and RabbitMQ: cores", "of these PostgreSQL", "Machines"]);
        double[] wanted = context.Settings.OrdersPerSecond is { } one ? [one] : Usual;
        foreach (var capacity in wanted.Select(perSecond => new Capacity(sheet, perSecond)))
        {
            report.Add(
            [
                Number(capacity.PerSecond), Number(capacity.CoresInFiles), Number(Capacity.MachinesFor(capacity.CoresInFiles)),
                .. StageCosts.Systems.Select(system => Number(capacity.ShardsOf(system))),
                Number(capacity.WrittenPerSecond / 1e6), Number(capacity.Kept / 1e12),
                Number(capacity.CoresInCluster), Number(capacity.CoresOf("PostgreSQL")), Number(Capacity.MachinesFor(capacity.CoresInCluster)),
            ]);
        }
        report.Show(context.Console);
        return Task.CompletedTask;
    }

    private static string Number(double value) => value.ToString(value < 10 ? "0.#" : "N0", CultureInfo.InvariantCulture);
}
