using Basin.Cart;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Commerce.Tests.Cart;

public sealed class ShoppingCartProperties
{
    /// <summary>Carts of few SKUs, so that they share some, and of quantities around the limit.</summary>
    private static readonly Gen<ShoppingCart> Carts =
        from lines in (from sku in Gen.Choose(0, 60) from quantity in Gen.Choose(1, ShoppingCart.MaxQuantity) select (sku, quantity)).ListOf()
        select lines.Aggregate(
            ShoppingCartTests.CartOf(""),
            (cart, line) => cart.Add($"S{line.sku}", line.quantity, ShoppingCartTests.OfferOf($"S{line.sku}")).Next);

    private static readonly Arbitrary<(ShoppingCart, ShoppingCart)> Pairs = (from one in Carts from other in Carts select (one, other)).ToArbitrary();

    [Fact]
    public void A_merge_has_the_same_totals_whoever_is_the_customer() => Prop.ForAll(
        Pairs,
        pair => QuantitiesOf(pair.Item1.Merge(pair.Item2.Items)).SetEquals(QuantitiesOf(pair.Item2.Merge(pair.Item1.Items))))
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void A_merge_loses_nothing_below_the_limits_and_never_goes_beyond_them() => Prop.ForAll(
        Pairs,
        pair =>
        {
            var merged = pair.Item1.Merge(pair.Item2.Items);
            return merged.Items.Count <= ShoppingCart.MaxLines
                && merged.Items.DistinctBy(item => item.Sku).Count() == merged.Items.Count
                && merged.Items.All(item => item.Quantity == Math.Min(
                    QuantityOf(pair.Item1, item.Sku) + QuantityOf(pair.Item2, item.Sku), ShoppingCart.MaxQuantity));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static int QuantityOf(ShoppingCart cart, string sku) => cart.Items.Where(item => item.Sku == sku).Sum(item => item.Quantity);

    private static HashSet<(string, int)> QuantitiesOf(ShoppingCart cart) => [.. cart.Items.Select(item => (item.Sku, item.Quantity))];
}
