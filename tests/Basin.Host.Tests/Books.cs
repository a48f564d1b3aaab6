using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>What orders, payments, stock and notifications say about the same orders once all have come to their end.</summary>
internal static class Books
{
    /// <param name="otherPayments">Payments that belong to no order.</param>
    public static async Task AssertAgreeAsync(HttpClient client, List<JsonNode> orders, long onHand, int quantity, int otherPayments = 0)
    {
        await AssertMoneyAgreesAsync(client, orders, otherPayments);
        await AssertStockAgreesAsync(client, orders, onHand, quantity);
        await AssertToldOnceAsync(client, orders);
    }

    private static async Task AssertMoneyAgreesAsync(HttpClient client, List<JsonNode> orders, int otherPayments)
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
        Assert.Equal(orders.Count + otherPayments, kept.Count);
        foreach (var order in orders)
            Assert.Equal(order.Text("state") == "delivered" ? order.Number("totalMinor") : 0, kept[order.Text("id")[4..]]);
    }

    private static long KeptOf(JsonNode payment) => payment.Number("capturedMinor") - payment.Number("refundedMinor");

    private static async Task AssertStockAgreesAsync(HttpClient client, List<JsonNode> orders, long onHand, int quantity)
    {
        var sold = orders.Count(order => order.Text("state") == "delivered") * quantity;
        JsonNode? stock = null;
        await Eventually.TrueAsync(async () =>
        {
            stock = (await client.GetFromJsonAsync<JsonNode>($"/v1/stock/{Shopping.Sku}"))!;
            return stock.Number("reserved") == 0;
        });
        Assert.Equal(onHand - sold, stock!.Number("onHand"));
    }

    /// <summary>Each customer hears of each thing once; every order has a message that it was placed.</summary>
    private static Task AssertToldOnceAsync(HttpClient client, List<JsonNode> orders) => Parallel.ForEachAsync(orders, async (order, _) =>
    {
        var expected = order.Text("state") == "delivered" ? 3 : 2;
        List<string> kinds = [];
        await Eventually.TrueAsync(async () =>
        {
            var told = await client.ListAsync($"/v1/notifications?owner=mailto:{Uri.EscapeDataString(order.Text("email"))}&limit=50");
            kinds = told.ConvertAll(notification => notification.Text("kind"));
            return kinds.Count >= expected;
        });
        Assert.Equal(kinds.Distinct(), kinds);
        Assert.Equal(expected, kinds.Count);
    });
}
