using Basin.Orders;
using static Basin.Orders.OrderSignal;
using Asks = Basin.Orders.OrderAsks;

namespace Basin.Commerce.Tests.Orders;

/// <summary>The saga as a table: a history of signals, and where it ends.</summary>
public sealed class OrderProgressTests
{
    public static TheoryData<string, OrderSignal[], OrderState, OrderReason?, Asks> Histories => new()
    {
        {
            "everything goes well", [PaymentAuthorized, StockReserved, Dispatched, Delivered], OrderState.Delivered, null,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.TellDelivered
        },
        { "the card is declined", [PaymentDeclined], OrderState.Declined, OrderReason.PaymentDeclined, Asks.TellEnded },
        {
            "stock is short", [PaymentAuthorized, StockRefused, PaymentReleased], OrderState.Cancelled, OrderReason.OutOfStock,
            Asks.RequestStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "the carrier refuses", [PaymentAuthorized, StockReserved, ShipmentRefused, StockReleased, PaymentReleased],
            OrderState.Cancelled, OrderReason.CarrierRefused,
            Asks.RequestStock | Asks.RequestShipment | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "the reservation expires", [PaymentAuthorized, StockReserved, StockExpired, ShipmentCancelled, PaymentReleased],
            OrderState.Cancelled, OrderReason.ReservationExpired,
            Asks.RequestStock | Asks.RequestShipment | Asks.CancelShipment | Asks.ReleasePayment | Asks.TellEnded
        },
        { "cancelled when placed", [CancelAsked, PaymentReleased], OrderState.Cancelled, OrderReason.Customer, Asks.ReleasePayment | Asks.TellEnded },
        {
            "cancelled when placed, and the authorization comes late", [CancelAsked, PaymentAuthorized, PaymentReleased],
            OrderState.Cancelled, OrderReason.Customer, Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "cancelled when authorized", [PaymentAuthorized, CancelAsked, StockReserved, PaymentReleased, StockReleased],
            OrderState.Cancelled, OrderReason.Customer, Asks.RequestStock | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "cancelled when reserved", [PaymentAuthorized, StockReserved, CancelAsked, ShipmentCancelled, StockReleased, PaymentReleased],
            OrderState.Cancelled, OrderReason.Customer,
            Asks.RequestStock | Asks.RequestShipment | Asks.CancelShipment | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "cancelled when shipped, and the parcel comes back",
            [PaymentAuthorized, StockReserved, Dispatched, CancelAsked, ShipmentCancelled, PaymentReleased, StockReleased],
            OrderState.Cancelled, OrderReason.Customer,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "cancelled when shipped, but the parcel arrives",
            [PaymentAuthorized, StockReserved, Dispatched, CancelAsked, Delivered], OrderState.Delivered, null,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.TellDelivered
        },
        {
            "cancelled while it leaves, but the parcel arrives",
            [PaymentAuthorized, StockReserved, CancelAsked, Dispatched, Delivered], OrderState.Delivered, null,
            Asks.RequestStock | Asks.RequestShipment | Asks.CancelShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellDelivered
        },
        {
            "cancelled while the carrier refuses",
            [PaymentAuthorized, StockReserved, CancelAsked, ShipmentRefused, StockReleased, PaymentReleased],
            OrderState.Cancelled, OrderReason.Customer,
            Asks.RequestStock | Asks.RequestShipment | Asks.CancelShipment | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "the money cannot be taken",
            [PaymentAuthorized, StockReserved, Dispatched, PaymentCaptureFailed, ShipmentCancelled, StockReleased, PaymentReleased],
            OrderState.Cancelled, OrderReason.CaptureFailed,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "the money cannot be taken and the parcel arrives all the same",
            [PaymentAuthorized, StockReserved, Dispatched, PaymentCaptureFailed, Delivered], OrderState.Delivered, OrderReason.CaptureFailed,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.TellDelivered
        },
        {
            "cancelled, the money cannot be taken and the parcel arrives all the same",
            [PaymentAuthorized, StockReserved, Dispatched, CancelAsked, PaymentCaptureFailed, Delivered],
            OrderState.Delivered, OrderReason.CaptureFailed,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.TellDelivered
        },
        {
            "cancelled, the money cannot be taken and the parcel comes back",
            [PaymentAuthorized, StockReserved, Dispatched, CancelAsked, PaymentCaptureFailed, ShipmentCancelled, StockReleased, PaymentReleased],
            OrderState.Cancelled, OrderReason.CaptureFailed,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.CancelShipment
                | Asks.ReleaseStock | Asks.ReleasePayment | Asks.TellEnded
        },
        {
            "the money cannot be taken and the parcel has arrived",
            [PaymentAuthorized, StockReserved, Dispatched, Delivered, PaymentCaptureFailed], OrderState.Delivered, OrderReason.CaptureFailed,
            Asks.RequestStock | Asks.RequestShipment | Asks.CapturePayment | Asks.CommitStock | Asks.TellShipped | Asks.TellDelivered
        },
    };

    [Theory]
    [MemberData(nameof(Histories))]
    public void A_history_ends_where_the_table_says(string name, OrderSignal[] signals, OrderState state, OrderReason? reason, Asks expected)
    {
        var (end, asked) = Run(signals);

        Assert.True(end.State == state && end.Reason == reason, $"{name}: ended as {end}");
        Assert.Equal(expected, asked);
    }

    [Theory]
    [MemberData(nameof(Histories))]
    public void Signals_that_come_twice_change_nothing(string name, OrderSignal[] signals, OrderState state, OrderReason? reason, Asks expected)
    {
        // A cancellation is a wish, not an answer: asked twice in one state it is one, and it is asked once here.
        var (end, asked) = Run(signals.SelectMany(signal => new[] { signal, signal }));

        Assert.True(end.State == state && end.Reason == reason, $"{name}: ended as {end}");
        Assert.Equal(expected, asked);
    }

    [Theory]
    [InlineData(OrderState.Delivered)]
    [InlineData(OrderState.Declined)]
    [InlineData(OrderState.Cancelled)]
    public void A_final_state_is_never_left(OrderState state)
    {
        var final = OrderProgress.Placed with { State = state };

        foreach (var signal in Enum.GetValues<OrderSignal>())
            Assert.Equal(state, final.On(signal).Next.State);
    }

    /// <summary>Fails when something is asked for twice.</summary>
    private static (OrderProgress End, Asks Asked) Run(IEnumerable<OrderSignal> signals)
    {
        var progress = OrderProgress.Placed;
        var asked = Asks.None;
        foreach (var signal in signals)
        {
            (progress, var asks) = progress.On(signal);
            Assert.Equal(Asks.None, asked & asks);
            asked |= asks;
        }
        return (progress, asked);
    }
}
