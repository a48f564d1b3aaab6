using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>
/// The same orders through all five stages with the data in files, in PostgreSQL, and in PostgreSQL with RabbitMQ and three processes.
/// </summary>
internal static class GrowBenchmark
{
    private const int WarmUpSeconds = 10;

    /// <summary>Enough that three processes have work at once, and few enough that waiting is not all there is to see.</summary>
    private const int Clients = 64;

    private static readonly string Script = Path.Combine(Workplace.Root, "bench", "orders.lua");
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report("grow", $"Orders through all five stages as an installation grows, {settings.Rounds} rounds of {settings.Seconds} s",
        [
            "Medians over the rounds, with smallest and largest.",
            $"Clients: wrk on the same machine, closed loop, one thread, {Clients} connections; everything shares the machine's cores.",
            "Orders of 1 to 3 lines over 5,000 SKUs; the sandbox carrier collects after 100 ms and delivers after another 100 ms. E-mail is off.",
            "Per minute: from the first order sent to the last one delivered.",
            "Files: SQLite, WAL, `synchronous=FULL`. PostgreSQL: 15, a synchronous standby on the same disk, every commit flushed twice.",
            "Three processes behind HAProxy, three nodes of RabbitMQ.",
        ],
        ["Variant", "Orders per minute", "min..max", "Taken per second", "p50 ms", "p99 ms"]);
        var results = new Dictionary<string, List<WrkResult>>();
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var (name, start) in Variants(time).Where(variant => settings.Only is null || settings.Only == variant.Name))
            {
                var result = await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {name}", _ => MeasureAsync(start, settings.Seconds, $"{round}-{name}", time, cancellation));
                results.TryAdd(name, []);
                results[name].Add(result);
                console.MarkupLineInterpolated(
                    $"round {round}  [bold]{name,-16}[/] {PerMinute(result),9:N0}/min  {result.PerSecond,7:N0}/s taken  p50 {result.P50:F0} ms  p99 {result.P99:F0} ms");
            }
        }
        foreach (var (name, rounds) in results)
        {
            var rates = rounds.ConvertAll(PerMinute);
            report.Add(
                name, $"{Spread.Median(rates):N0}", Spread.Of(rates, "N0"), $"{Spread.Median(rounds.Select(round => round.PerSecond)):N0}",
                $"{Spread.Median(rounds.Select(round => round.P50)):F0}", $"{Spread.Median(rounds.Select(round => round.P99)):F0}");
        }
        report.Show(console);
    }

    private static double PerMinute(WrkResult result) => result.CarriedThroughPerSecond * 60;

    private static (string Name, Func<CancellationToken, Task<Installation>> Start)[] Variants(TimeProvider time) =>
    [
        ("files", cancellation => Installation.InFilesAsync(Settings, time, cancellation)),
        ("postgres", cancellation => Installation.InClusterAsync("up-one", Settings, cancellation)),
        ("cluster", cancellation => Installation.InClusterAsync("up", Settings, cancellation)),
    ];

    private static IReadOnlyList<string> Settings =>
    [
        "--demo", "--Basin:Notifications:Email=false",
        "--Basin:Shipping:DispatchAfter=00:00:00.100", "--Basin:Shipping:DeliverAfter=00:00:00.100",
    ];

    private static async Task<WrkResult> MeasureAsync(
        Func<CancellationToken, Task<Installation>> start, int seconds, string run, TimeProvider time, CancellationToken cancellation)
    {
        await using var installation = await start(cancellation);
        using var http = new HttpClient { BaseAddress = installation.Address, DefaultRequestHeaders = { Authorization = new("Bearer", installation.Key) } };
        var skus = Path.Combine(Workplace.Results, $"skus-{Environment.ProcessId}");
        await File.WriteAllLinesAsync(skus, await OrdersBenchmark.SkusAsync(http, time, cancellation), cancellation);
        await LoadAsync("warm-up", WarmUpSeconds);
        await SettleAsync(http, time, cancellation);
        var result = await LoadAsync("measured", seconds);
        var ended = time.GetTimestamp();
        await SettleAsync(http, time, cancellation);
        File.Delete(skus);
        return result with { SecondsAfter = time.GetElapsedTime(ended).TotalSeconds };

        Task<WrkResult> LoadAsync(string part, int duration) => Wrk.RunAsync(
            installation.Address, Script, duration, Clients,
            new Dictionary<string, string>
            {
                ["BASIN_OPERATOR_KEY"] = installation.Key,
                ["BENCH_KEY_PREFIX"] = $"{run}-{part}",
                ["BENCH_SKUS"] = skus,
                ["BENCH_EXPLAIN"] = "1",
            },
            cancellation);
    }

    /// <summary>Waits until no order is on its way, whichever process leads it.</summary>
    private static async Task SettleAsync(HttpClient http, TimeProvider time, CancellationToken cancellation)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < SettleLimit; await Task.Delay(TimeSpan.FromMilliseconds(250), time, cancellation))
        {
            if (await NoneIsUnderWayAsync(http, cancellation))
                return;
        }
        throw new BenchmarkException($"The orders were not delivered within {SettleLimit.TotalMinutes.ToString("F0", CultureInfo.InvariantCulture)} minutes.");
    }

    private static async Task<bool> NoneIsUnderWayAsync(HttpClient http, CancellationToken cancellation)
    {
        foreach (var state in new[] { "placed", "authorized", "reserved", "shipped", "cancelling" })
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"/v1/orders?state={state}&limit=1", cancellation));
            if (page.RootElement.GetProperty("items").GetArrayLength() > 0)
                return false;
        }
        return true;
    }

    /// <summary>Something that runs and takes orders until it is disposed.</summary>
    private sealed class Installation(Uri address, string key, Func<ValueTask> stop) : IAsyncDisposable
    {
        public Uri Address => address;

        public string Key => key;

        public static async Task<Installation> InFilesAsync(IReadOnlyList<string> settings, TimeProvider time, CancellationToken cancellation)
        {
            var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
            var variant = new ServerVariant("files", "src/Basin.Host", settings, new Dictionary<string, string> { ["BASIN_OPERATOR_KEY"] = secret });
            await variant.BuildAsync(cancellation);
            var data = new DataDirectory("grow");
            var server = await RunningServer.StartAsync(variant, data, time, cancellation);
            return new Installation(server.Address, secret, () =>
            {
                server.Dispose();
                data.Dispose();
                return ValueTask.CompletedTask;
            });
        }

        public static async Task<Installation> InClusterAsync(string command, IReadOnlyList<string> settings, CancellationToken cancellation)
        {
            // The servers' users must be able to reach it, and it must be a disk.
            var directory = $"/var/tmp/basin-bench-{Environment.ProcessId}";
            await ScriptAsync([command, directory, .. settings], cancellation);
            var environment = (await File.ReadAllLinesAsync(Path.Combine(directory, "cluster.env"), cancellation))
                .Select(line => line.Split('=', 2)).Where(parts => parts.Length == 2).ToDictionary(parts => parts[0], parts => parts[1].Trim('\''));
            return new Installation(new Uri(environment["CLUSTER_URL"]), environment["CLUSTER_KEY"], async () =>
            {
                await ScriptAsync(["down", directory], CancellationToken.None);
                Directory.Delete(directory, recursive: true);
            });
        }

        private static async Task ScriptAsync(IEnumerable<string> arguments, CancellationToken cancellation)
        {
            using var script = ChildProcess.Start(
                "bash", ["-c", "exec \"$@\" </dev/null >/dev/null", "bash", Path.Combine(Workplace.Root, "eng", "cluster.sh"), .. arguments]);
            if (await script.WaitAsync(cancellation) != 0)
                throw new BenchmarkException($"cluster.sh failed:\n{script.Output}");
        }

        public ValueTask DisposeAsync() => stop();
    }
}
