namespace Basin.Cart;

/// <summary>What Cart refuses.</summary>
internal static class CartProblems
{
    public static readonly Problem NotForSale = new(422, "sku_not_for_sale", "The product is not for sale.");
    public static readonly Problem Full = new(422, "cart_full", $"A cart has at most {ShoppingCart.MaxLines} lines.");

    public static IReadOnlyList<Problem> All => [NotForSale, Full];
}
