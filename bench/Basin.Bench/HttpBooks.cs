using System.Text.Json;

namespace Basin.Bench;

/// <summary>Compares what customers were told with what the lists of orders, payments and stock say, over HTTP.</summary>
internal static class HttpBooks
{
    /// <returns>The first difference, or null.</returns>
    public static async Task<string?> FindDifferenceAsync(HttpShop shop, Promises promises, CancellationToken cancellation)
    {
        var missing = promises.Ids.ToHashSet();
        if (missing.Count != promises.Ids.Count)
            return "An id was given twice";
        var states = new Dictionary<string, long>();
        var (orders, owed, kept, onHand, reserved) = (0L, 0L, 0L, 0L, 0L);
        await foreach (var order in shop.ListAsync("/v1/orders", cancellation))
        {
            orders++;
            missing.Remove(HttpShop.IdIn(TextOf(order, "id")));
            var state = TextOf(order, "state");
            states[state] = states.GetValueOrDefault(state) + 1;
            if (state == "delivered")
                owed += NumberOf(order, "totalMinor");
        }
        await foreach (var payment in shop.ListAsync("/v1/payments", cancellation))
            kept += NumberOf(payment, "capturedMinor") - NumberOf(payment, "refundedMinor");
        await foreach (var level in shop.ListAsync("/v1/stock", cancellation))
        {
            onHand += NumberOf(level, "onHand");
            reserved += NumberOf(level, "reserved");
        }
        (string What, long Expected, long Found)[] books =
        [
            ("acknowledged orders missing", 0, missing.Count),
            ("orders", promises.Orders, orders),
            ("orders delivered", promises.Delivered, states.GetValueOrDefault("delivered")),
            ("orders declined", promises.Declined, states.GetValueOrDefault("declined")),
            ("orders cancelled", promises.Cancelled + promises.SoldOut, states.GetValueOrDefault("cancelled")),
            ("cents kept", owed, kept),
            ("units that left", promises.Units, ((long)OrderMix.Products * OrderMix.UnitsOfEach) - onHand),
            ("units reserved", 0, reserved),
        ];
        return books.Where(book => book.Expected != book.Found).Select(book => $"{book.Expected} {book.What} are expected, {book.Found} found").FirstOrDefault();
    }

    private static string TextOf(JsonElement item, string name) => item.GetProperty(name).GetString()!;

    private static long NumberOf(JsonElement item, string name) => item.GetProperty(name).GetInt64();
}
