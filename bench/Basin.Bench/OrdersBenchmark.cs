using System.Security.Cryptography;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Durable <c>POST /v1/orders</c> per second: Basin's whole write path against an endpoint that only stores the body.</summary>
internal static class OrdersBenchmark
{
    private const int WarmUpSeconds = 4;

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

    private static ServerVariant[] Variants(string? only)
    {
        // One key for both sides of the wire, known to nobody else and gone with the run.
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var key = new Dictionary<string, string>(StringComparer.Ordinal) { ["BASIN_OPERATOR_KEY"] = secret };
        ServerVariant[] all =
        [
            new("floor", "bench/Basin.Floor", [], key),
            new("basin", "src/Basin.Host", ["--demo"], key),
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
        using var server = await RunningServer.StartAsync(variant, time, cancellation);
        await LoadAsync("warm-up", WarmUpSeconds, [new("BENCH_EXPLAIN", "1")]);
        return await LoadAsync("measured", settings.Seconds, []);

        Task<WrkResult> LoadAsync(string keyPrefix, int seconds, KeyValuePair<string, string>[] more)
        {
            var environment = new Dictionary<string, string>([.. variant.Environment, .. more, new("BENCH_KEY_PREFIX", keyPrefix)]);
            return Wrk.RunAsync(server.Address, Script, seconds, settings.Clients, environment, cancellation);
        }
    }
}
