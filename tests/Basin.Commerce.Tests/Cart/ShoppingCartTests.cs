using Basin.Cart;
using Basin.Catalog;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Commerce.Tests.Cart;

public sealed class ShoppingCartTests
{
    /// <summary>Carts as text: SKU and quantity. The customer's is first.</summary>
    [Theory]
    [InlineData("", "A:1", "A:1")]
    [InlineData("A:1", "", "A:1")]
    [InlineData("A:1", "A:2", "A:3")]
    [InlineData("A:1 B:2", "C:3 B:1", "A:1 B:3 C:3")]
    [InlineData("A:999", "A:2", "A:1000")]
    [InlineData("A:1000", "A:1000", "A:1000")]
    public void Merging_adds_quantities_up_to_the_limit(string customers, string visitors, string merged) =>
        Assert.Equal(merged, TextOf(CartOf(customers).Merge(CartOf(visitors).Items)));

    [Fact]
    public void Merging_keeps_the_customers_lines_when_there_are_too_many()
    {
        var full = Enumerable.Range(0, ShoppingCart.MaxLines).Aggregate(CartOf(""), (cart, i) => cart.Add($"S{i}", 1, OfferOf($"S{i}")).Next);

        var merged = full.Merge(CartOf("NEW:1 S5:2").Items);

        Assert.Equal(ShoppingCart.MaxLines, merged.Items.Count);
        Assert.DoesNotContain(merged.Items, item => item.Sku == "NEW");
        Assert.Equal(3, merged.Items.Single(item => item.Sku == "S5").Quantity);
    }

    [Fact]
    public void Merging_nothing_is_no_new_version()
    {
        var cart = CartOf("A:1");

        Assert.Same(cart, cart.Merge([]));
    }

    [Fact]
    public void A_cart_takes_no_line_beyond_the_hundredth()
    {
        var full = Enumerable.Range(0, ShoppingCart.MaxLines).Aggregate(CartOf(""), (cart, i) => cart.Add($"S{i}", 1, OfferOf($"S{i}")).Next);

        var (next, refusal) = full.Add("ONE-MORE", 1, OfferOf("ONE-MORE"));

        Assert.Equal("cart_full", refusal?.Code);
        Assert.Same(full, next);
        Assert.Null(full.Add("S7", 1, OfferOf("S7")).Refusal);
    }

    [Fact]
    public void What_is_not_for_sale_cannot_be_added_but_can_be_made_fewer()
    {
        var cart = CartOf("A:5");

        Assert.Equal("sku_not_for_sale", cart.Add("A", 1, offer: null).Refusal?.Code);
        Assert.Equal("sku_not_for_sale", cart.Set("B", 1, offer: null).Refusal?.Code);
        Assert.Equal("A:2", TextOf(cart.Set("A", 2, offer: null).Next));
    }

    [Fact]
    public void Every_change_is_one_version_and_no_change_is_none()
    {
        var cart = CartOf("A:1");

        Assert.Equal(cart.Version + 1, cart.Set("A", 2, OfferOf("A")).Next.Version);
        Assert.Equal(cart.Version, cart.Set("A", 1, OfferOf("A")).Next.Version);
        Assert.Equal(cart.Version, cart.Remove("B").Version);
        Assert.Equal(cart.Version + 1, cart.Remove("A").Version);
    }

    [Fact]
    public void Only_prices_that_are_still_those_of_now_are_accepted()
    {
        var cart = CartOf("A:1 B:1 C:1");
        var offers = new[] { OfferOf("A", 200), OfferOf("B", 300), OfferOf("C", 400) }.ToDictionary(offer => offer.Sku);

        var next = cart.AcceptPrices([new SeenPrice("A", 200), new SeenPrice("B", 250)], offers);

        Assert.Equal([200, 100, 100], next.Items.Select(item => item.KnownMinor));
        Assert.Equal([false, true, true], CartView.Of(next, offers).Lines.Select(line => line.PriceChanged));
    }

    [Fact]
    public void Only_what_is_for_sale_is_counted_and_currencies_are_not_mixed()
    {
        var cart = CartOf("A:2 B:1 C:3");
        var offers = new[] { OfferOf("A", 100), OfferOf("C", 50) with { Currency = "JPY" } }.ToDictionary(offer => offer.Sku);

        var view = CartView.Of(cart, offers);

        Assert.Equal(5, view.Pieces);
        Assert.Equal(["€2.00", "¥150"], view.Totals.Select(total => total.ToString()));
        Assert.Equal([true, false, true], view.Lines.Select(line => line.Available));
        Assert.True(view.PricesChanged);
    }

    internal static ShoppingCart CartOf(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(':'))
        .Aggregate(
            ShoppingCart.Empty(new Id<ShoppingCart>(1), new Id<Tenant>(1), "owner", DateTimeOffset.UnixEpoch),
            (cart, line) => cart.Add(line[0], int.Parse(line[1]), OfferOf(line[0])).Next);

    internal static string TextOf(ShoppingCart cart) => string.Join(' ', cart.Items.Select(item => $"{item.Sku}:{item.Quantity}"));

    internal static Offer OfferOf(string sku, long priceMinor = 100) => new(sku, new Id<Product>(1), sku, "", priceMinor, "EUR", null);
}
