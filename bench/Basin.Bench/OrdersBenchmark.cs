using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Durable <c>POST /v1/orders</c> per second: Basin's whole write path against an endpoint that only stores the body.</summary>
internal static class OrdersBenchmark
{
    private const string Floor = "floor";
    private const int Products = 5_000;
    private const int WarmUpSeconds = 10;
    private static readonly TimeSpan SettleLimit = TimeSpan.FromMinutes(3);

    private static readonly string Script = Path.Combine(Workplace.Root, "bench", "orders.lua");

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var variants = Variants(settings.Only);
        var comparison = new Comparison("orders", $"Durable `POST /v1/orders`, {settings.Rounds} rounds of {settings.Seconds} s",
        [
            "Payload: 1 to 3 lines over 5,000 SKUs, about 260 bytes of JSON, its own `Idempotency-Key` on every request.",
            "Durability: an answer is sent after the commit is flushed (SQLite, WAL, `synchronous=FULL`), many orders per commit.",
            $"Clients: wrk on the same machine, closed loop, one thread, {settings.Clients} connections.",
            "Every measurement starts a new server on empty data and warms it up; the variants take turns within each round.",
            "Requests go first: while they crowd, the way of their orders through payment, stock, shipping and notifications waits.",
            "Keys count upwards, as a client's own numbers do; with random-keys they are random, as UUIDs are, and each has its own page of the index.",
            "The last column counts until the last order of the load is delivered; the floor has no such way.",
        ]);

        foreach (var variant in variants)
            await console.Status().StartAsync($"Building {variant.Name}", _ => variant.BuildAsync(cancellation));
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var variant in variants)
            {
                var result = await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {variant.Name}", _ => MeasureAsync(variant, settings, time, cancellation));
                comparison.Add(variant.Name, result);
                console.MarkupLineInterpolated(
                    $"round {round}  [bold]{variant.Name,-6}[/] {result.PerSecond,9:N0}/s  p50 {result.P50:F1} ms  p99 {result.P99:F1} ms");
            }
        }
        comparison.Show(console);
    }

    /// <summary>The floor looks at none, so it is given some of the same length.</summary>
    private static async Task<string[]> SkusAsync(Uri address, ServerVariant variant, TimeProvider time, CancellationToken cancellation)
    {
        if (variant.Name == Floor)
            return [.. Enumerable.Range(0, Products).Select(product => $"BSN-{product:00000}-01")];
        using var http = ClientOf(address, variant);
        return await SkusAsync(http, time, cancellation);
    }

    /// <summary>The first SKU of each product, once the demo has filled the shop.</summary>
    private static async Task<string[]> SkusAsync(HttpClient http, TimeProvider time, CancellationToken cancellation)
    {
        while (true)
        {
            var lines = await http.GetStringAsync("/v1/products/export", cancellation);
            var skus = lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(FirstSku).ToArray();
            if (skus.Length == Products)
                return skus;
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    private static string FirstSku(string product)
    {
        using var json = JsonDocument.Parse(product);
        return json.RootElement.GetProperty("variants")[0].GetProperty("sku").GetString()!;
    }

    /// <summary>Waits until all that follows from the orders is done.</summary>
    private static async Task SettleAsync(Uri address, ServerVariant variant, TimeProvider time, CancellationToken cancellation)
    {
        if (variant.Name == Floor)
            return;
        using var http = ClientOf(address, variant);
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < SettleLimit; await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellation))
        {
            var metrics = await http.GetStringAsync("/metrics", cancellation);
            // A sample is a name with labels, a space and a value.
            var owed = metrics.Split('\n').Where(IsBacklog).Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
            if (owed == 0)
                return;
        }
        throw new BenchmarkException($"What follows from the orders was not done within {SettleLimit.TotalSeconds:F0} s.");
    }

    private static bool IsBacklog(string sample) =>
        sample.StartsWith("basin_events_lag{", StringComparison.Ordinal) || sample.StartsWith("basin_jobs_waiting{", StringComparison.Ordinal);

    private static HttpClient ClientOf(Uri address, ServerVariant variant)
    {
        var http = new HttpClient { BaseAddress = address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", variant.Environment["BASIN_OPERATOR_KEY"]);
        return http;
    }

    private static ServerVariant[] Variants(string? only)
    {
        // One key for both sides of the wire, known to nobody else and gone with the run.
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["BASIN_OPERATOR_KEY"] = secret,
            ["Basin__Notifications__Email"] = "false",
            ["Basin__Shipping__DispatchAfter"] = "00:00:00.100",
            ["Basin__Shipping__DeliverAfter"] = "00:00:00.100",
        };
        ServerVariant[] all =
        [
            new(Floor, "bench/Basin.Floor", [], environment),
            new("basin", "src/Basin.Host", ["--demo"], environment),
            new("random-keys", "src/Basin.Host", ["--demo"], new Dictionary<string, string>(environment, StringComparer.Ordinal) { ["BENCH_KEYS"] = "random" }),
        ];
        if (only is null)
            return all;
        return all.FirstOrDefault(variant => variant.Name == only) is { } one
            ? [one]
            : throw new BenchmarkException($"--only takes one of: {string.Join(", ", all.Select(variant => variant.Name))}.");
    }

    private static async Task<WrkResult> MeasureAsync(
        ServerVariant variant, BenchmarkSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        using var data = new DataDirectory(variant.Name);
        using var server = await RunningServer.StartAsync(variant, data, time, cancellation);
        var skus = Path.Combine(data.Path, "skus");
        await File.WriteAllLinesAsync(skus, await SkusAsync(server.Address, variant, time, cancellation), cancellation);
        await LoadAsync("warm-up", WarmUpSeconds, [new("BENCH_EXPLAIN", "1")]);
        await SettleAsync(server.Address, variant, time, cancellation);
        var result = await LoadAsync("measured", settings.Seconds, []);
        var ended = time.GetTimestamp();
        await SettleAsync(server.Address, variant, time, cancellation);
        return result with { SecondsAfter = variant.Name == Floor ? 0 : time.GetElapsedTime(ended).TotalSeconds };

        Task<WrkResult> LoadAsync(string keyPrefix, int seconds, KeyValuePair<string, string>[] more)
        {
            var environment = new Dictionary<string, string>(
                [.. variant.Environment, .. more, new("BENCH_KEY_PREFIX", keyPrefix), new("BENCH_SKUS", skus)]);
            return Wrk.RunAsync(server.Address, Script, seconds, settings.Clients, environment, cancellation);
        }
    }
}
