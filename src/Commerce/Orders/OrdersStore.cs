using System.Text.Json;

namespace Basin.Orders;

/// <summary>All SQL of Orders.</summary>
internal static class OrdersStore
{
    public static async ValueTask InsertAsync(Transaction tx, Order order)
    {
        var (progress, terms) = (order.Progress, order.Terms);
        await tx.ExecuteAsync(
            """
            INSERT INTO orders (id, tenant, owner, state, reason, payment, stock, shipment, entries, changed_at, terms)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10)
            """,
            order.Id.Value, order.Tenant.Value, terms.Owner, (int)progress.State, (long?)progress.Reason,
            (int)progress.Payment, (int)progress.Stock, (int)progress.Shipment, order.ChangedAt,
            SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(terms, OrdersJson.Default.OrderTerms)));
        await InsertEntryAsync(tx, order.Id, new TimelineEntry(1, progress.State, order.PlacedAt, null));
    }

    /// <summary>Stores the progress and appends to the history.</summary>
    public static async ValueTask UpdateAsync(Transaction tx, Id<Order> id, OrderProgress next, string? note)
    {
        var n = await tx.NumberAsync(
            """
            UPDATE orders SET state = $2, reason = $3, payment = $4, stock = $5, shipment = $6, entries = entries + 1, changed_at = $7
            WHERE id = $1 RETURNING entries
            """,
            id.Value, (int)next.State, (long?)next.Reason, (int)next.Payment, (int)next.Stock, (int)next.Shipment, tx.Now);
        await InsertEntryAsync(tx, id, new TimelineEntry((int)n!.Value, next.State, tx.Now, note));
    }

    private static ValueTask<int> InsertEntryAsync(Transaction tx, Id<Order> id, TimelineEntry entry) => tx.ExecuteAsync(
        "INSERT INTO timeline (order_id, n, state, at, note) VALUES ($1, $2, $3, $4, $5)", id.Value, entry.N, (int)entry.State, entry.At, entry.Note);

    public static ValueTask<Order?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Order> id) =>
        snapshot.FindAsync($"{SelectOrder} WHERE id = $1 AND tenant = $2", ReadOrder, id.Value, tenant.Value);

    /// <summary>Newest first.</summary>
    public static ValueTask<List<Order>> ListAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) =>
        snapshot.ListAsync($"{SelectOrder} WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3", ReadOrder, tenant.Value, before, limit);

    public static ValueTask<List<Order>> ListInStateAsync(Snapshot snapshot, Id<Tenant> tenant, OrderState state, long before, int limit) =>
        snapshot.ListAsync(
            $"{SelectOrder} WHERE tenant = $1 AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
            ReadOrder, tenant.Value, (int)state, before, limit);

    public static ValueTask<List<Order>> ListOfOwnerAsync(Snapshot snapshot, Id<Tenant> tenant, string owner, long before, int limit) =>
        snapshot.ListAsync(
            $"{SelectOrder} WHERE tenant = $1 AND owner = $2 AND id < $3 ORDER BY id DESC LIMIT $4", ReadOrder, tenant.Value, owner, before, limit);

    /// <summary>A visitor has signed in: what they ordered before is theirs now.</summary>
    public static ValueTask<int> ChangeOwnerAsync(Transaction tx, Id<Tenant> tenant, string from, string to) =>
        tx.ExecuteAsync("UPDATE orders SET owner = $3 WHERE tenant = $1 AND owner = $2", tenant.Value, from, to);

    public static ValueTask<List<TimelineEntry>> TimelineAsync(Snapshot snapshot, Id<Order> id, int after) => snapshot.ListAsync(
        "SELECT n, state, at, note FROM timeline WHERE order_id = $1 AND n > $2 ORDER BY n",
        row => new TimelineEntry(row.Int(0), (OrderState)row.Int(1), row.Time(2), row.TextOrNull(3)),
        id.Value, after);

    private const string SelectOrder = "SELECT id, tenant, state, reason, payment, stock, shipment, changed_at, terms, owner FROM orders";

    private static Order ReadOrder(Row row)
    {
        var id = new Id<Order>(row.Integer(0));
        return new Order(
            id,
            new Id<Tenant>(row.Integer(1)),
            TermsOf(row, id),
            new OrderProgress(
                (OrderState)row.Int(2), (OrderReason?)row.IntegerOrNull(3), (Leg)row.Int(4), (Leg)row.Int(5), (Leg)row.Int(6)),
            id.CreatedAt,
            row.Time(7));
    }

    private static OrderTerms TermsOf(Row row, Id<Order> id)
    {
        var terms = row.LastingJson(8, OrdersJson.Default.OrderTerms, id.Value);
        var owner = row.TextOrNull(9);
        return terms.Owner == owner ? terms : terms with { Owner = owner };
    }
}
