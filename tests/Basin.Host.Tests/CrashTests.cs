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
        await Books.AssertAgreeAsync(program, orders, OnHand, Quantity);
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
}
