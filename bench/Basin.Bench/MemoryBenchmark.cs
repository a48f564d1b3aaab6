using Spectre.Console;

namespace Basin.Bench;

/// <summary>Memory of the host while nobody asks it for anything, and how long its starts take.</summary>
internal static class MemoryBenchmark
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report(
            "memory",
            $"Idle memory and start, {settings.Rounds} rounds",
            [
                "Medians over the rounds. A start is timed from the command to the first answer of `/health/ready`.",
                $"Memory is the resident set of the process {Idle.TotalSeconds:F0} s later, without a request in between; a part of it is shared with other .NET processes.",
                "The first start makes the databases and fills the shop with 5,000 products; the warm one finds them.",
            ],
            ["Start", "Seconds to ready", "min..max", "Idle MiB", "min..max"]);
        var (first, warm) = (new List<Sample>(), new List<Sample>());
        var variant = new ServerVariant("basin", "src/Basin.Host", ["--demo"], new Dictionary<string, string>());
        await console.Status().StartAsync("Building", _ => variant.BuildAsync(cancellation));
        for (var round = 1; round <= settings.Rounds; round++)
        {
            using var data = new DataDirectory("memory");
            foreach (var (name, samples) in new[] { ("first", first), ("warm", warm) })
            {
                samples.Add(await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {name} start", _ => MeasureAsync(variant, data, time, cancellation)));
                console.MarkupLineInterpolated($"round {round}  {name,-5} {samples[^1].Seconds:F2} s  [bold]{samples[^1].Megabytes:F0} MiB[/]");
            }
        }
        report.Add(Row("First", first));
        report.Add(Row("Warm", warm));
        report.Show(console);
    }

    private sealed record Sample(double Seconds, double Megabytes);

    private static async Task<Sample> MeasureAsync(ServerVariant variant, DataDirectory data, TimeProvider time, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        using var server = await RunningServer.StartAsync(variant, data, time, cancellation);
        var seconds = time.GetElapsedTime(began).TotalSeconds;
        await Task.Delay(Idle, time, cancellation);
        return new Sample(seconds, server.ResidentBytes / 1024.0 / 1024.0);
    }

    private static string[] Row(string start, List<Sample> samples)
    {
        var (seconds, megabytes) = (samples.ConvertAll(sample => sample.Seconds), samples.ConvertAll(sample => sample.Megabytes));
        return [start, $"{Spread.Median(seconds):F2}", Spread.Of(seconds, "F2"), $"{Spread.Median(megabytes):F0}", Spread.Of(megabytes, "F0")];
    }
}
