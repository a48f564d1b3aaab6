using Basin.Shipping;

namespace Basin.Orders;

/// <summary>How far an order has come. Delivered, declined and cancelled are final.</summary>
public enum OrderState
{
    Placed,
    Authorized,
    Reserved,
    Shipped,
    Delivered,
    Declined,
    Cancelling,
    Cancelled,
}

/// <summary>Why an order ended without delivery.</summary>
public enum OrderReason
{
    Customer,
    PaymentDeclined,
    OutOfStock,
    CarrierRefused,
    ReservationExpired,
    CaptureFailed,
}

/// <summary>What an order has asked of another system, and what came of it: the saga's memory.</summary>
public enum Leg
{
    /// <summary>Nothing was asked yet.</summary>
    Idle,

    /// <summary>Asked; no answer yet.</summary>
    Asked,

    /// <summary>Money is held, stock is reserved, the parcel is on its way.</summary>
    Held,

    /// <summary>Money is taken, stock has left, the parcel has arrived.</summary>
    Kept,

    /// <summary>Asked to undo it; no answer yet.</summary>
    Undoing,

    /// <summary>It was refused or undone: nothing is owed on either side.</summary>
    Undone,
}

/// <summary>What happens to an order.</summary>
public enum OrderSignal
{
    PaymentAuthorized,
    PaymentDeclined,
    PaymentCaptureFailed,
    PaymentReleased,
    StockReserved,
    StockRefused,
    StockReleased,
    StockExpired,
    Dispatched,
    ShipmentRefused,
    ShipmentCancelled,
    Delivered,
    CancelAsked,
}

/// <summary>What an order asks of others, or tells the world, as the consequence of a signal.</summary>
[Flags]
public enum OrderAsks
{
    None = 0,
    RequestStock = 1 << 0,
    CommitStock = 1 << 1,
    ReleaseStock = 1 << 2,
    RequestShipment = 1 << 3,
    CancelShipment = 1 << 4,
    CapturePayment = 1 << 5,
    ReleasePayment = 1 << 6,
    TellShipped = 1 << 7,
    TellDelivered = 1 << 8,
    TellEnded = 1 << 9,
}

/// <param name="UnitMinor">Price of one, in the currency's minor unit, as it was when the order was placed.</param>
public sealed record OrderLine(string Sku, string Title, string Option, int Quantity, long UnitMinor)
{
    public long TotalMinor => checked(Quantity * UnitMinor);
}

/// <summary>What does not change after an order is placed.</summary>
/// <param name="Owner">The customer or visitor who may see it in the shop; null for orders placed by a program.</param>
public sealed record OrderTerms(
    string Email, string? Owner, Address ShipTo, IReadOnlyList<OrderLine> Lines, string Currency, long TotalMinor);

/// <summary>What changes while an order runs.</summary>
public sealed record OrderProgress(OrderState State, OrderReason? Reason, Leg Payment, Leg Stock, Leg Shipment)
{
    /// <summary>The payment is asked for in the transaction that places the order.</summary>
    public static OrderProgress Placed { get; } = new(OrderState.Placed, null, Leg.Asked, Leg.Idle, Leg.Idle);

    public bool IsFinal => State is OrderState.Delivered or OrderState.Declined or OrderState.Cancelled;

    /// <summary>Nothing is owed on any side any more.</summary>
    private bool IsUndone => Shipment is Leg.Idle or Leg.Undone && Stock is Leg.Idle or Leg.Undone && Payment is Leg.Idle or Leg.Undone;

    /// <summary>
    /// The whole saga: what follows from a signal. A signal that comes twice or too late changes nothing, because the answers of three systems
    /// arrive in any order.
    /// </summary>
    public (OrderProgress Next, OrderAsks Asks) On(OrderSignal signal) => (State, signal) switch
    {
        (OrderState.Placed, OrderSignal.PaymentAuthorized) =>
            (this with { State = OrderState.Authorized, Payment = Leg.Held, Stock = Leg.Asked }, OrderAsks.RequestStock),
        (OrderState.Placed, OrderSignal.PaymentDeclined) =>
            (this with { State = OrderState.Declined, Reason = OrderReason.PaymentDeclined, Payment = Leg.Undone }, OrderAsks.TellEnded),

        (OrderState.Authorized, OrderSignal.StockReserved) =>
            (this with { State = OrderState.Reserved, Stock = Leg.Held, Shipment = Leg.Asked }, OrderAsks.RequestShipment),
        (OrderState.Authorized, OrderSignal.StockRefused) => (this with { Stock = Leg.Undone }).Cancel(OrderReason.OutOfStock),

        (OrderState.Reserved, OrderSignal.Dispatched) => (
            this with { State = OrderState.Shipped, Shipment = Leg.Held, Stock = Leg.Kept, Payment = Leg.Kept },
            OrderAsks.CapturePayment | OrderAsks.CommitStock | OrderAsks.TellShipped),
        (OrderState.Reserved, OrderSignal.ShipmentRefused) => (this with { Shipment = Leg.Undone }).Cancel(OrderReason.CarrierRefused),
        (OrderState.Reserved, OrderSignal.StockExpired) => (this with { Stock = Leg.Undone }).Cancel(OrderReason.ReservationExpired),

        (OrderState.Shipped, OrderSignal.Delivered) =>
            (this with { State = OrderState.Delivered, Shipment = Leg.Kept }, OrderAsks.TellDelivered),
        (OrderState.Shipped, OrderSignal.PaymentCaptureFailed) => Cancel(OrderReason.CaptureFailed),

        // The goods are gone; that the money did not come is for people to settle.
        (OrderState.Delivered, OrderSignal.PaymentCaptureFailed) => (this with { Reason = OrderReason.CaptureFailed }, OrderAsks.None),

        // The money did not come, and the parcel may still arrive: whichever way it ends, that stays visible.
        (OrderState.Cancelling, OrderSignal.PaymentCaptureFailed) when Payment is Leg.Kept or Leg.Undoing =>
            (this with { Reason = OrderReason.CaptureFailed }, OrderAsks.None),
        (OrderState.Cancelling, OrderSignal.Delivered) when Shipment == Leg.Undoing => DeliverAfterAll(),
        (OrderState.Cancelling, OrderSignal.ShipmentCancelled or OrderSignal.ShipmentRefused) when Shipment == Leg.Undoing =>
            (this with { Shipment = Leg.Undone }).Compensate(),
        (OrderState.Cancelling, OrderSignal.StockReleased) when Stock == Leg.Undoing => (this with { Stock = Leg.Undone }).Compensate(),
        (OrderState.Cancelling, OrderSignal.StockExpired) when Stock == Leg.Held => (this with { Stock = Leg.Undone }).Compensate(),
        (OrderState.Cancelling, OrderSignal.PaymentReleased) when Payment == Leg.Undoing => (this with { Payment = Leg.Undone }).Compensate(),

        (_, OrderSignal.CancelAsked) when !IsFinal && State != OrderState.Cancelling => Cancel(OrderReason.Customer),
        _ => (this, OrderAsks.None),
    };

