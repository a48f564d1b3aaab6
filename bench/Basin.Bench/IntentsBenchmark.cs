using System.Security.Cryptography;
using System.Text.Json;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Payment intents per second over Stripe's API: written down alone, held, and confirmed with the money taken.</summary>
internal static class IntentsBenchmark
{
    private const int WarmUpSeconds = 5;

    private static readonly string Script = Path.Combine(Workplace.Root, "bench", "intents.lua");

    /// <summary>What is asked for, by its name in the table; the first is the one that others are read against.</summary>
    private static readonly (string Name, string Form)[] Kinds =
    [
        ("made", "amount=2000&currency=eur"),
        ("held", "amount=2000&currency=eur&confirm=true&capture_method=manual"),
        ("confirmed", "amount=2000&currency=eur&confirm=true"),
    ];

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var variant = Variant();
        var comparison = new Comparison("intents", $"Durable `POST /stripe/v1/payment_intents`, {settings.Rounds} rounds of {settings.Seconds} s",
        [
            "Each request has its own `Idempotency-Key`, a customer and a card of the vault that was charged before.",
            "Made: the intent and its event. Held: the provider has answered. Confirmed: it has also taken the money; balance, fee and the ledger's legs are asked for.",
            "Durability: an answer is sent after the commit is flushed (SQLite, WAL, `synchronous=FULL`); the sandbox provider is durable too.",
            $"Clients: wrk on the same machine, closed loop, one thread, {settings.Clients} connections.",
            "Every measurement starts a new server on empty data and warms it up; the kinds take turns within each round.",
        ]);
        await console.Status().StartAsync($"Building {variant.Name}", _ => variant.BuildAsync(cancellation));
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var (name, form) in Kinds)
            {
                var result = await console.Status().StartAsync(
                    $"Round {round} of {settings.Rounds}: {name}", _ => MeasureAsync(variant, form, settings, context, cancellation));
                comparison.Add(name, result);
                console.MarkupLineInterpolated($"round {round}  [bold]{name,-9}[/] {result.PerSecond,9:N0}/s  p50 {result.P50:F1} ms  p99 {result.P99:F1} ms");
            }
        }
        comparison.Show(console);
    }

    /// <summary>One key for both sides of the wire, known to nobody else and gone with the run.</summary>
    private static ServerVariant Variant() => new("basin", "src/Basin.Host", [], new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["BASIN_OPERATOR_KEY"] = RandomNumberGenerator.GetHexString(40, lowercase: true),
    });

    private static async Task<WrkResult> MeasureAsync(
        ServerVariant variant, string form, BenchmarkSettings settings, BenchmarkContext context, CancellationToken cancellation)
    {
        using var data = new DataDirectory(variant.Name);
        using var server = await RunningServer.StartAsync(variant, data, context.Time, cancellation);
        using var http = new HttpClient { BaseAddress = server.Address };
        http.DefaultRequestHeaders.Authorization = new("Bearer", variant.Environment["BASIN_OPERATOR_KEY"]);
        var customer = await MakeAsync(http, "customers", "name=Ada", cancellation);
        var method = await MakeAsync(http, "payment_methods/pm_card_visa/attach", $"customer={customer}", cancellation);
        var whole = $"{form}&customer={customer}&payment_method={method}";
        await LoadAsync("warm-up", WarmUpSeconds);
        return await LoadAsync("measured", settings.Seconds);

        Task<WrkResult> LoadAsync(string keyPrefix, int seconds)
        {
            var environment = new Dictionary<string, string>(
                [.. variant.Environment, new("BENCH_KEY_PREFIX", keyPrefix), new("BENCH_FORM", whole)]);
            return Wrk.RunAsync(server.Address, Script, seconds, settings.Clients, environment, cancellation);
        }
    }

    private static async Task<string> MakeAsync(HttpClient http, string path, string form, CancellationToken cancellation)
    {
        using var body = new StringContent(form, System.Text.Encoding.UTF8, "application/x-www-form-urlencoded");
        using var made = await http.PostAsync(new Uri($"/stripe/v1/{path}", UriKind.Relative), body, cancellation);
        var text = await made.Content.ReadAsStringAsync(cancellation);
        if (!made.IsSuccessStatusCode)
            throw new BenchmarkException($"{path} was refused:\n{text}");
        using var json = JsonDocument.Parse(text);
        return json.RootElement.GetProperty("id").GetString()!;
    }
}
