namespace Basin.Inventory;

/// <summary>Stock set aside for somebody, for a time.</summary>
public sealed record Reservation : IEntity
{
    public static string Prefix => "res";
}
