namespace Basin.Orders;

/// <summary>What Orders refuses.</summary>
internal static class OrdersProblems
{
    public static readonly Problem NotForSale = new(422, "not_for_sale", "Something in the order is not for sale.");
    public static readonly Problem MixedCurrencies = new(422, "mixed_currencies", "All lines of an order are in one currency.");
    public static readonly Problem AlreadyFinal = new(409, "order_final", "The order has ended and cannot be cancelled any more.");
    public static readonly Problem TotalChanged = new(422, "total_changed", "The prices have changed since they were shown.");

    public static IReadOnlyList<Problem> All => [NotForSale, MixedCurrencies, AlreadyFinal, TotalChanged];
}
