using Basin.Inventory;
using Basin.Payments;
using Basin.Shipping;

namespace Basin.Orders;

/// <summary>
/// Listens to the systems that an order needs and asks the next of them: Payment, Inventory, Shipping. Each handler runs in the transaction that
/// moves the checkpoint, so a signal takes effect once.
/// </summary>
internal static class OrdersSaga
{
    public static ValueTask OnAsync(Transaction tx, PaymentAuthorized e, EventContext context) =>
        SignalAsync(tx, context, e.Payment.Value, OrderSignal.PaymentAuthorized);

    public static ValueTask OnAsync(Transaction tx, PaymentDeclined e, EventContext context) =>
        SignalAsync(tx, context, e.Payment.Value, OrderSignal.PaymentDeclined, e.Code);

    public static ValueTask OnAsync(Transaction tx, PaymentCaptureFailed e, EventContext context) =>
        SignalAsync(tx, context, e.Payment.Value, OrderSignal.PaymentCaptureFailed, e.Code);

    public static ValueTask OnAsync(Transaction tx, PaymentReleased e, EventContext context) => SignalAsync(
        tx, context, e.Payment.Value, OrderSignal.PaymentReleased, e.RefundedMinor > 0 ? "payment refunded" : "payment released");

    public static ValueTask OnAsync(Transaction tx, StockReserved e, EventContext context) =>
        SignalAsync(tx, context, e.Reservation.Value, OrderSignal.StockReserved);

    public static ValueTask OnAsync(Transaction tx, StockRefused e, EventContext context) =>
        SignalAsync(tx, context, e.Reservation.Value, OrderSignal.StockRefused, $"not in stock: {string.Join(", ", e.Missing)}");

    public static ValueTask OnAsync(Transaction tx, StockReleased e, EventContext context) => SignalAsync(
        tx, context, e.Reservation.Value, e.Expired ? OrderSignal.StockExpired : OrderSignal.StockReleased,
        e.Expired ? "reservation expired" : "stock released");

    public static ValueTask OnAsync(Transaction tx, ShipmentDispatched e, EventContext context) =>
        SignalAsync(tx, context, e.Shipment.Value, OrderSignal.Dispatched, $"{e.Carrier} {e.TrackingNumber}");

    public static ValueTask OnAsync(Transaction tx, ShipmentRefused e, EventContext context) =>
        SignalAsync(tx, context, e.Shipment.Value, OrderSignal.ShipmentRefused, e.Reason);

    public static ValueTask OnAsync(Transaction tx, ShipmentCancelled e, EventContext context) =>
        SignalAsync(tx, context, e.Shipment.Value, OrderSignal.ShipmentCancelled, e.Returned ? "parcel returned" : "shipment stopped");

    public static ValueTask OnAsync(Transaction tx, ShipmentDelivered e, EventContext context) =>
        SignalAsync(tx, context, e.Shipment.Value, OrderSignal.Delivered);

    /// <summary>A visitor's orders may lie in every shard.</summary>
    public static async ValueTask OnAsync(Transaction tx, VisitorSignedIn e, EventContext context) =>
        await OrdersStore.ChangeOwnerAsync(tx, context.Tenant, e.VisitorOwner, e.CustomerOwner);

    private static async ValueTask SignalAsync(Transaction tx, EventContext context, long number, OrderSignal signal, string? note = null)
    {
        // Payments, stock and parcels that belong to no order are somebody else's.
        if (await OrdersStore.FindAsync(tx, context.Tenant, new Id<Order>(number)) is { } order)
            await SignalAsync(tx, order, signal, note);
    }

    /// <summary>Moves an order on; a signal without consequences leaves no trace.</summary>
    public static async ValueTask<OrderProgress> SignalAsync(Transaction tx, Order order, OrderSignal signal, string? note)
    {
        var (next, asks) = order.Progress.On(signal);
        if (next == order.Progress)
            return next;
        var moved = order with { Progress = next };
        await OrdersStore.UpdateAsync(tx, moved, note);
        await AskAsync(tx, moved, asks, note);
        return next;
    }

    private static async ValueTask AskAsync(Transaction tx, Order order, OrderAsks asks, string? note)
    {
        var (tenant, number, terms) = (order.Tenant, order.Id.Value, order.Terms);
        if (asks.HasFlag(OrderAsks.RequestStock))
            await tx.PublishAsync(tenant, new StockRequested(new(number), [.. terms.Lines.Select(line => new StockLine(line.Sku, line.Quantity))]));
        if (asks.HasFlag(OrderAsks.RequestShipment))
        {
            await tx.PublishAsync(
                tenant, new ShipmentRequested(new(number), terms.ShipTo, [.. terms.Lines.Select(line => new ParcelLine(line.Sku, line.Quantity))]));
        }
        if (asks.HasFlag(OrderAsks.CancelShipment))
            await tx.PublishAsync(tenant, new ShipmentCancelRequested(new(number)));
        if (asks.HasFlag(OrderAsks.CommitStock))
            await tx.PublishAsync(tenant, new StockCommitRequested(new(number)));
        if (asks.HasFlag(OrderAsks.ReleaseStock))
            await tx.PublishAsync(tenant, new StockReleaseRequested(new(number)));
        if (asks.HasFlag(OrderAsks.CapturePayment))
            await tx.PublishAsync(tenant, new PaymentCaptureRequested(new(number)));
        if (asks.HasFlag(OrderAsks.ReleasePayment))
            await tx.PublishAsync(tenant, new PaymentReleaseRequested(new(number)));
        if (asks.HasFlag(OrderAsks.TellShipped))
            await tx.PublishAsync(tenant, new OrderShipped(order.Id, terms.Email, terms.Owner, note));
        if (asks.HasFlag(OrderAsks.TellDelivered))
            await tx.PublishAsync(tenant, new OrderDelivered(order.Id, terms.Email, terms.Owner));
        if (asks.HasFlag(OrderAsks.TellEnded))
            await tx.PublishAsync(tenant, new OrderEnded(order.Id, terms.Email, terms.Owner, order.Progress.State, order.Progress.Reason!.Value));
    }
}
