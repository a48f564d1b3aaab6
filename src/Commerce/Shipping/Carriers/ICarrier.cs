namespace Basin.Shipping.Carriers;

/// <summary>
/// Whoever carries parcels. Calls are idempotent by the shipment's id: the same call has one effect and always the same answer. An exception, or no
/// answer in time, says nothing about the effect.
/// </summary>
public interface ICarrier
{
    /// <summary>What people know it by.</summary>
    string Name { get; }

    /// <summary>Asks for a parcel to be collected and delivered.</summary>
    Task<Booking> BookAsync(Id<Shipment> shipment, Parcel parcel, CancellationToken cancellation);

    /// <summary>Stops a parcel that was not collected, or calls it back; a parcel that was never booked needs nothing.</summary>
    /// <param name="parcel">As it was booked.</param>
    /// <returns>How long a parcel that has left takes to come back.</returns>
    Task<TimeSpan> RecallAsync(Id<Shipment> shipment, Parcel parcel, CancellationToken cancellation);
}

/// <summary>What is sent, and where to.</summary>
public sealed record Parcel(Address To, IReadOnlyList<ParcelLine> Lines);

/// <summary>A carrier's answer. What it promises is taken for what happens.</summary>
/// <param name="Refusal">Why it does not take the parcel; null when it does.</param>
/// <param name="CollectedAfter">From now to the collection.</param>
/// <param name="DeliveredAfter">From the collection to the delivery.</param>
public sealed record Booking(string? TrackingNumber, string? Refusal, TimeSpan CollectedAfter, TimeSpan DeliveredAfter)
{
    public static Booking Taken(string trackingNumber, TimeSpan collectedAfter, TimeSpan deliveredAfter) =>
        new(trackingNumber, Refusal: null, collectedAfter, deliveredAfter);

    public static Booking Refused(string reason) => new(TrackingNumber: null, reason, TimeSpan.Zero, TimeSpan.Zero);
}
