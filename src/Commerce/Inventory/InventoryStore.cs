using System.Text.Json;
using System.Text.Json.Serialization;

namespace Basin.Inventory;

/// <summary>All SQL of Inventory.</summary>
internal static class InventoryStore
{
    private static readonly Entities<string, IReadOnlyList<StockLevel>> Levels = new(ReadLevelsAsync, SaveLevelsAsync);

    private static readonly Entities<long, Reservation> Reservations = new((snapshot, tenant, id) => snapshot.FindAsync(
        "SELECT id, state, picks, missing, held_until FROM reservation WHERE id = $1 AND tenant = $2", ReadReservation, id, tenant.Value));

    public static ValueTask<int> AddWarehouseAsync(Transaction tx, Id<Tenant> tenant, Warehouse warehouse) => tx.ExecuteAsync(
        "INSERT INTO warehouse (tenant, code, name, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        tenant.Value, warehouse.Code, warehouse.Name, warehouse.CreatedAt);

    public static ValueTask<Warehouse?> FindWarehouseAsync(Snapshot snapshot, Id<Tenant> tenant, string code) =>
        snapshot.FindAsync("SELECT code, name, created_at FROM warehouse WHERE tenant = $1 AND code = $2", ReadWarehouse, tenant.Value, code);

    public static ValueTask<List<Warehouse>> ListWarehousesAsync(Snapshot snapshot, Id<Tenant> tenant, string after, int limit) => snapshot.ListAsync(
        "SELECT code, name, created_at FROM warehouse WHERE tenant = $1 AND code > $2 ORDER BY code LIMIT $3",
        ReadWarehouse, tenant.Value, after, limit);

    public static async ValueTask<long> CountWarehousesAsync(Snapshot snapshot, Id<Tenant> tenant) =>
        await snapshot.NumberAsync("SELECT COUNT(*) FROM warehouse WHERE tenant = $1", tenant.Value) ?? 0;

    public static ValueTask<StockLevel?> FindLevelAsync(Snapshot snapshot, Id<Tenant> tenant, string sku, string warehouse) => snapshot.FindAsync(
        "SELECT sku, warehouse, on_hand, reserved, version, moved FROM stock WHERE tenant = $1 AND sku = $2 AND warehouse = $3",
        ReadLevel, tenant.Value, sku, warehouse);

    /// <summary>The levels of one SKU by warehouse.</summary>
    public static async ValueTask<IReadOnlyList<StockLevel>> ListLevelsAsync(Snapshot snapshot, Id<Tenant> tenant, string sku) =>
        (await snapshot.FindAsync(Levels, tenant, sku))!;

    private static async ValueTask<IReadOnlyList<StockLevel>?> ReadLevelsAsync(Snapshot snapshot, Id<Tenant> tenant, string sku) =>
        await snapshot.ListAsync(
            "SELECT sku, warehouse, on_hand, reserved, version, moved FROM stock WHERE tenant = $1 AND sku = $2 ORDER BY warehouse",
            ReadLevel, tenant.Value, sku);

    /// <summary>The levels of several SKUs.</summary>
    public static async ValueTask<IReadOnlyList<StockLevel>> ListLevelsAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<string> skus)
    {
        var levels = new List<StockLevel>(skus.Count);
        foreach (var sku in skus)
            levels.AddRange(await ListLevelsAsync(snapshot, tenant, sku));
        return levels;
    }

    /// <summary>What all warehouses have together, by SKU.</summary>
    public static ValueTask<List<StockSummary>> ListStockAsync(Snapshot snapshot, Id<Tenant> tenant, string after, int limit) => snapshot.ListAsync(
        "SELECT sku, SUM(on_hand), SUM(reserved) FROM stock WHERE tenant = $1 AND sku > $2 GROUP BY sku ORDER BY sku LIMIT $3",
        row => new StockSummary(row.Text(0), row.Integer(1), row.Integer(2), row.Integer(1) - row.Integer(2)), tenant.Value, after, limit);

