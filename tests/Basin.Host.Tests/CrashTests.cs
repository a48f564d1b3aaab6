using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>The real program under load, killed again and again. What it had acknowledged is there afterwards, and every book agrees.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private const int Kills = 100;
    private const int Customers = 6;
    private const int OrdersBetweenKills = 25;
    private const int Quantity = 2;
    private const long OnHand = 1_000_000;
    private const string Sku = "TEA-1";
    private const string Key = "operator-key-of-these-tests";

    private static readonly string[] Tokens = ["tok_visa", "tok_visa", "tok_visa", "tok_unknown", "tok_timeout", "tok_chargeDeclined"];
    private static readonly string[] PostalCodes = ["10115", "10115", "10115", "00000"];

    private readonly ConcurrentDictionary<string, string> _acknowledged = new();
    private readonly ConcurrentQueue<int> _unanswered = new();
    private readonly SemaphoreSlim _acknowledgement = new(0);
    private int _asked;

    public void Dispose() => _acknowledgement.Dispose();

    [Fact]
    public async Task A_hundred_kills_lose_nothing_and_do_nothing_twice()
    {
        using var data = new TemporaryDirectory();
        using (var first = await Victim.StartAsync(data.Path))
        {
            await StockAsync(first.Client);
            first.Kill();
        }
        for (var kill = 0; kill < Kills; kill++)
        {
            using var victim = await Victim.StartAsync(data.Path);
            var customers = Enumerable.Range(0, Customers).Select(_ => ShopAsync(victim.Client)).ToList();
            for (var i = 0; i < OrdersBetweenKills; i++)
                Assert.True(await _acknowledgement.WaitAsync(TimeSpan.FromSeconds(60)), "The host answers.");
            victim.Kill();
            await Task.WhenAll(customers);
        }
        using var survivor = await Victim.StartAsync(data.Path);
        while (_unanswered.TryDequeue(out var number))
            await PlaceAsync(survivor.Client, number);
        var orders = await AllFinalAsync(survivor.Client);

        output.WriteLine($"{Kills} kills, {_acknowledged.Count} orders: {string.Join(", ", orders.CountBy(order => Text(order, "state")))}");
        Assert.True(_acknowledged.Values.ToHashSet().SetEquals(orders.Select(order => Text(order, "id"))), "Orders are those acknowledged, each once.");
        await AssertMoneyAgreesAsync(survivor.Client, orders);
        await AssertStockAgreesAsync(survivor.Client, orders);
        await AssertToldOnceAsync(survivor.Client, orders);
        survivor.Kill();
    }

    private static async Task StockAsync(HttpClient client)
    {
        var product = new
        {
            title = "Tea",
            currency = "EUR",
            variants = new[] { new { sku = Sku, priceMinor = 450, option = "" } },
            categories = new[] { "Kitchen" },
            description = "",
            pictures = Array.Empty<string>(),
            active = true,
        };
        using var created = await client.PostAsJsonAsync("/v1/products", product);
        Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync());
        using var counted = await client.PutAsJsonAsync($"/v1/stock/{Sku}", new { onHand = OnHand });
        Assert.True(counted.IsSuccessStatusCode, await counted.Content.ReadAsStringAsync());
    }

    /// <summary>Orders until the host is gone; what got no answer is asked again with the same key at the end.</summary>
    private async Task ShopAsync(HttpClient client)
    {
        while (true)
        {
            var number = Interlocked.Increment(ref _asked);
            try
            {
                await PlaceAsync(client, number);
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
            {
                _unanswered.Enqueue(number);
                return;
            }
        }
    }

    private async Task PlaceAsync(HttpClient client, int number)
    {
        var order = new
        {
            email = $"c{number}@example.com",
            shipTo = new { name = "Ada", line1 = "1 Street", city = "Berlin", postalCode = PostalCodes[number % PostalCodes.Length], country = "DE" },
            lines = new[] { new { sku = Sku, quantity = Quantity } },
            payment = new { token = Tokens[number % Tokens.Length] },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/orders") { Content = JsonContent.Create(order) };
        request.Headers.Add("Idempotency-Key", $"order-{number}");
        using var response = await client.SendAsync(request);
        var body = await response.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True((int)response.StatusCode == 201, body!.ToJsonString());
        _acknowledged[$"order-{number}"] = Text(body, "id");
        _acknowledgement.Release();
    }

    private static async Task<List<JsonNode>> AllFinalAsync(HttpClient client)
    {
        List<JsonNode> orders = [];
        await Eventually.TrueAsync(
            async () =>
            {
                orders = await ListAsync(client, "/v1/orders?limit=200");
                return orders.TrueForAll(order => Text(order, "state") is "delivered" or "declined" or "cancelled");
            },
            TimeSpan.FromMinutes(3));
        return orders;
    }

    private static async Task AssertMoneyAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        List<JsonNode> payments = [];
        // A delivery does not wait for the last capture to be booked.
        await Eventually.TrueAsync(
            async () =>
            {
                payments = await ListAsync(client, "/v1/payments?limit=200");
                return payments.TrueForAll(payment => Text(payment, "state") is "captured" or "refunded" or "voided" or "declined");
            },
            TimeSpan.FromMinutes(1));
        var kept = payments.ToDictionary(payment => Text(payment, "id")[4..], payment => Number(payment, "capturedMinor") - Number(payment, "refundedMinor"));
        Assert.Equal(orders.Count, kept.Count);
        foreach (var order in orders)
            Assert.Equal(Text(order, "state") == "delivered" ? Number(order, "totalMinor") : 0, kept[Text(order, "id")[4..]]);
    }

    private static async Task AssertStockAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        var sold = orders.Count(order => Text(order, "state") == "delivered") * Quantity;
        var stock = (await client.GetFromJsonAsync<JsonNode>($"/v1/stock/{Sku}"))!;
        Assert.Equal((OnHand - sold, 0L), (Number(stock, "onHand"), Number(stock, "reserved")));
    }

    /// <summary>Each customer hears of each thing once; every order has a message that it was placed.</summary>
    private static async Task AssertToldOnceAsync(HttpClient client, List<JsonNode> orders)
    {
        foreach (var order in orders)
        {
            var told = await ListAsync(client, $"/v1/notifications?owner=mailto:{Uri.EscapeDataString(Text(order, "email"))}&limit=50");
            var kinds = told.ConvertAll(notification => Text(notification, "kind"));
            Assert.Equal(kinds.Distinct(), kinds);
            Assert.Equal(Text(order, "state") == "delivered" ? 3 : 2, kinds.Count);
        }
    }

    private static async Task<List<JsonNode>> ListAsync(HttpClient client, string path)
    {
        var items = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = (await client.GetFromJsonAsync<JsonNode>(cursor is null ? path : $"{path}&cursor={cursor}"))!;
            items.AddRange(page["items"]!.AsArray().Select(item => item!));
            cursor = page["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);
        return items;
    }

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();

    private static long Number(JsonNode node, string member) => node[member]!.GetValue<long>();

    /// <summary>The program in a process of its own, which ends only by a kill.</summary>
    private sealed class Victim : IDisposable
    {
        private const string Ready = "Basin is ready at ";
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

        private readonly Process _process;

        private Victim(Process process) => _process = process;

        public HttpClient Client { get; } = new() { Timeout = Patience, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", Key) } };

        public static async Task<Victim> StartAsync(string data)
        {
            var start = new ProcessStartInfo(
                "dotnet",
                [
                    Path.Combine(AppContext.BaseDirectory, "Basin.Host.dll"), "--urls", "http://127.0.0.1:0", "--data", data,
                    "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false",
                    "--Basin:Payments:FirstWait=00:00:00.1",
                ])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = data,
                Environment = { ["BASIN_OPERATOR_KEY"] = Key },
            };
            var victim = new Victim(Process.Start(start)!);
            using var timeout = new CancellationTokenSource(Patience);
            while (await victim._process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
            {
                if (!line.StartsWith(Ready, StringComparison.Ordinal))
                    continue;
                victim.Client.BaseAddress = new Uri(line[Ready.Length..]);
                // Nobody reads the rest, and a full pipe would stop the writer.
                _ = victim._process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                _ = victim._process.StandardError.ReadToEndAsync(CancellationToken.None);
                return victim;
            }
            throw new InvalidOperationException($"The host has ended: {await victim._process.StandardError.ReadToEndAsync(timeout.Token)}");
        }

        /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
        public void Kill()
        {
            _process.Kill();
            _process.WaitForExit();
        }

        public void Dispose()
        {
            Client.Dispose();
            if (!_process.HasExited)
                Kill();
            _process.Dispose();
        }
    }
}
