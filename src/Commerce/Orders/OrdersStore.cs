using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Orders;

/// <summary>All SQL of Orders.</summary>
internal static class OrdersStore
{
    private const string Columns = "id, tenant, owner, state, reason, payment, stock, shipment, changed_at";

    private const string SelectTerms = "SELECT document FROM terms WHERE order_id = $1";

    private const string SelectOrder = $"SELECT {Columns} FROM orders WHERE id = $1 AND tenant = $2";

    private const string SelectWithTerms = $"SELECT {Columns}, document FROM orders JOIN terms ON order_id = id WHERE tenant = $1";

    private static readonly Entities<long, Order> Orders = new(ReadAsync);

    public static async ValueTask InsertAsync(Transaction tx, Order order)
    {
        var (progress, terms) = (order.Progress, order.Terms);
        await tx.SendAsync(
            $"INSERT INTO orders ({Columns}, history) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            order.Id.Value, order.Tenant.Value, terms.Owner, (int)progress.State, (long?)progress.Reason,
            (int)progress.Payment, (int)progress.Stock, (int)progress.Shipment, order.ChangedAt, EntryOf(tx, progress, note: null));
        var document = JsonSerializer.SerializeToUtf8Bytes(terms, OrdersJson.Default.OrderTerms);
        await tx.SendAsync("INSERT INTO terms (order_id, document) VALUES ($1, $2)", order.Id.Value, SqlValue.Utf8(document));
        tx.Remember(order.Tenant, order.Id.Value, terms, document.Length);
        tx.Keep(Orders, order.Tenant, order.Id.Value, order);
    }

    /// <summary>Stores how far an order has come and appends to the history.</summary>
    public static async ValueTask UpdateAsync(Transaction tx, Order order, string? note)
    {
        var (id, next) = (order.Id, order.Progress);
        await tx.SendAsync(
            """
            UPDATE orders SET state = $2, reason = $3, payment = $4, stock = $5, shipment = $6, changed_at = $7, history = history || ',' || $8
            WHERE id = $1
            """,
            id.Value, (int)next.State, (long?)next.Reason, (int)next.Payment, (int)next.Stock, (int)next.Shipment, tx.Now, EntryOf(tx, next, note));
        tx.Keep(Orders, order.Tenant, id.Value, order with { ChangedAt = tx.Now });
    }

    private static SqlValue EntryOf(Transaction tx, OrderProgress progress, string? note) => SqlValue.Utf8(
        JsonSerializer.SerializeToUtf8Bytes(new StoredEntry(progress.State, tx.Now.ToUnixTimeMilliseconds(), note), OrderRowJson.Default.StoredEntry));

    public static ValueTask<Order?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Order> id) => snapshot.FindAsync(Orders, tenant, id.Value);

    private static async ValueTask<Order?> ReadAsync(Snapshot snapshot, Id<Tenant> tenant, long id) =>
        await snapshot.FindLastingAsync(SelectTerms, OrdersJson.Default.OrderTerms, tenant, id) is { } terms
            ? await snapshot.FindAsync(SelectOrder, row => ReadOrder(row, terms), id, tenant.Value)
            : null;

    /// <summary>Newest first.</summary>
    public static ValueTask<List<Order>> ListAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) =>
        snapshot.ListAsync($"{SelectWithTerms} AND id < $2 ORDER BY id DESC LIMIT $3", ReadOrder, tenant.Value, before, limit);

    public static ValueTask<List<Order>> ListInStateAsync(Snapshot snapshot, Id<Tenant> tenant, OrderState state, long before, int limit) =>
        snapshot.ListAsync(
            $"{SelectWithTerms} AND state = $2 AND id < $3 ORDER BY id DESC LIMIT $4",
            ReadOrder, tenant.Value, (int)state, before, limit);

    public static ValueTask<List<Order>> ListOfOwnerAsync(Snapshot snapshot, Id<Tenant> tenant, string owner, long before, int limit) =>
        snapshot.ListAsync(
            $"{SelectWithTerms} AND owner = $2 AND id < $3 ORDER BY id DESC LIMIT $4", ReadOrder, tenant.Value, owner, before, limit);

    /// <summary>A visitor has signed in: what they ordered before is theirs now.</summary>
    public static async ValueTask ChangeOwnerAsync(Transaction tx, Id<Tenant> tenant, string from, string to)
    {
        await tx.ExecuteAsync("UPDATE orders SET owner = $3 WHERE tenant = $1 AND owner = $2", tenant.Value, from, to);
        tx.Forget(Orders);
    }

    /// <summary>The history of an order, the oldest first.</summary>
    public static async ValueTask<IReadOnlyList<TimelineEntry>> TimelineAsync(Snapshot snapshot, Id<Order> id)
    {
        var stored = await snapshot.FindAsync(
            "SELECT '[' || history || ']' FROM orders WHERE id = $1", row => row.Json(0, OrderRowJson.Default.ListStoredEntry), id.Value);
        return [.. stored!.Select((entry, i) => new TimelineEntry(
            i + 1, entry.State, DateTimeOffset.FromUnixTimeMilliseconds(entry.At), entry.Note))];
    }

    private static Order ReadOrder(Row row) =>
        ReadOrder(row, row.LastingJson(9, OrdersJson.Default.OrderTerms, new Id<Tenant>(row.Integer(1)), row.Integer(0)));

    private static Order ReadOrder(Row row, OrderTerms terms)
    {
        var id = new Id<Order>(row.Integer(0));
        var owner = row.TextOrNull(2);
        return new Order(
            id,
            new Id<Tenant>(row.Integer(1)),
            terms.Owner == owner ? terms : terms with { Owner = owner },
            new OrderProgress((OrderState)row.Int(3), (OrderReason?)row.IntegerOrNull(4), (Leg)row.Int(5), (Leg)row.Int(6), (Leg)row.Int(7)),
            id.CreatedAt,
            row.Time(8));
    }
}

/// <param name="At">Unix milliseconds.</param>
internal sealed record StoredEntry(OrderState State, long At, string? Note);

[JsonSerializable(typeof(StoredEntry))]
[JsonSerializable(typeof(List<StoredEntry>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class OrderRowJson : JsonSerializerContext;
