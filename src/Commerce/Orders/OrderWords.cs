namespace Basin.Orders;

/// <summary>How an order's history is told to people.</summary>
internal static class OrderWords
{
    private const string NothingOwed = "Nothing was charged, or it was paid back.";

    /// <summary>The name of a state in addresses and in the live stream.</summary>
    public static string Code(OrderState state) => state.ToString().ToLowerInvariant();

    public static string Headline(OrderState state) => state switch
    {
        OrderState.Placed => "We have your order",
        OrderState.Authorized => "Payment approved",
        OrderState.Reserved => "Packed and ready to leave",
        OrderState.Shipped => "On its way to you",
        OrderState.Delivered => "Delivered",
        OrderState.Declined => "The payment was declined",
        OrderState.Cancelling => "We are cancelling this order",
        _ => "This order was cancelled",
    };

    public static string Reason(OrderReason reason) => reason switch
    {
        OrderReason.Customer => "You cancelled it.",
        OrderReason.PaymentDeclined => "Your bank declined the payment.",
        OrderReason.OutOfStock => "We could not reserve everything.",
        OrderReason.CarrierRefused => "The carrier could not take it.",
        OrderReason.ReservationExpired => "It could not leave in time.",
        _ => "The payment could not be taken.",
    };

    /// <summary>One sentence or two about an entry of the history.</summary>
    public static string Sentence(TimelineEntry entry, OrderTerms terms) => entry.State switch
    {
        OrderState.Placed => "We have your order and are asking your bank.",
        OrderState.Authorized => $"Your bank holds {new Money(terms.TotalMinor, terms.Currency)}. You are charged when it ships.",
        OrderState.Reserved => "Everything in it is set aside for you.",
        OrderState.Shipped => entry.Note is { } parcel ? $"On its way: {parcel}." : "On its way.",
        OrderState.Delivered => "It has arrived.",
        OrderState.Declined => "Your bank said no. Nothing was charged.",
        OrderState.Cancelling => entry.Note is { } step ? $"{char.ToUpperInvariant(step[0])}{step[1..]}." : "We stop it and give everything back.",
        _ => NothingOwed,
    };

    /// <summary>What has come of an order's request to another system.</summary>
    public static string Of(Leg leg) => leg switch
    {
        Leg.Idle => "Not asked yet",
        Leg.Asked => "Asked, no answer yet",
        Leg.Held => "Held",
        Leg.Kept => "Done",
        Leg.Undoing => "Being undone",
        _ => "Undone",
    };

    /// <summary>The badge of a leg.</summary>
    public static string Badge(Leg leg) => leg switch
    {
        Leg.Held => "reserved",
        Leg.Kept => "ok",
        Leg.Undone => "refunded",
        _ => "waiting",
    };
}

/// <summary>One of the five steps that every order is to take.</summary>
/// <param name="Status"><c>done</c>, <c>current</c>, <c>todo</c>, <c>failed</c> or <c>skipped</c>.</param>
/// <param name="At">When it was taken; null when it was not.</param>
internal sealed record OrderStep(OrderState State, string Icon, string Status, DateTimeOffset? At)
{
    private static readonly (OrderState State, string Icon)[] All =
    [
        (OrderState.Placed, "list"), (OrderState.Authorized, "card"), (OrderState.Reserved, "box"), (OrderState.Shipped, "truck"),
        (OrderState.Delivered, "check"),
    ];

    public static IReadOnlyList<OrderStep> Of(OrderHistory history)
    {
        var taken = history.Timeline.GroupBy(entry => entry.State).ToDictionary(same => same.Key, same => same.First().At);
        var reached = Array.FindLastIndex(All, step => taken.ContainsKey(step.State));
        var state = history.Order.Progress.State;
        var failed = state is OrderState.Declined or OrderState.Cancelled;
        return [.. All.Select((step, i) => new OrderStep(
            step.State,
            failed && i == reached + 1 ? "cross" : step.Icon,
            StatusOf(i - reached, failed, state == OrderState.Delivered),
            taken.TryGetValue(step.State, out var at) ? at : null))];
    }

    /// <param name="distance">From the last step taken: 0 for that step itself.</param>
    private static string StatusOf(int distance, bool failed, bool delivered) => distance switch
    {
        < 0 => "done",
        0 => failed || delivered ? "done" : "current",
        1 when failed => "failed",
        _ => failed ? "skipped" : "todo",
    };
}
