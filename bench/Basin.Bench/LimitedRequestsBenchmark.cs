using System.Security.Cryptography;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>What it costs a request that it is counted, by the processor time of the server: the cheapest route there is, with limits and without.</summary>
internal static class LimitedRequestsBenchmark
{
    private const int WarmUpSeconds = 3;
    private const string Path = "/v1/limits/policies/api";

    private static string Script => System.IO.Path.Combine(Workplace.Root, "bench", "get.lua");

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        ServerVariant[] variants = [Variant("not counted", isCounted: false), Variant("counted by two limits", isCounted: true)];
        await variants[0].BuildAsync(cancellation);
        var samples = variants.ToDictionary(variant => variant.Name, _ => new List<Sample>());
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var variant in variants)
            {
                var sample = await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {variant.Name}", _ => MeasureAsync(variant, settings, time, cancellation));
                samples[variant.Name].Add(sample);
                console.MarkupLineInterpolated($"{round}  {variant.Name,-25} [bold]{sample.CpuUs,6:F2} us[/] of CPU a request  {sample.PerSecond,9:N0}/s");
            }
        }
        Show(console, settings, samples, samples[variants[0].Name]);
    }

    private sealed record Sample(double CpuUs, double PerSecond);

    private static void Show(IAnsiConsole console, BenchmarkSettings settings, Dictionary<string, List<Sample>> samples, List<Sample> floor)
    {
        var report = new Report(
            "limited-requests",
            $"What a request costs more that is counted, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                "Medians over the rounds; what is added is taken within each round.",
                $"`GET {Path}`: authenticated, without a read of the store. Counted by caller and by tenant; the answer has the headers.",
                $"CPU: of the server's process. Clients: wrk on the same machine, closed loop, one thread, {settings.Clients} connections.",
            ],
            ["Variant", "CPU us per request", "min..max", "Added us", "min..max", "Per second"]);
        foreach (var (name, ours) in samples)
        {
            var added = ours.Zip(floor, (sample, other) => sample.CpuUs - other.CpuUs).ToList();
            report.Add(
                name, $"{Spread.Median(ours.Select(sample => sample.CpuUs)):F2}", Spread.Of(ours.ConvertAll(sample => sample.CpuUs), "F2"),
                $"{Spread.Median(added):F2}", Spread.Of(added, "F2"), $"{Spread.Median(ours.Select(sample => sample.PerSecond)):N0}");
        }
        report.Show(console);
    }

    private static ServerVariant Variant(string name, bool isCounted)
    {
        const string Limits = "Basin__Limits__Policies__api__Limits__";
        return new ServerVariant(name, "src/Basin.Host", [], new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BASIN_OPERATOR_KEY"] = RandomNumberGenerator.GetHexString(40, lowercase: true),
            ["Basin__Limits__Enabled"] = isCounted ? "true" : "false",
            [$"{Limits}0__Per__0"] = "Caller",
            [$"{Limits}0__Permits"] = "10000000",
            [$"{Limits}1__Per__0"] = "Tenant",
            [$"{Limits}1__Permits"] = "10000000",
        });
    }

    private static async Task<Sample> MeasureAsync(ServerVariant variant, BenchmarkSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        using var data = new DataDirectory("limited");
        using var server = await RunningServer.StartAsync(variant, data, time, cancellation);
        await LoadAsync(WarmUpSeconds);
        var before = server.ProcessorTime;
        var result = await LoadAsync(settings.Seconds);
        return new Sample((server.ProcessorTime - before).TotalMicroseconds / result.Requests, result.PerSecond);

        Task<WrkResult> LoadAsync(int seconds) => Wrk.RunAsync(
            server.Address, Script, seconds, settings.Clients, new(variant.Environment) { ["BENCH_PATH"] = Path }, cancellation);
    }
}
