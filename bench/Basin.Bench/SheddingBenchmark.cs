using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Basin.Kernel.Hosting;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>A host under ten, and a hundred, times the load that it sustains: who is still served, how fast, what a refusal costs, and when all is well again.</summary>
internal static partial class SheddingBenchmark
{
    private const int HostProcessor = 0;
    private const int StepSeconds = 4;
    private const int AfterSeconds = 12;
    private const double FirstRate = 100;
    private const double Growth = 1.25;
    private const double PatienceMs = 250;
    private const double MostRefused = 0.001;
    private const int Products = 5_000;
    private const string Checkout = "checkout";

    private static readonly string[] Customers = [Checkout, "cart", "browse"];

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        if (Environment.ProcessorCount > 1)
            throw new BenchmarkException("Host and load must not take each other's processor: run it as taskset --cpu-list 1 ./eng/bench.sh shedding.");
        var secret = RandomNumberGenerator.GetHexString(40, lowercase: true);
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["BASIN_OPERATOR_KEY"] = secret };
        var variant = new ServerVariant("basin", "src/Basin.Host", ["--demo"], environment) { Processor = HostProcessor };
        await console.Status().StartAsync("Building", _ => variant.BuildAsync(cancellation));
        await MeasureOverloadAsync(variant, secret, settings, console, time, cancellation);
        await MeasureCostAsync(variant, secret, settings, console, time, cancellation);
    }

    private static async Task MeasureOverloadAsync(
        ServerVariant variant, string secret, BenchmarkSettings settings, IAnsiConsole console, TimeProvider time, CancellationToken cancellation)
    {
        using var data = new DataDirectory("shedding");
        using var server = await RunningServer.StartAsync(variant, data, time, cancellation);
        var goods = await GoodsAsync(server.Address, secret, time, cancellation);
        var load = new OpenLoad(server.Address, KindsOf(goods, secret), new Randomness(20261122), time);
        await load.RunAsync(FirstRate, 10, () => 0, cancellation);
        var sustained = await FindSustainedAsync(load, settings.Seconds, console, cancellation);

        var report = new Report(
            "shedding",
            $"A host at ten and at a hundred times the load that it sustains, {settings.Seconds} s each",
            [
                $"Sustained: {sustained:N0} requests/s, the highest of steps of {Growth} at which one of 1,000 is refused at most and {PatienceMs} ms are enough for 99 of 100 checkouts.",
                "Of 100 requests 10 are orders (checkout), 15 new carts (cart), 65 pages of the shop and lists of products (browse), 10 reads of events (background).",
                "Open loop over plain sockets, HTTP/1.1, up to 2,000 connections of each class; latency of what was answered, from the moment when the request was due.",
                "The host runs alone on one processor, the load on another. Orders are durable (SQLite, `synchronous=FULL`) and carried through as always.",
                "Good: answered as asked. Lost: no answer within 5 s, or no connection free.",
            ],
            ["Load", "Sent/s", "Class", "Good/s", "Good of sent", "Refused/s", "Lost/s", "p50 ms", "p99 ms", "Memory MiB"]);
        var before = await PhaseAsync("1x, before", sustained);
        var resident = server.ResidentBytes;
        foreach (var times in (int[])[10, 100])
        {
            var during = await PhaseAsync($"{times}x", sustained * times);
            var after = await load.RunAsync(sustained * 0.8, AfterSeconds, () => server.ResidentBytes, cancellation);
            Add($"0.8x, after {times}x", after);
            console.MarkupLineInterpolated(
                $"[bold]{times}x[/]: checkout at {GoodOf(during, Checkout) / GoodOf(before, Checkout):P0} of before, p99 {during.Kinds[Checkout].P99:F0} ms after {before.Kinds[Checkout].P99:F0} ms; normal after {RecoveryOf(after)} s; memory {resident >> 20} to {during.MostResident >> 20} MiB");
        }
        report.Show(console);
        load.Close();

        async Task<LoadResult> PhaseAsync(string name, double rate)
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var views = WatchAsync(server.Address, secret, time, ending.Token);
            var result = await console.Status().StartAsync(name, _ => load.RunAsync(rate, settings.Seconds, () => server.ResidentBytes, cancellation));
            await ending.CancelAsync();
            Add(name, result);
            console.MarkupLineInterpolated($"{name}: checkout's p99 by second: {string.Join(", ", Enumerable.Range(0, result.Seconds).Select(second => $"{result.Kinds[Checkout].P99In(second):F0}"))} ms");
            console.MarkupLineInterpolated($"{name}: the generator at most {result.LateMs:F0} ms late for 99 of 100; the host's limit, in flight, waiting, queue: {string.Join("; ", await views)}");
            return result;
        }

        void Add(string name, LoadResult result)
        {
            foreach (var (kind, seen) in result.Kinds)
            {
                report.Add(
                    name, PerSecond(seen.Sent, result), kind, PerSecond(seen.Good.Sum(), result), $"{(double)seen.Good.Sum() / seen.Sent:P0}",
                    PerSecond(seen.Refused.Sum(), result), PerSecond(seen.Lost.Sum(), result), $"{seen.P50:F1}", $"{seen.P99:F1}",
                    $"{result.MostResident >> 20}");
            }
        }
    }

    /// <summary>What the host says of itself, about once a second.</summary>
    private static async Task<List<string>> WatchAsync(Uri address, string secret, TimeProvider time, CancellationToken ending)
    {
        var views = new List<string>();
        using var http = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = new("Bearer", secret) } };
        try
        {
            for (var last = ""; !ending.IsCancellationRequested;)
            {
                using var load = JsonDocument.Parse(await http.GetStringAsync("/v1/load", ending));
                var root = load.RootElement;
                if (root.GetProperty("at").GetString() is var at && at != last)
                    views.Add($"{root.GetProperty("limit")}, {root.GetProperty("inFlight")}, {root.GetProperty("waiting")}, {root.GetProperty("queueMs")} ms");
                last = at!;
                await Task.Delay(TimeSpan.FromMilliseconds(250), time, ending);
            }
        }
        catch (Exception over) when (over is OperationCanceledException or HttpRequestException)
        {
            // Enough has been seen.
        }
        return views;
    }

    /// <summary>Steps up as long as one of two short tries is met, because one long commit of the disk is not the host's; then down until a longer one is.</summary>
    private static async Task<double> FindSustainedAsync(OpenLoad load, int seconds, IAnsiConsole console, CancellationToken cancellation)
    {
        var rate = FirstRate;
        while (await IsMetAsync(StepSeconds) || await IsMetAsync(StepSeconds))
            rate *= Growth;
        do
            rate /= Growth;
        while (rate > FirstRate && !await IsMetAsync(seconds));
        return rate;

        async Task<bool> IsMetAsync(int seconds)
        {
            var result = await load.RunAsync(rate, seconds, () => 0, cancellation);
            var (p99, refused, lost) = (result.Kinds[Checkout].P99, result.Kinds.Values.Sum(kind => kind.Refused.Sum()), result.Kinds.Values.Sum(kind => kind.Lost.Sum()));
            console.MarkupLineInterpolated($"{rate,8:N0}/s for {seconds,2} s: checkout p99 {p99:F0} ms, {refused} refused, {lost} lost");
            return p99 <= PatienceMs && refused + lost <= MostRefused * result.Sent;
        }
    }

    private static double GoodOf(LoadResult result, string kind) => (double)result.Kinds[kind].Good.Sum() / result.Seconds;

    private static string PerSecond(long count, LoadResult result) => ((double)count / result.Seconds).ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The second from which on 99 of 100 customers were served; programs in the background come when what was left over is done.</summary>
    private static int RecoveryOf(LoadResult after)
    {
        for (var second = after.Seconds - 1; second >= 0; second--)
        {
            if (Customers.Any(kind => after.Kinds[kind].MissedIn(second) > 0.01))
                return second + 1;
        }
        return 0;
    }

    /// <summary>What there is to buy and to look at.</summary>
    private sealed record Goods(string[] Skus, string[] Pages);

    private static async Task<Goods> GoodsAsync(Uri address, string secret, TimeProvider time, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = new("Bearer", secret) } };
        while (true)
        {
            var lines = (await http.GetStringAsync("/v1/products/export", cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            if (lines.Length == Products)
            {
                using var list = JsonDocument.Parse(await http.GetStringAsync("/v1/products?limit=100", cancellation));
                var pages = list.RootElement.GetProperty("items").EnumerateArray().Select(item => $"/products/{item.GetProperty("id").GetString()}");
                return new Goods([.. lines.Select(FirstSku)], [.. pages, "/", "/?q=lamp", "/?q=kettle", "/v1/products?limit=20", "/v1/categories"]);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), time, cancellation);
        }
    }

    private static string FirstSku(string product)
    {
        using var json = JsonDocument.Parse(product);
        return json.RootElement.GetProperty("variants")[0].GetProperty("sku").GetString()!;
    }

    private static LoadKind[] KindsOf(Goods goods, string secret)
    {
        var (orders, pages) = (0L, 0L);
        var run = RandomNumberGenerator.GetHexString(8);
        var cart = Bytes("POST", "/v1/carts", secret, "{}");
        var events = Bytes("GET", "/v1/events?limit=20", secret);
        var looks = Array.ConvertAll(goods.Pages, page => Bytes("GET", page, secret));
        return
        [
            new(Checkout, 0.10, () => Order(goods.Skus, secret, $"{run}-{Interlocked.Increment(ref orders)}", orders)),
            new("cart", 0.15, () => cart),
            new("browse", 0.65, () => looks[Interlocked.Increment(ref pages) % looks.Length]),
            new("background", 0.10, () => events),
        ];
    }

    private static byte[] Order(string[] skus, string secret, string key, long number) => Bytes(
        "POST", "/v1/orders", secret,
        $$$"""
        {"email":"ada@example.com","shipTo":{"name":"Ada Lovelace","line1":"12 St James's Square","city":"London","postalCode":"SW1Y 4JH","country":"GB"},
        "lines":[{"sku":"{{{skus[number % skus.Length]}}}","quantity":1}],"payment":{"token":"tok_visa"}}
        """,
        $"Idempotency-Key: \"{key}\"\r\n");

    private static byte[] Bytes(string method, string path, string secret, string? body = null, string headers = "")
    {
        var content = body is null ? "" : $"Content-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n";
        var key = path.StartsWith("/v1", StringComparison.Ordinal) ? $"Authorization: Bearer {secret}\r\n" : "Accept: text/html\r\n";
        return Encoding.UTF8.GetBytes($"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}{headers}{content}\r\n{body}");
    }

    /// <summary>What a request costs the host's processor: some that are served, and one that is refused.</summary>
    private static async Task MeasureCostAsync(
        ServerVariant variant, string secret, BenchmarkSettings settings, IAnsiConsole console, TimeProvider time, CancellationToken cancellation)
    {
        var environment = new Dictionary<string, string>(variant.Environment, StringComparer.Ordinal) { ["Basin__Shedding__MostStaying"] = "1" };
        using var data = new DataDirectory("shedding-cost");
        using var server = await RunningServer.StartAsync(variant with { Environment = environment }, data, time, cancellation);
        var goods = await GoodsAsync(server.Address, secret, time, cancellation);
        using var http = new HttpClient { BaseAddress = server.Address };
        // One that stays takes the only place; all who want to stay as well are refused.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var stays = http.GetAsync("/inbox/live", HttpCompletionOption.ResponseHeadersRead, ending.Token);
        await UntilOneStaysAsync(server.Address, secret, time, cancellation);
        var report = new Report(
            "shedding-cost",
            "What a request costs the host's processor",
            [
                $"Processor time of the host over requests answered, wrk with 8 connections for {settings.Seconds} s, the host alone on one processor.",
                "The refused ask for `/inbox/live` where one live answer may be open; the way to a refusal is the same for every route.",
            ],
            ["Request", "Microseconds", "Of a page"]);
        (string Name, string Path, string? Accept)[] asked =
        [
            ("Page of a product, served", goods.Pages[0], "text/html"), ("Start page, served", "/", "text/html"), ("GET /v1/products?limit=20, served", "/v1/products?limit=20", null),
            ("Refused, as JSON", "/inbox/live", null), ("Refused, as a page", "/inbox/live", "text/html"),
        ];
        var costs = new List<double>();
        foreach (var (name, path, accept) in asked)
        {
            await AskAsync(path, accept, 2);
            var before = server.ProcessorTime;
            var requests = await AskAsync(path, accept, settings.Seconds);
            costs.Add((server.ProcessorTime - before).TotalMicroseconds / requests);
            report.Add(name, $"{costs[^1]:F1}", $"{costs[^1] / costs[0]:P1}");
        }
        report.Show(console);
        await ending.CancelAsync();
        await ((Task)stays).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        async Task<long> AskAsync(string path, string? accept, int seconds)
        {
            string[] headers = accept is null ? ["--header", $"Authorization: Bearer {secret}"] : ["--header", $"Accept: {accept}"];
            using var wrk = ChildProcess.Start(
                "wrk", ["--threads", "1", "--connections", "8", "--duration", $"{seconds}s", .. headers, new Uri(server.Address, path).AbsoluteUri]);
            if (await wrk.WaitAsync(cancellation) != 0)
                throw new BenchmarkException($"wrk failed:\n{wrk.Output}");
            return long.Parse(Requests().Match(wrk.Output).Groups[1].Value, CultureInfo.InvariantCulture);
        }
    }

    private static async Task UntilOneStaysAsync(Uri address, string secret, TimeProvider time, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { Authorization = new("Bearer", secret) } };
        while (true)
        {
            using var load = JsonDocument.Parse(await http.GetStringAsync("/v1/load", cancellation));
            if (load.RootElement.GetProperty("staying").GetInt32() > 0)
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    [GeneratedRegex(@"(\d+) requests in", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Requests();
}
