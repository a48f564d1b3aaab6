using System.Text.Json.Serialization;

namespace Basin.Shipping;

/// <summary>Where a parcel goes.</summary>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
public sealed record Address(string Name, string Line1, string City, string PostalCode, string Country);

public sealed record ParcelLine(string Sku, int Quantity);

/// <summary>
/// Asks to send a parcel. The asker gives the id, so that asking twice sends one; an order uses its own number.
/// Answered by <see cref="ShipmentDispatched"/> and later <see cref="ShipmentDelivered"/>, or by <see cref="ShipmentRefused"/>.
/// </summary>
public sealed record ShipmentRequested(Id<Shipment> Shipment, Address To, IReadOnlyList<ParcelLine> Lines) : IEvent<ShipmentRequested>
{
    public static EventType<ShipmentRequested> Type { get; } = new("basin.shipping.shipment-requested.v1", "shp", ShippingJson.Default.ShipmentRequested);

    public long Key => Shipment.Value;
}

/// <summary>
/// Asks to stop a parcel, or to call it back when it has left. Answered by exactly one <see cref="ShipmentCancelled"/>, unless the parcel was
/// refused or delivered, which has been told already.
/// </summary>
public sealed record ShipmentCancelRequested(Id<Shipment> Shipment) : IEvent<ShipmentCancelRequested>
{
    public static EventType<ShipmentCancelRequested> Type { get; } =
        new("basin.shipping.shipment-cancel-requested.v1", "shp", ShippingJson.Default.ShipmentCancelRequested);

    public long Key => Shipment.Value;
}

public sealed record ShipmentDispatched(Id<Shipment> Shipment, string Carrier, string TrackingNumber) : IEvent<ShipmentDispatched>
{
    public static EventType<ShipmentDispatched> Type { get; } =
        new("basin.shipping.shipment-dispatched.v1", "shp", ShippingJson.Default.ShipmentDispatched);

    public long Key => Shipment.Value;
}

public sealed record ShipmentRefused(Id<Shipment> Shipment, string Reason) : IEvent<ShipmentRefused>
{
    public static EventType<ShipmentRefused> Type { get; } = new("basin.shipping.shipment-refused.v1", "shp", ShippingJson.Default.ShipmentRefused);

    public long Key => Shipment.Value;
}

public sealed record ShipmentDelivered(Id<Shipment> Shipment) : IEvent<ShipmentDelivered>
{
    public static EventType<ShipmentDelivered> Type { get; } =
        new("basin.shipping.shipment-delivered.v1", "shp", ShippingJson.Default.ShipmentDelivered);

    public long Key => Shipment.Value;
}

/// <param name="Returned">True when the parcel had left and came back.</param>
public sealed record ShipmentCancelled(Id<Shipment> Shipment, bool Returned) : IEvent<ShipmentCancelled>
{
    public static EventType<ShipmentCancelled> Type { get; } =
        new("basin.shipping.shipment-cancelled.v1", "shp", ShippingJson.Default.ShipmentCancelled);

    public long Key => Shipment.Value;
}

[JsonSerializable(typeof(ShipmentRequested))]
[JsonSerializable(typeof(ShipmentCancelRequested))]
[JsonSerializable(typeof(ShipmentDispatched))]
[JsonSerializable(typeof(ShipmentRefused))]
[JsonSerializable(typeof(ShipmentDelivered))]
[JsonSerializable(typeof(ShipmentCancelled))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class ShippingJson : JsonSerializerContext;
