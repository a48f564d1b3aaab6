using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Shipping.Carriers;

namespace Basin.Shipping;

/// <summary>All SQL of Shipping.</summary>
internal static class ShippingStore
{
    public static ValueTask<Shipment?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Shipment> id) => snapshot.FindAsync(
        "SELECT id, state, carrier, tracking_number, reason, created_at, parcel, tracking FROM shipment WHERE tenant = $1 AND id = $2",
        ReadShipment, tenant.Value, id.Value);

    /// <summary>The newest first.</summary>
    public static ValueTask<List<Shipment>> ListAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) => snapshot.ListAsync(
        """
        SELECT id, state, carrier, tracking_number, reason, created_at, parcel, tracking FROM shipment
        WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3
        """,
        ReadShipment, tenant.Value, before, limit);

    public static ValueTask<int> AddAsync(Transaction tx, Id<Tenant> tenant, Shipment shipment) => tx.ExecuteAsync(
        """
        INSERT INTO shipment (tenant, id, state, carrier, tracking_number, reason, created_at, parcel, tracking)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        tenant.Value, shipment.Id.Value, (int)shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Reason, shipment.CreatedAt,
        JsonOf(shipment.Parcel), JsonOf(shipment.Tracking));

    public static ValueTask<int> SaveAsync(Transaction tx, Id<Tenant> tenant, Shipment shipment) => tx.ExecuteAsync(
        "UPDATE shipment SET state = $3, carrier = $4, tracking_number = $5, reason = $6, tracking = $7 WHERE tenant = $1 AND id = $2",
        tenant.Value, shipment.Id.Value, (int)shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Reason, JsonOf(shipment.Tracking));

    private static Shipment ReadShipment(Row row) => new(
        new Id<Shipment>(row.Integer(0)),
        (ShipmentState)row.Int(1),
        row.IsNull(6) ? null : row.LastingJson(6, ShippingRowJson.Default.Parcel, row.Integer(0)),
        row.TextOrNull(2),
        row.TextOrNull(3),
        row.TextOrNull(4),
        row.Time(5),
        row.Json(7, ShippingRowJson.Default.IReadOnlyListTrackingEvent));

    private static SqlValue JsonOf(Parcel? parcel) =>
        parcel is null ? default : SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(parcel, ShippingRowJson.Default.Parcel));

    private static SqlValue JsonOf(IReadOnlyList<TrackingEvent> tracking) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(tracking, ShippingRowJson.Default.IReadOnlyListTrackingEvent));
}

[JsonSerializable(typeof(Parcel))]
[JsonSerializable(typeof(IReadOnlyList<TrackingEvent>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ShippingRowJson : JsonSerializerContext;
