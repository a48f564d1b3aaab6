using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Shipping.Carriers;

namespace Basin.Shipping;

/// <summary>All SQL of Shipping.</summary>
internal static class ShippingStore
{
    private const string Select =
        "SELECT id, state, carrier, tracking_number, reason, created_at, has_left, parcel, tenant FROM shipment WHERE tenant = $1";

    private static readonly Entities<long, Shipment> Shipments =
        new((snapshot, tenant, id) => snapshot.FindAsync($"{Select} AND id = $2", ReadShipment, tenant.Value, id));

    public static ValueTask<Shipment?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Shipment> id) => snapshot.FindAsync(Shipments, tenant, id.Value);

    /// <summary>The newest first.</summary>
    public static ValueTask<List<Shipment>> ListAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) =>
        snapshot.ListAsync($"{Select} AND id < $2 ORDER BY id DESC LIMIT $3", ReadShipment, tenant.Value, before, limit);

    /// <summary>What has happened to a shipment, the oldest first; null when there is none.</summary>
    public static ValueTask<List<TrackingEvent>?> FindTrackingAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Shipment> id) => snapshot.FindAsync(
        "SELECT '[' || tracking || ']' FROM shipment WHERE tenant = $1 AND id = $2",
        row => row.Json(0, ShippingRowJson.Default.ListTrackingEvent), tenant.Value, id.Value);

    public static async ValueTask AddAsync(Transaction tx, Id<Tenant> tenant, Shipment shipment)
    {
        await tx.SendAsync(
            """
            INSERT INTO shipment (tenant, id, state, carrier, tracking_number, reason, created_at, has_left, parcel, tracking)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            tenant.Value, shipment.Id.Value, (int)shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Reason, shipment.CreatedAt,
            shipment.HasLeft, JsonOf(shipment.Parcel), JsonOf(shipment.NewTracking));
        Keep(tx, tenant, shipment);
    }

    public static async ValueTask SaveAsync(Transaction tx, Id<Tenant> tenant, Shipment shipment)
    {
        await tx.SendAsync(
            """
            UPDATE shipment SET state = $3, carrier = $4, tracking_number = $5, reason = $6, has_left = $7,
                tracking = tracking || CASE WHEN $8 = '' THEN '' ELSE ',' || $8 END
            WHERE tenant = $1 AND id = $2
            """,
            tenant.Value, shipment.Id.Value, (int)shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Reason, shipment.HasLeft,
            JsonOf(shipment.NewTracking));
        Keep(tx, tenant, shipment);
    }

    /// <summary>What is new about its way is written once.</summary>
    private static void Keep(Transaction tx, Id<Tenant> tenant, Shipment shipment) =>
        tx.Keep(Shipments, tenant, shipment.Id.Value, shipment with { NewTracking = [] });

    private static Shipment ReadShipment(Row row) => new(
        new Id<Shipment>(row.Integer(0)),
        (ShipmentState)row.Int(1),
        row.IsNull(7) ? null : row.LastingJson(7, ShippingRowJson.Default.Parcel, new Id<Tenant>(row.Integer(8)), row.Integer(0)),
        row.TextOrNull(2),
        row.TextOrNull(3),
        row.TextOrNull(4),
        row.Time(5),
        row.Flag(6),
        NewTracking: []);

    private static SqlValue JsonOf(Parcel? parcel) =>
        parcel is null ? default : SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(parcel, ShippingRowJson.Default.Parcel));

    /// <summary>Without the brackets around it.</summary>
    private static SqlValue JsonOf(IReadOnlyList<TrackingEvent> tracking) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(tracking, ShippingRowJson.Default.IReadOnlyListTrackingEvent).AsMemory()[1..^1]);
}

[JsonSerializable(typeof(Parcel))]
[JsonSerializable(typeof(IReadOnlyList<TrackingEvent>))]
[JsonSerializable(typeof(List<TrackingEvent>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ShippingRowJson : JsonSerializerContext;