    public static async ValueTask<long> CountAvailableAsync(Snapshot snapshot, Id<Tenant> tenant, string sku) =>
        await snapshot.NumberAsync("SELECT SUM(on_hand - reserved) FROM stock WHERE tenant = $1 AND sku = $2", tenant.Value, sku) ?? 0;

    /// <summary>Makes room for a level, unless it is there.</summary>
    public static async ValueTask AddLevelAsync(Transaction tx, Id<Tenant> tenant, StockLevel level)
    {
        var added = await tx.ExecuteAsync(
            "INSERT INTO stock (tenant, sku, warehouse, on_hand, reserved, version, moved) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
            tenant.Value, level.Sku, level.Warehouse, level.OnHand, level.Reserved, level.Version, level.Moved);
        if (added > 0)
            tx.Forget(Levels);
    }

    /// <summary>Changes a level that is there.</summary>
    /// <param name="movement">Why units came or went; null when none did.</param>
    public static async ValueTask ChangeAsync(Transaction tx, Id<Tenant> tenant, StockChange change, Movement? movement)
    {
        var before = await ListLevelsAsync(tx, tenant, change.Sku);
        Transaction.Invariant(before.Any(level => level.Warehouse == change.Warehouse), $"{change.Sku} has a level in {change.Warehouse}");
        // All levels of a SKU name its newest movement, except a new level: the largest is no later id, only another than 0.
        if (movement is not null)
            await AddMovementAsync(tx, tenant, movement, previous: before.Max(level => level.Moved));
        StockLevel[] after = [.. before.Select(level => level.Warehouse == change.Warehouse ? level.After(change) : level)
            .Select(level => movement is null ? level : level with { Moved = movement.Id.Value })];
        tx.Put(Levels, tenant, change.Sku, before, after);
    }

    /// <summary>What was wanted of a SKU meanwhile, by however many, is one write. It finds the row as it was read, or somebody has written past it.</summary>
    private static async ValueTask SaveLevelsAsync(
        Transaction tx, Id<Tenant> tenant, string sku, IReadOnlyList<StockLevel> before, IReadOnlyList<StockLevel> after)
    {
        foreach (var (was, now) in before.Zip(after).Where(level => level.First != level.Second))
        {
            var changed = await tx.ExecuteAsync(
                """
                UPDATE stock SET on_hand = $4, reserved = $5, version = $6, moved = $7
                WHERE tenant = $1 AND sku = $2 AND warehouse = $3 AND on_hand = $8 AND reserved = $9
                """,
                tenant.Value, sku, now.Warehouse, now.OnHand, now.Reserved, now.Version, now.Moved, was.OnHand, was.Reserved);
            Transaction.Invariant(changed == 1, $"{was} is what is stored");
        }
    }

