using Basin.Kernel.Storage;

namespace Basin.Bench;

/// <summary>What the customers of a load were told.</summary>
/// <param name="Orders">That were acknowledged.</param>
/// <param name="Ids">Of all of them, or of a sample.</param>
/// <param name="Declined">Orders that the provider declines.</param>
/// <param name="SoldOut">Orders of something that is not there.</param>
/// <param name="Cancelled">Cancellations that were accepted.</param>
/// <param name="Units">Of all orders that were not one of these.</param>
internal sealed record Promises(long Orders, IReadOnlyCollection<long> Ids, long Declined, long SoldOut, long Cancelled, long Units)
{
    public long Delivered => Orders - Declined - SoldOut - Cancelled;
}

/// <summary>Compares what customers were told with what orders, payments, stock and notifications say.</summary>
internal static class PipelineBooks
{
    private const int PageSize = 50_000;

    /// <returns>The first difference, or null.</returns>
    public static async Task<string?> FindDifferenceAsync(ShopInProcess shop, Promises promises, CancellationToken cancellation)
    {
        if (promises.Ids.Distinct().Count() != promises.Ids.Count)
            return "An id was given twice";
        (string What, long Expected, long Found)[] books =
        [
            ("orders", promises.Orders, await NumberAsync("orders", "SELECT count(*) FROM orders")),
            ("orders delivered", promises.Delivered, await NumberAsync("orders", "SELECT count(*) FROM orders WHERE state = 4")),
            ("orders declined", promises.Declined, await NumberAsync("orders", "SELECT count(*) FROM orders WHERE state = 5")),
            ("orders cancelled", promises.Cancelled, await NumberAsync("orders", "SELECT count(*) FROM orders WHERE state = 7 AND reason = 0")),
            ("orders without stock", promises.SoldOut, await NumberAsync("orders", "SELECT count(*) FROM orders WHERE state = 7 AND reason = 2")),
            ("cents kept", await NumberAsync("orders", "SELECT sum(document ->> 'totalMinor') FROM terms JOIN orders ON id = order_id WHERE state = 4"),
                await NumberAsync("payments", "SELECT sum(captured_minor - refunded_minor) FROM payment")),
            ("units that left",
                await NumberAsync(
                    "orders", "SELECT sum(value ->> 'quantity') FROM terms JOIN orders ON orders.id = order_id, json_each(document, '$.lines') WHERE state = 4"),
                -await NumberAsync("inventory", "SELECT sum(delta) FROM movement WHERE reservation IS NOT NULL")),
            ("units gone from the shelves", promises.Units,
                ((long)OrderMix.Products * OrderMix.UnitsOfEach) - await NumberAsync("inventory", "SELECT sum(on_hand) FROM stock")),
            ("SKUs whose movements do not add up", 0, await NumberAsync(
                "inventory",
                "SELECT count(*) FROM stock JOIN (SELECT sku, sum(delta) AS moved_units FROM movement GROUP BY sku) USING (sku) WHERE on_hand <> moved_units")),
            ("units reserved", 0, await NumberAsync("inventory", "SELECT sum(reserved) FROM stock")),
            ("notifications of orders", promises.Orders, await NumberAsync("notifications", "SELECT count(*) FROM notification WHERE kind = 1")),
            ("notifications of deliveries", promises.Delivered, await NumberAsync("notifications", "SELECT count(*) FROM notification WHERE kind = 3")),
            ("notifications of declined payments", promises.Declined, await NumberAsync("notifications", "SELECT count(*) FROM notification WHERE kind = 4")),
            ("notifications of cancellations", promises.Cancelled + promises.SoldOut,
                await NumberAsync("notifications", "SELECT count(*) FROM notification WHERE kind = 5")),
        ];
        return books.Where(book => book.Expected != book.Found).Select(book => $"{book.Expected} {book.What} are expected, {book.Found} found").FirstOrDefault()
            ?? await FindMissingAsync(shop, promises.Ids, cancellation);

        async Task<long> NumberAsync(string system, string sql) =>
            await shop.StoreOf(system).ReadAsync(ShardKey.First, snapshot => snapshot.NumberAsync(sql), cancellation) ?? 0;
    }

    private static async Task<string?> FindMissingAsync(ShopInProcess shop, IReadOnlyCollection<long> ids, CancellationToken cancellation)
    {
        var missing = ids.ToHashSet();
        for (var last = 0L; missing.Count > 0;)
        {
            var after = last;
            var page = await shop.StoreOf("orders").ReadAsync(
                ShardKey.First,
                snapshot => snapshot.ListAsync("SELECT id FROM orders WHERE id > $1 ORDER BY id LIMIT $2", row => row.Integer(0), after, PageSize),
                cancellation);
            if (page.Count == 0)
                return $"{missing.Count} acknowledged orders are missing";
            missing.ExceptWith(page);
            last = page[^1];
        }
        return null;
    }
}
