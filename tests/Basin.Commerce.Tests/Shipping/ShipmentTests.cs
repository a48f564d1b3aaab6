using Basin.Kernel.Ids;
using Basin.Shipping;
using Basin.Shipping.Carriers;
using State = Basin.Shipping.ShipmentState;

namespace Basin.Commerce.Tests.Shipping;

/// <summary>Every message in every state of a shipment.</summary>
public sealed class ShipmentTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly ShipmentRequested Asked =
        new(new Id<Shipment>(7), new Address("Ada", "1 Main St", "Bonn", "53111", "DE"), [new ParcelLine("A", 1)]);

    private static readonly Booking AtOnce = Booking.Taken("T7", TimeSpan.Zero, TimeSpan.Zero);
    private static readonly Booking Soon = Booking.Taken("T7", Second, Second);

    private static Shipment In(string state)
    {
        var requested = Shipment.Request(Asked, Now).Shipment;
        var booked = requested.Book("c", Soon, Now).Shipment;
        var dispatched = booked.Collect(Second, Now).Shipment;
        return state switch
        {
            "requested" => requested,
            "booked" => booked,
            "dispatched" => dispatched,
            "delivered" => dispatched.Deliver(Now).Shipment,
            "refused" => requested.Book("c", Booking.Refused("no"), Now).Shipment,
            "cancelling" => requested.Cancel(Now).Shipment,
            "cancelling, booked" => booked.Cancel(Now).Shipment,
            "cancelling, left" => dispatched.Cancel(Now).Shipment,
            "cancelled" => booked.Cancel(Now).Shipment.Recall(Second, Now).Shipment,
            "returned" => dispatched.Cancel(Now).Shipment.Return(Now).Shipment,
            _ => Shipment.CancelUnknown(Asked.Shipment, Now).Shipment,
        };
    }

    private static ShipmentStep Send(Shipment shipment, string message) => message switch
    {
        "request" => shipment.RequestAgain(),
        "cancel" => shipment.Cancel(Now),
        "booked, at once" => shipment.Book("c", AtOnce, Now),
        "booked" => shipment.Book("c", Soon, Now),
        "booked, refused" => shipment.Book("c", Booking.Refused("no"), Now),
        "collected" => shipment.Collect(Second, Now),
        "delivered" => shipment.Deliver(Now),
        "recalled" => shipment.Recall(Second, Now),
        "recalled, at once" => shipment.Recall(TimeSpan.Zero, Now),
        _ => shipment.Return(Now),
    };

    private static readonly string[] Messages =
    [
        "request", "cancel", "booked, at once", "booked", "booked, refused", "collected", "delivered", "recalled", "recalled, at once", "returned",
    ];

    private static readonly string[] States =
    [
        "requested", "booked", "dispatched", "delivered", "refused", "cancelling", "cancelling, booked", "cancelling, left", "cancelled", "returned",
        "cancelled before the request",
    ];

    /// <summary>What happens; everything that is not here changes nothing and says nothing.</summary>
    private static readonly Dictionary<(string State, string Message), (State After, ShipmentNews News, CarrierTask? Next)> Happens = new()
    {
        [("requested", "cancel")] = (State.Cancelling, ShipmentNews.None, null),
        [("requested", "booked, at once")] = (State.Delivered, ShipmentNews.Dispatched | ShipmentNews.Delivered, null),
        [("requested", "booked")] = (State.Requested, ShipmentNews.None, CarrierTask.Collect),
        [("requested", "booked, refused")] = (State.Refused, ShipmentNews.Refused, null),
        [("requested", "collected")] = (State.Dispatched, ShipmentNews.Dispatched, CarrierTask.Deliver),
        [("booked", "cancel")] = (State.Cancelling, ShipmentNews.None, CarrierTask.Recall),
        [("booked", "collected")] = (State.Dispatched, ShipmentNews.Dispatched, CarrierTask.Deliver),
        [("dispatched", "request")] = (State.Dispatched, ShipmentNews.Dispatched, null),
        [("dispatched", "cancel")] = (State.Cancelling, ShipmentNews.None, CarrierTask.Recall),
        [("dispatched", "delivered")] = (State.Delivered, ShipmentNews.Delivered, null),
        [("delivered", "request")] = (State.Delivered, ShipmentNews.Dispatched | ShipmentNews.Delivered, null),
        [("refused", "request")] = (State.Refused, ShipmentNews.Refused, null),
        [("cancelling", "booked, at once")] = (State.Cancelling, ShipmentNews.None, CarrierTask.Recall),
        [("cancelling", "booked")] = (State.Cancelling, ShipmentNews.None, CarrierTask.Recall),
        [("cancelling", "booked, refused")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelling", "recalled")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelling", "recalled, at once")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelling, left", "recalled")] = (State.Cancelling, ShipmentNews.None, CarrierTask.Return),
        [("cancelling, left", "recalled, at once")] = (State.Returned, ShipmentNews.Cancelled, null),
        [("cancelling, left", "returned")] = (State.Returned, ShipmentNews.Cancelled, null),
        [("cancelling, booked", "recalled")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelling, booked", "recalled, at once")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelled", "request")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("cancelled", "cancel")] = (State.Cancelled, ShipmentNews.Cancelled, null),
        [("returned", "request")] = (State.Returned, ShipmentNews.Cancelled, null),
        [("returned", "cancel")] = (State.Returned, ShipmentNews.Cancelled, null),
        [("cancelled before the request", "request")] = (State.Cancelled, ShipmentNews.Refused, null),
        [("cancelled before the request", "cancel")] = (State.Cancelled, ShipmentNews.Cancelled, null),
    };

    public static TheoryData<string, string> Table => [.. from state in States from message in Messages select (state, message)];

    [Theory, MemberData(nameof(Table))]
    public void Each_message_moves_each_state_as_documented(string state, string message)
    {
        var before = In(state);
        var step = Send(before, message);
        var expected = Happens.GetValueOrDefault((state, message), (before.State, ShipmentNews.None, null));
        Assert.Equal(expected, (step.Shipment.State, step.News, step.Next?.Task));
        if (!Happens.ContainsKey((state, message)))
            Assert.Same(before, step.Shipment);
    }

    [Fact]
    public void A_parcel_of_a_slow_carrier_waits_for_collection_and_delivery()
    {
        var booked = Shipment.Request(Asked, Now).Shipment.Book("c", Booking.Taken("T7", Second, 2 * Second), Now);
        Assert.Equal((CarrierCall.Collect(Asked.Shipment, 2 * Second), Second), (booked.Next, booked.After));
        var collected = booked.Shipment.Collect(booked.Next!.DeliveredAfter, Now);
        Assert.Equal((CarrierCall.Deliver(Asked.Shipment), 2 * Second), (collected.Next, collected.After));
    }

    [Fact]
    public void Tracking_tells_the_whole_way() => Assert.Equal(
        ["Requested", "Booked with c", "Collected by c", "To be stopped", "Returned"], In("returned").NewTracking.Select(entry => entry.Text));

    [Theory]
    [InlineData("00000", "DE", "address_unknown", 0)]
    [InlineData("53111", "XX", "country_not_served", 0)]
    [InlineData("53111", "DE", null, 1)]
    [InlineData("99999", "DE", null, 5)]
    public async Task The_sandbox_carrier_answers_by_the_address(string postalCode, string country, string? refusal, int pace)
    {
        var carrier = new SandboxCarrier(new ShippingOptions { RefusedCountries = ["XX"] });
        var parcel = new Parcel(Asked.To with { PostalCode = postalCode, Country = country }, Asked.Lines);
        var booking = await carrier.BookAsync(Asked.Shipment, parcel, CancellationToken.None);
        Assert.Equal(booking, await carrier.BookAsync(Asked.Shipment, parcel, CancellationToken.None));
        Assert.Equal((refusal, 3 * pace * Second, 6 * pace * Second), (booking.Refusal, booking.CollectedAfter, booking.DeliveredAfter));
        Assert.Equal(refusal is null ? "SBX0000000000000000007" : null, booking.TrackingNumber);
    }
}
