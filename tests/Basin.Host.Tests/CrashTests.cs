using System.Collections.Concurrent;
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

    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false",
        "--Basin:Payments:FirstWait=00:00:00.1",
    ];

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
        var surroundings = new Surroundings { Data = data.Path };
        await using (var first = await HostProcess.StartAsync(surroundings, Settings))
            await first.ClientOf().StockAsync(OnHand);
        for (var kill = 0; kill < Kills; kill++)
        {
            await using var victim = await HostProcess.StartAsync(surroundings, Settings);
            var client = victim.ClientOf();
            var customers = Enumerable.Range(0, Customers).Select(_ => ShopAsync(client)).ToList();
            for (var i = 0; i < OrdersBetweenKills; i++)
                Assert.True(await _acknowledgement.WaitAsync(TimeSpan.FromSeconds(60)), "The host answers.");
            await victim.KillAsync();
            await Task.WhenAll(customers);
        }
        await using var survivor = await HostProcess.StartAsync(surroundings, Settings);
        var program = survivor.ClientOf();
        while (_unanswered.TryDequeue(out var number))
            await PlaceAsync(program, number);
        var orders = await program.AllFinalAsync();

        output.WriteLine($"{Kills} kills, {_acknowledged.Count} orders: {string.Join(", ", orders.CountBy(order => order.Text("state")))}");
        var there = orders.Select(order => order.Text("id"));
        Assert.True(_acknowledged.Values.ToHashSet().SetEquals(there), "Orders are those acknowledged, each once.");
        await AssertMoneyAgreesAsync(program, orders);
        await AssertStockAgreesAsync(program, orders);
        await AssertToldOnceAsync(program, orders);
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
        var (token, postalCode) = (Tokens[number % Tokens.Length], PostalCodes[number % PostalCodes.Length]);
        using var answer = await client.OrderAsync(number, Quantity, token, postalCode);
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True((int)answer.StatusCode == 201, body!.ToJsonString());
        _acknowledged[$"order-{number}"] = body.Text("id");
        _acknowledgement.Release();
    }

    private static async Task AssertMoneyAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        List<JsonNode> payments = [];
        // A delivery does not wait for the last capture to be booked.
        await Eventually.TrueAsync(
            async () =>
            {
                payments = await client.ListAsync("/v1/payments?limit=200");
                return payments.TrueForAll(payment => payment.Text("state") is "captured" or "refunded" or "voided" or "declined");
            },
            TimeSpan.FromMinutes(1));
        var kept = payments.ToDictionary(payment => payment.Text("id")[4..], KeptOf);
        Assert.Equal(orders.Count, kept.Count);
        foreach (var order in orders)
            Assert.Equal(order.Text("state") == "delivered" ? order.Number("totalMinor") : 0, kept[order.Text("id")[4..]]);
    }

    private static long KeptOf(JsonNode payment) => payment.Number("capturedMinor") - payment.Number("refundedMinor");

    private static async Task AssertStockAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        var sold = orders.Count(order => order.Text("state") == "delivered") * Quantity;
        var stock = (await client.GetFromJsonAsync<JsonNode>($"/v1/stock/{Shopping.Sku}"))!;
        Assert.Equal((OnHand - sold, 0L), (stock.Number("onHand"), stock.Number("reserved")));
    }

    /// <summary>Each customer hears of each thing once; every order has a message that it was placed.</summary>
    private static async Task AssertToldOnceAsync(HttpClient client, List<JsonNode> orders)
    {
        foreach (var order in orders)
        {
            var told = await client.ListAsync($"/v1/notifications?owner=mailto:{Uri.EscapeDataString(order.Text("email"))}&limit=50");
            var kinds = told.ConvertAll(notification => notification.Text("kind"));
            Assert.Equal(kinds.Distinct(), kinds);
            Assert.Equal(order.Text("state") == "delivered" ? 3 : 2, kinds.Count);
        }
    }
}