    private static ValueTask AddMovementAsync(Transaction tx, Id<Tenant> tenant, Movement movement, long previous) => tx.SendAsync(
        """
        INSERT INTO movement (tenant, sku, id, warehouse, delta, cause, reason, subject, reservation, at, previous)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        tenant.Value, movement.Sku, movement.Id.Value, movement.Warehouse, movement.Delta, (int)movement.Cause,
        movement.Reason, movement.Subject, movement.Reservation?.Value, movement.At, previous);

    /// <summary>The newest first.</summary>
    /// <param name="before">The movement that was listed last; null to begin.</param>
    public static async ValueTask<List<Movement>> ListMovementsAsync(Snapshot snapshot, Id<Tenant> tenant, string sku, Id<Movement>? before, int limit)
    {
        var first = before is null
            ? await snapshot.NumberAsync("SELECT MAX(moved) FROM stock WHERE tenant = $1 AND sku = $2", tenant.Value, sku)
            : await snapshot.NumberAsync(
                "SELECT previous FROM movement WHERE id = $1 AND tenant = $2 AND sku = $3", before.Value.Value, tenant.Value, sku);
        return await snapshot.ListAsync(
            """
            WITH RECURSIVE chain AS (
                SELECT 1 AS place, id, previous FROM movement WHERE id = $1
                UNION ALL
                SELECT place + 1, m.id, m.previous FROM chain JOIN movement AS m ON m.id = chain.previous WHERE place < $2)
            SELECT m.id, sku, warehouse, delta, cause, reason, subject, reservation, at
            FROM chain JOIN movement AS m ON m.id = chain.id ORDER BY place
            """,
            ReadMovement, first ?? 0, limit);
    }

    public static ValueTask<Reservation?> FindReservationAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Reservation> id) =>
        snapshot.FindAsync(Reservations, tenant, id.Value);

    /// <summary>What has been held too long, of all tenants, the oldest first.</summary>
    public static ValueTask<List<TenantReservation>> ListDueAsync(Snapshot snapshot, DateTimeOffset now, int limit) => snapshot.ListAsync(
        """
        SELECT id, state, picks, missing, held_until, tenant FROM reservation
        WHERE state = 0 AND held_until <= $1 ORDER BY held_until LIMIT $2
        """,
        row => new TenantReservation(new Id<Tenant>(row.Integer(5)), ReadReservation(row)), now, limit);

    public static async ValueTask AddReservationAsync(Transaction tx, Id<Tenant> tenant, Reservation reservation)
    {
        await tx.SendAsync(
            "INSERT INTO reservation (id, tenant, state, picks, missing, held_until) VALUES ($1, $2, $3, $4, $5, $6)",
            reservation.Id.Value, tenant.Value, (int)reservation.State, JsonOf(reservation.Picks), JsonOf(reservation.Missing), reservation.HeldUntil);
        tx.Keep(Reservations, tenant, reservation.Id.Value, reservation);
    }

    public static async ValueTask SaveReservationAsync(Transaction tx, Id<Tenant> tenant, Reservation before, Reservation after)
    {
        if (after.Picks != before.Picks)
        {
            await tx.SendAsync(
                "UPDATE reservation SET state = $3, picks = $4 WHERE id = $1 AND tenant = $2",
                after.Id.Value, tenant.Value, (int)after.State, JsonOf(after.Picks));
        }
        else
        {
            await tx.SendAsync("UPDATE reservation SET state = $3 WHERE id = $1 AND tenant = $2", after.Id.Value, tenant.Value, (int)after.State);
        }
        tx.Keep(Reservations, tenant, after.Id.Value, after);
    }

    private static Warehouse ReadWarehouse(Row row) => new(row.Text(0), row.Text(1), row.Time(2));

    private static StockLevel ReadLevel(Row row) => new(row.Text(0), row.Text(1), row.Integer(2), row.Integer(3), row.Integer(4), row.Integer(5));

    private static Movement ReadMovement(Row row) => new(
        new Id<Movement>(row.Integer(0)),
        row.Text(1),
        row.Text(2),
        row.Integer(3),
        (MovementCause)row.Int(4),
        row.TextOrNull(5),
        row.TextOrNull(6),
        row.IntegerOrNull(7) is { } reservation ? new Id<Reservation>(reservation) : null,
        row.Time(8));

    private static Reservation ReadReservation(Row row) => new(
        new Id<Reservation>(row.Integer(0)),
        (ReservationState)row.Int(1),
        row.Json(2, InventoryRowJson.Default.IReadOnlyListPick),
        row.Json(3, InventoryRowJson.Default.IReadOnlyListString),
        row.Time(4));

    private static SqlValue JsonOf(IReadOnlyList<Pick> picks) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(picks, InventoryRowJson.Default.IReadOnlyListPick));

    private static SqlValue JsonOf(IReadOnlyList<string> skus) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(skus, InventoryRowJson.Default.IReadOnlyListString));
}

internal sealed record TenantReservation(Id<Tenant> Tenant, Reservation Reservation);

[JsonSerializable(typeof(IReadOnlyList<Pick>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class InventoryRowJson : JsonSerializerContext;