    private (OrderProgress Next, OrderAsks Asks) Cancel(OrderReason reason) =>
        (this with { State = OrderState.Cancelling, Reason = reason }).Compensate();

    /// <summary>
    /// Undoes in the reverse order of doing: the parcel first, because until it is back it may still arrive; then stock and money together.
    /// </summary>
    private (OrderProgress Next, OrderAsks Asks) Compensate()
    {
        if (Shipment is Leg.Asked or Leg.Held)
            return (this with { Shipment = Leg.Undoing }, OrderAsks.CancelShipment);
        if (Shipment is Leg.Undoing)
            return (this, OrderAsks.None);
        var next = this;
        var asks = OrderAsks.None;
        if (Stock is Leg.Asked or Leg.Held or Leg.Kept)
            (next, asks) = (next with { Stock = Leg.Undoing }, asks | OrderAsks.ReleaseStock);
        if (Payment is Leg.Asked or Leg.Held or Leg.Kept)
            (next, asks) = (next with { Payment = Leg.Undoing }, asks | OrderAsks.ReleasePayment);
        return next.IsUndone ? (next with { State = OrderState.Cancelled }, asks | OrderAsks.TellEnded) : (next, asks);
    }

    /// <summary>The parcel arrived before it could be stopped, so the sale stands.</summary>
    private (OrderProgress Next, OrderAsks Asks) DeliverAfterAll()
    {
        var asks = OrderAsks.TellDelivered;
        if (Payment == Leg.Held)
            asks |= OrderAsks.CapturePayment;
        if (Stock != Leg.Kept)
            asks |= OrderAsks.CommitStock;
        // That the money did not come stays visible: people have to settle it.
        var reason = Reason == OrderReason.CaptureFailed ? Reason : null;
        return (this with { State = OrderState.Delivered, Reason = reason, Shipment = Leg.Kept, Payment = Leg.Kept, Stock = Leg.Kept }, asks);
    }
}

/// <summary>An order: its terms, how far it has come, and its history.</summary>
public sealed record Order(
    Id<Order> Id, Id<Tenant> Tenant, OrderTerms Terms, OrderProgress Progress, DateTimeOffset PlacedAt, DateTimeOffset ChangedAt) : IEntity
{
    public const int MaxLines = 100;
    public const int MaxQuantity = 1000;

    public static string Prefix => "ord";

    /// <summary>Prices the lines by the catalogue's offers and makes the terms, or says what is wrong with them.</summary>
    public static (OrderTerms? Terms, Problem? Refusal) Price(
        PlaceOrder request, string? owner, IReadOnlyDictionary<string, Catalog.Offer> offers)
    {
        var lines = new OrderLine[request.Lines.Count];
        var refusal = OrdersProblems.NotForSale;
        string? currency = null;
        long total = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            var (sku, quantity) = request.Lines[i];
            if (!offers.TryGetValue(sku, out var offer))
            {
                refusal = refusal.At($"lines[{i}].sku", "It is not for sale.");
                continue;
            }
            if (offer.Currency != (currency ??= offer.Currency))
                return (null, OrdersProblems.MixedCurrencies.At($"lines[{i}].sku", $"It is priced in {offer.Currency}, the first line in {currency}."));
            lines[i] = new OrderLine(sku, offer.Title, offer.Option, quantity, offer.PriceMinor);
            total = checked(total + lines[i].TotalMinor);
        }
        return refusal.Errors.Count > 0
            ? (null, refusal)
            : (new OrderTerms(request.Email, owner, request.ShipTo.ToAddress(), lines, currency!, total), null);
    }
}

/// <summary>One entry of an order's history.</summary>
/// <param name="N">1, 2, 3, ... within the order.</param>
/// <param name="Note">What people want to know beyond the state, such as a tracking number.</param>
public sealed record TimelineEntry(int N, OrderState State, DateTimeOffset At, string? Note);

/// <summary>An order and all that has happened to it, oldest first.</summary>
public sealed record OrderHistory(Order Order, IReadOnlyList<TimelineEntry> Timeline);
