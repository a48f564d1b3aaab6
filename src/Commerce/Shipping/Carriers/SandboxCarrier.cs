namespace Basin.Shipping.Carriers;

/// <summary>
/// A carrier without vans. It remembers nothing: every answer follows from the parcel, so that a repeat gets the same one. Some addresses are for tests:
/// postal code <c>00000</c> is refused, postal code <c>99999</c> takes five times as long.
/// </summary>
internal sealed class SandboxCarrier(ShippingOptions options) : ICarrier
{
    public const string RefusedPostalCode = "00000";
    public const string SlowPostalCode = "99999";
    public const int SlowFactor = 5;

    public string Name => "sandbox";

    public Task<Booking> BookAsync(Id<Shipment> shipment, Parcel parcel, CancellationToken cancellation)
    {
        var pace = PaceOf(parcel);
        return Task.FromResult(
            parcel.To.PostalCode == RefusedPostalCode ? Booking.Refused("address_unknown")
            : options.RefusedCountries.Contains(parcel.To.Country) ? Booking.Refused("country_not_served")
            : Booking.Taken(TrackingNumberOf(shipment), options.DispatchAfter * pace, options.DeliverAfter * pace));
    }

    public Task<TimeSpan> RecallAsync(Id<Shipment> shipment, Parcel parcel, CancellationToken cancellation) =>
        Task.FromResult(options.ReturnAfter * PaceOf(parcel));

    public static string TrackingNumberOf(Id<Shipment> shipment) => $"SBX{shipment.Value:D19}";

    private static int PaceOf(Parcel parcel) => parcel.To.PostalCode == SlowPostalCode ? SlowFactor : 1;
}
