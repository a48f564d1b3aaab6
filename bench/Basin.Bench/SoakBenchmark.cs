using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Whether the pipeline is as fast, and its process as small, after millions of orders as after the first.</summary>
internal static class SoakBenchmark
{
    private const int Steps = 20;

    /// <summary>Ids and times of all would be what grows.</summary>
    private const int OneOf = 1000;

    private sealed record Step(double PerMinute, double Microseconds, double ResidentMegabytes, double FilesGigabytes, double LogsMegabytes, double ReservedP50);

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        if (settings.Orders < Steps)
            throw new BenchmarkException($"The soak has {Steps} parts, so it takes at least as many orders.");
        using var data = new DataDirectory("soak");
        var steps = new List<Step>();
        await using (var shop = await ShopInProcess.StartAsync(data, PipelineBenchmark.Settings, cancellation))
        {
            using var customers = new Customers(shop, time, settings.Clients, OneOf);
            for (var number = 1; number <= Steps; number++)
            {
                var step = await console.Status().StartAsync($"Part {number} of {Steps}", async status =>
                {
                    using var telling = customers.Tell(text => status.Status($"Part {number} of {Steps}: {text}"));
                    return Look(data, await customers.ComeAsync(new Load("as fast as they are served", Orders: settings.Orders / Steps), cancellation));
                });
                steps.Add(step);
                console.MarkupLineInterpolated(
                    $"{customers.Ended,12:N0} orders  [bold]{step.PerMinute,9:N0}[/]/min  {step.ResidentMegabytes,6:N0} MB  files {step.FilesGigabytes:F1} GB  logs {step.LogsMegabytes:N0} MB");
            }
            await console.Status().StartAsync("Comparing the books", _ => customers.AuditAsync(
                promises => PipelineBooks.FindDifferenceAsync(shop, promises, cancellation), cancellation));
        }
        var readyAfter = await console.Status().StartAsync("Starting again", _ => StartAgainAsync(data, time, cancellation));
        console.MarkupLineInterpolated($"ready after [bold]{readyAfter.TotalSeconds:F1}[/] s");
        Report(steps, settings.Orders, readyAfter).Show(console);
    }

    private static Step Look(DataDirectory data, Visit visit)
    {
        using var self = Process.GetCurrentProcess();
        return new Step(
            visit.PerSecond * 60,
            visit.Cost.MicrosecondsOf(Cost.Self) / visit.Orders,
            self.WorkingSet64 / 1e6,
            BytesOf(data, "*.db") / 1e9,
            BytesOf(data, "*.db-wal") / 1e6,
            visit.Reserved.P50);
    }

    private static long BytesOf(DataDirectory data, string pattern) =>
        new DirectoryInfo(data.Path).EnumerateFiles(pattern, SearchOption.AllDirectories).Sum(file => file.Length);

    /// <summary>A process of its own, from its start until it says that it is ready.</summary>
    private static async Task<TimeSpan> StartAgainAsync(DataDirectory data, TimeProvider time, CancellationToken cancellation)
    {
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var variant = new ServerVariant("basin", "src/Basin.Host", [], new Dictionary<string, string> { ["BASIN_OPERATOR_KEY"] = secret });
        await variant.BuildAsync(cancellation);
        var began = time.GetTimestamp();
        using var server = await RunningServer.StartAsync(variant, data, time, cancellation);
        return time.GetElapsedTime(began);
    }

    private static Report Report(List<Step> steps, int orders, TimeSpan readyAfter)
    {
        var report = new Report(
            "soak", $"{orders:N0} orders through all five stages, without a pause",
            [
                "The orders and the process of `pipeline`; the clients are part of it. Nothing was deleted but events that all consumers have passed.",
                $"The last part was as fast as {steps[^1].PerMinute / steps[0].PerMinute:P0} of the first.",
                $"After all of them the books agreed, and a new process was ready after {readyAfter.TotalSeconds.ToString("F1", CultureInfo.InvariantCulture)} s.",
            ],
            ["Orders", "Per minute", "CPU us per order", "Reserved p50 ms", "Resident MB", "Files GB", "Logs MB"]);
        foreach (var (step, number) in steps.Select((step, i) => (step, i + 1)))
        {
            report.Add(
                $"{(long)orders * number / Steps:N0}", $"{step.PerMinute:N0}", $"{step.Microseconds:F0}", $"{step.ReservedP50:F0}", $"{step.ResidentMegabytes:N0}",
                $"{step.FilesGigabytes:F1}", $"{step.LogsMegabytes:N0}");
        }
        var axis = $"parts of {orders / Steps:N0} orders";
        report.AddChart("Orders per minute", "thousands", axis, [.. steps.Select(step => step.PerMinute / 1000)]);
        report.AddChart("Resident memory", "MB", axis, [.. steps.Select(step => step.ResidentMegabytes)]);
        report.AddChart("Files", "GB", axis, [.. steps.Select(step => step.FilesGigabytes)]);
        return report;
    }
}
