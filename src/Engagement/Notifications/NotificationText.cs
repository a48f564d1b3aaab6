using Basin.Orders;

namespace Basin.Notifications;

/// <summary>The words of a notification: plain text in one line each, for every way it is shown.</summary>
internal sealed record NotificationText(string Title, string Body)
{
    public static NotificationText Of(NotificationKind kind, Id<Order> order, string detail) => kind switch
    {
        NotificationKind.OrderPlaced => new("Order placed", $"Thank you. We have your order {order} over {OneLine(detail)}."),
        NotificationKind.OrderShipped when detail.Length > 0 => new("On its way", $"Your order {order} has left: {OneLine(detail)}."),
        NotificationKind.OrderShipped => new("On its way", $"Your order {order} has left."),
        NotificationKind.OrderDelivered => new("Delivered", $"Your order {order} has arrived."),
        NotificationKind.OrderDeclined => new("Payment declined", $"Your bank declined the payment of order {order}. Nothing was charged."),
        _ => new("Order cancelled", $"Your order {order} was cancelled. {ReasonOf(detail)} You owe nothing."),
    };

    private static string ReasonOf(string detail) => detail switch
    {
        nameof(OrderReason.Customer) => "You asked for it.",
        nameof(OrderReason.OutOfStock) => "Something in it was no longer in stock.",
        nameof(OrderReason.CarrierRefused) => "The carrier could not take it.",
        nameof(OrderReason.ReservationExpired) => "It could not leave in time.",
        _ => "The payment could not be taken.",
    };

    /// <summary>What comes from outside, such as a carrier's words, cannot begin a line of its own.</summary>
    private static string OneLine(string text) => text.Any(char.IsControl)
        ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c))
        : text;
}
