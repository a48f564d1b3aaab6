namespace Basin.Shipping;

/// <summary>One parcel on its way to a customer.</summary>
public sealed record Shipment : IEntity
{
    public static string Prefix => "shp";
}
