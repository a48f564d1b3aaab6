using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Cluster.Tests;

/// <summary>Compares what customers were told with what orders, payments, stock and notifications say.</summary>
internal static class Audit
{
    /// <summary>Whoever asks about each order of a whole test asks for too long.</summary>
    private const int MessagesOfEvery = 50;

    private static readonly string[] Unfinished = ["placed", "authorized", "reserved", "shipped", "cancelling"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <param name="acknowledged">Ids of orders by their number; there may be more from other tests.</param>
    public static async Task AssertAgreesAsync(HttpClient client, IReadOnlyDictionary<int, string> acknowledged)
    {
        await Eventually.TrueAsync(() => AllFinishedAsync(client), Patience);
        var orders = await client.ListAsync("/v1/orders?limit=200");
        var byEmail = orders.ToLookup(order => order.Text("email"), order => order.Text("id"));
        foreach (var (number, id) in acknowledged)
            Assert.Equal([id], byEmail[$"c{number}@example.com"]);
        await AssertMoneyAgreesAsync(client, orders);
        await AssertStockAgreesAsync(client, orders);
        await AssertToldOnceAsync(client, acknowledged.Keys.Where(number => number % MessagesOfEvery == 0));
        Assert.Empty(await client.ListAsync("/v1/dead-letters?limit=200"));
    }

    private static async Task<bool> AllFinishedAsync(HttpClient client)
    {
        foreach (var state in Unfinished)
        {
            var page = await client.GetFromJsonAsync<JsonNode>($"/v1/orders?state={state}&limit=1");
            if (page!["items"]!.AsArray().Count > 0)
                return false;
        }
        return true;
    }

    private static async Task AssertMoneyAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        Dictionary<string, long> kept = [];
        // A delivery does not wait for the last capture to be booked.
        await Eventually.TrueAsync(
            async () =>
            {
                var payments = await client.ListAsync("/v1/payments?limit=200");
                kept = payments.ToDictionary(payment => payment.Text("id")[4..], payment => payment.Number("capturedMinor") - payment.Number("refundedMinor"));
                return payments.TrueForAll(payment => payment.Text("state") is "captured" or "refunded" or "voided" or "declined");
            },
            Patience);
        Assert.Equal(orders.Count, kept.Count);
        foreach (var order in orders)
            Assert.Equal(order.Text("state") == "delivered" ? order.Number("totalMinor") : 0, kept[order.Text("id")[4..]]);
    }

    /// <summary>Every order is for one.</summary>
    private static async Task AssertStockAgreesAsync(HttpClient client, List<JsonNode> orders)
    {
        JsonNode? stock = null;
        await Eventually.TrueAsync(
            async () => (stock = (await client.GetFromJsonAsync<JsonNode>($"/v1/stock/{Shopping.Sku}"))!).Number("reserved") == 0, Patience);
        Assert.Equal(Cluster.OnHand - orders.Count(order => order.Text("state") == "delivered"), stock!.Number("onHand"));
    }

    /// <summary>Each customer hears of each thing once.</summary>
    private static Task AssertToldOnceAsync(HttpClient client, IEnumerable<int> numbers) => Parallel.ForEachAsync(numbers, async (number, _) =>
    {
        List<string> kinds = [];
        await Eventually.TrueAsync(
            async () =>
            {
                var told = await client.ListAsync($"/v1/notifications?owner=mailto:{Uri.EscapeDataString($"c{number}@example.com")}&limit=50");
                kinds = told.ConvertAll(notification => notification.Text("kind"));
                return kinds.Count >= 3;
            },
            Patience);
        Assert.Equal(kinds.Distinct(), kinds);
        Assert.Equal(3, kinds.Count);
    });
}
