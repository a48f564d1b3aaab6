using Basin.Shipping.Carriers;

namespace Basin.Shipping;

/// <summary>How far a parcel has come. Delivered, refused, cancelled and returned are final.</summary>
public enum ShipmentState
{
    Requested,

    /// <summary>It has left.</summary>
    Dispatched,

    Delivered,

    /// <summary>The carrier did not take it.</summary>
    Refused,

    /// <summary>It is being stopped or called back.</summary>
    Cancelling,

    /// <summary>It was stopped before it left.</summary>
    Cancelled,

    /// <summary>It had left and came back.</summary>
    Returned,
}

/// <param name="Text">For people.</param>
public sealed record TrackingEvent(ShipmentState State, DateTimeOffset At, string Text);

/// <summary>One parcel on its way to a customer.</summary>
/// <remarks>
/// What each message does in each state; "-" changes nothing, "again" tells once more what was told:
/// <code>
///            | request | cancel     | booked               | collected  | delivered | recalled             | returned
/// (none)     | request | cancelled  |                      |            |           |                      |
/// requested  | -       | cancelling | dispatched, refused, | dispatched | -         | -                    | -
///            |         |            | or waits for it      |            |           |                      |
/// dispatched | again   | cancelling | -                    | -          | delivered | -                    | -
/// delivered  | again   | -          | -                    | -          | -         | -                    | -
/// refused    | again   | -          | -                    | -          | -         | -                    | -
/// cancelling | -       | -          | is recalled, or      | -          | -         | cancelled, returned, | returned
///            |         |            | cancelled if refused |            |           | or waits for it      |
/// cancelled  | again   | again      | -                    | -          | -         | -                    | -
/// returned   | again   | again      | -                    | -          | -         | -                    | -
/// </code>
/// A request that comes after its cancellation is refused. A cancellation that is repeated before its answer shares that answer.
/// </remarks>
/// <param name="Parcel">Null when only a cancellation ever came.</param>
/// <param name="TrackingNumber">The carrier's; there is one from the booking on.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="HasLeft">Whether the carrier has ever had it.</param>
/// <param name="NewTracking">What has happened since it was read; stored behind what is there, which no decision needs.</param>
public sealed record Shipment(
    Id<Shipment> Id,
    ShipmentState State,
    Parcel? Parcel,
    string? Carrier,
    string? TrackingNumber,
    string? Reason,
    DateTimeOffset CreatedAt,
    bool HasLeft,
    IReadOnlyList<TrackingEvent> NewTracking) : IEntity
{
    public static string Prefix => "shp";

    public static ShipmentStep Request(ShipmentRequested asked, DateTimeOffset now)
    {
        var parcel = new Parcel(asked.To, asked.Lines);
        var requested = new Shipment(
            asked.Shipment, ShipmentState.Requested, parcel, Carrier: null, TrackingNumber: null, Reason: null, now, HasLeft: false,
            [new TrackingEvent(ShipmentState.Requested, now, "Requested")]);
        return new ShipmentStep(requested, Next: CarrierCall.Book(requested.Id, parcel));
    }

    /// <summary>A cancellation of something that nobody has requested: a request that comes later finds it cancelled.</summary>
    public static ShipmentStep CancelUnknown(Id<Shipment> id, DateTimeOffset now) => new(
        new Shipment(
            id, ShipmentState.Cancelled, Parcel: null, Carrier: null, TrackingNumber: null, Reason: "cancelled", now, HasLeft: false,
            [new TrackingEvent(ShipmentState.Cancelled, now, "Cancelled before it was requested")]),
        ShipmentNews.Cancelled);

    public ShipmentStep RequestAgain() => new(this, State switch
    {
        ShipmentState.Dispatched => ShipmentNews.Dispatched,
        ShipmentState.Delivered => ShipmentNews.Dispatched | ShipmentNews.Delivered,
        ShipmentState.Refused => ShipmentNews.Refused,
        ShipmentState.Cancelled when Parcel is null => ShipmentNews.Refused,
        ShipmentState.Cancelled or ShipmentState.Returned => ShipmentNews.Cancelled,
        _ => ShipmentNews.None,
    });

    public ShipmentStep Cancel(DateTimeOffset now) => State switch
    {
        // The booking is under way and finds the cancellation when it returns.
        ShipmentState.Requested when TrackingNumber is null => new(Become(ShipmentState.Cancelling, now, "To be stopped")),
        ShipmentState.Requested or ShipmentState.Dispatched =>
            new(Become(ShipmentState.Cancelling, now, "To be stopped"), Next: CarrierCall.Recall(Id, Parcel!)),
        ShipmentState.Cancelled or ShipmentState.Returned => new(this, ShipmentNews.Cancelled),
        _ => new(this),
    };

    /// <summary>The carrier has answered to the booking.</summary>
    public ShipmentStep Book(string carrier, Booking booking, DateTimeOffset now) => (State, booking.Refusal) switch
    {
        _ when TrackingNumber is not null => new(this),
        (ShipmentState.Requested, { } reason) =>
            new((this with { Reason = reason }).Become(ShipmentState.Refused, now, $"Refused by {carrier}: {reason}"), ShipmentNews.Refused),
        (ShipmentState.Requested, null) when booking.CollectedAfter <= TimeSpan.Zero =>
            (this with { Carrier = carrier, TrackingNumber = booking.TrackingNumber }).Collect(booking.DeliveredAfter, now),
        (ShipmentState.Requested, null) => new(
            (this with { Carrier = carrier, TrackingNumber = booking.TrackingNumber }).Become(State, now, $"Booked with {carrier}"),
            Next: CarrierCall.Collect(Id, booking.DeliveredAfter),
            After: booking.CollectedAfter),
        (ShipmentState.Cancelling, { }) => Stop(now),
        (ShipmentState.Cancelling, null) =>
            new(this with { Carrier = carrier, TrackingNumber = booking.TrackingNumber }, Next: CarrierCall.Recall(Id, Parcel!)),
        _ => new(this),
    };

    /// <summary>The carrier has the parcel.</summary>
    public ShipmentStep Collect(TimeSpan deliveredAfter, DateTimeOffset now)
    {
        if (State != ShipmentState.Requested)
            return new(this);
        var collected = (this with { HasLeft = true }).Become(ShipmentState.Dispatched, now, $"Collected by {Carrier}");
        if (deliveredAfter > TimeSpan.Zero)
            return new(collected, ShipmentNews.Dispatched, CarrierCall.Deliver(Id), deliveredAfter);
        var delivered = collected.Deliver(now);
        return delivered with { News = ShipmentNews.Dispatched | delivered.News };
    }

    /// <summary>The customer has the parcel.</summary>
    public ShipmentStep Deliver(DateTimeOffset now) => State == ShipmentState.Dispatched
        ? new(Become(ShipmentState.Delivered, now, "Delivered"), ShipmentNews.Delivered)
        : new(this);

    /// <summary>The carrier has answered to the recall.</summary>
    public ShipmentStep Recall(TimeSpan backAfter, DateTimeOffset now)
    {
        if (State != ShipmentState.Cancelling)
            return new(this);
        if (!HasLeft)
            return Stop(now);
        return backAfter > TimeSpan.Zero ? new(this, Next: CarrierCall.Return(Id), After: backAfter) : Return(now);
    }

    /// <summary>The parcel is back.</summary>
    public ShipmentStep Return(DateTimeOffset now) => State == ShipmentState.Cancelling && HasLeft
        ? new(Become(ShipmentState.Returned, now, "Returned"), ShipmentNews.Cancelled)
        : new(this);

    private ShipmentStep Stop(DateTimeOffset now) =>
        new(Become(ShipmentState.Cancelled, now, "Stopped before it left"), ShipmentNews.Cancelled);

    private Shipment Become(ShipmentState state, DateTimeOffset now, string text) =>
        this with { State = state, NewTracking = [.. NewTracking, new TrackingEvent(state, now, text)] };
}

/// <summary>A shipment and all that has happened to it, the oldest first.</summary>
public sealed record TrackedShipment(Shipment Shipment, IReadOnlyList<TrackingEvent> Tracking);

/// <summary>What is published.</summary>
[Flags]
public enum ShipmentNews
{
    None = 0,
    Dispatched = 1 << 0,
    Delivered = 1 << 1,
    Refused = 1 << 2,
    Cancelled = 1 << 3,
}

/// <summary>What one message does to a shipment.</summary>
/// <param name="Shipment">The same instance as before when nothing changes.</param>
/// <param name="Next">What is to be done with the carrier, when there is something.</param>
/// <param name="After">From now to the next; zero for at once.</param>
public sealed record ShipmentStep(
    Shipment Shipment, ShipmentNews News = ShipmentNews.None, CarrierCall? Next = null, TimeSpan After = default);
