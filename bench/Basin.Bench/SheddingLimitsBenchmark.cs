using Basin.Engines.Tests.Limits.Shedding;
using Basin.Limits;

namespace Basin.Bench;

/// <summary>Ways to find a limit, each on the same simulated hosts, whose capacity is known.</summary>
internal static class SheddingLimitsBenchmark
{
    private const int Seconds = 30;
    private const int Settled = 10;
    private const double Most = 1024;

    private static readonly (string Name, Func<ISimulatedLimit> Make)[] Limits =
    [
        ("None (1,024)", () => new FixedLimit(Most)),
        ("Late answers (250 ms)", () => new TimeoutLimit(0.25, Most)),
        ("Vegas", () => new VegasLimit(Most)),
        ("Gradient2", () => new Gradient2Limit(Most)),
        ("Standing queue (15 ms)", () => new StandingQueueLimit(new AdaptiveLimit(8, (int)Most, TimeSpan.FromMilliseconds(15)), Most)),
    ];

    public static Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var report = new Report(
            "shedding-limits",
            $"Ways to find a limit, simulated for {Seconds} s from one seed",
            [
                $"After the first {Settled} s. Good: answered within a second, over what the host could do, or over what was asked where that is less.",
                "Pages: 2 processors, 1 ms each, ten times what they can do. Halved: the same, and from 15 s on each takes 2 ms.",
                "Mixed: as pages, where one request in ten takes 100 times as long; four times what they can do.",
                "Commit: 0.1 ms on a processor, then a commit of 20 ms that serves all who wait for it; 256 clients who ask again at once, refused ones after 50 ms.",
            ],
            ["Limit", "Pages good", "p99 ms", "Halved good", "p99 ms", "Mixed good", "p99 ms", "Commit, of no limit", "refused"]);
        var pages = new SimulatedShape(2, 0.001);
        var uneven = pages with { LongShare = 0.1, LongTimes = 100 };
        var commit = new SimulatedShape(2, 0.0001, 0.02);
        var unlimited = Run(new FixedLimit(Most), _ => commit, _ => 0, clients: 256).Sum(second => second.Seconds.Count);
        foreach (var (name, make) in Limits)
        {
            cancellation.ThrowIfCancellationRequested();
            var plain = Run(make(), _ => pages, _ => 10 * pages.Capacity);
            var halved = Run(make(), now => now < 15 ? pages : pages with { WorkSeconds = 0.002 }, _ => 10 * pages.Capacity).Skip(10).ToList();
            var mixed = Run(make(), _ => uneven, _ => 4 * uneven.Capacity);
            var clients = Run(make(), _ => commit, _ => 0, clients: 256);
            report.Add(
                name,
                $"{Good(plain) / pages.Capacity:P0}", $"{P99(plain):F0}",
                $"{Good(halved) / pages.Capacity * 2:P0}", $"{P99(halved):F0}",
                $"{Good(mixed) / uneven.Capacity:P0}", $"{P99(mixed):F0}",
                $"{(double)clients.Sum(second => second.Seconds.Count) / unlimited:P0}", $"{clients.Sum(second => second.Refused):N0}");
        }
        report.Show(context.Console);
        return Task.CompletedTask;
    }

    private static List<SimulatedSecond> Run(ISimulatedLimit limit, Func<double, SimulatedShape> shape, Func<double, double> arrivals, int clients = 0) =>
        [.. new SimulatedHost(20261122, shape, arrivals, limit, clients).Run(Seconds).Skip(Settled)];

    private static double Good(List<SimulatedSecond> seconds) => seconds.Average(second => second.Seconds.Count(each => each <= 1));

    private static double P99(List<SimulatedSecond> seconds)
    {
        var all = seconds.SelectMany(second => second.Seconds).Order().ToList();
        return all.Count == 0 ? double.NaN : all[(int)(0.99 * (all.Count - 1))] * 1000;
    }
}
