namespace Basin.Payments;

/// <summary>Money asked from a customer: held, taken, given back.</summary>
public sealed record Payment : IEntity
{
    public static string Prefix => "pay";
}
