using System.Net;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Testing.Pages;

namespace Basin.Commerce.Tests.Cart;

public sealed class CartPagesTests
{
    [Fact]
    public async Task A_visitor_fills_changes_and_empties_a_cart_without_scripts()
    {
        await using var host = await StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);

        var filled = await visitor.GetAsync("/cart");
        using var updated = await visitor.SubmitAsync("/cart/items/MUG", filled, "/cart/items/MUG", ("quantity", "5"));
        var changed = await visitor.GetAsync("/cart");
        using var removed = await visitor.SubmitAsync("/cart/items/MUG/remove", changed, "/cart/items/MUG", ("quantity", "5"));
        var empty = await visitor.GetAsync("/cart");

        Assert.Contains("Product MUG", filled);
        Assert.Contains("€25.00", filled);
        Assert.Equal((HttpStatusCode.SeeOther, "/cart"), (updated.StatusCode, updated.Headers.Location?.ToString()));
        Assert.Contains("€62.50", changed);
        Assert.Contains("Your cart is empty", empty);
    }

    [Fact]
    public async Task Carts_of_two_visitors_are_apart()
    {
        await using var host = await StartAsync();
        using var one = new Visitor(host.Address);
        using var other = new Visitor(host.Address);
        await one.AddAsync("MUG", 1);

        Assert.Contains("Your cart is empty", await other.GetAsync("/cart"));
    }

    [Fact]
    public async Task A_changed_price_is_confirmed_by_its_form()
    {
        await using var host = await StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 1);
        await host.SellAsync(host.Get<Tenants>().Shop, ("MUG", 1400));

        var changed = await visitor.GetAsync("/cart");
        Assert.Contains("A price has changed", changed);
        Assert.Contains("<s>€12.50</s>", changed);
        Assert.DoesNotContain("href=\"/checkout\"", changed);
        using var accepted = await visitor.SubmitAsync("/cart/accept-prices", changed, "/cart/accept-prices");

        Assert.Equal(HttpStatusCode.SeeOther, accepted.StatusCode);
        var page = await visitor.GetAsync("/cart");
        Assert.DoesNotContain("A price has changed", page);
        Assert.Contains("href=\"/checkout\"", page);
    }

    [Fact]
    public async Task A_refusal_is_told_on_the_page()
    {
        await using var host = await StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 1);
        var page = await visitor.GetAsync("/cart");

        using var refused = await visitor.SubmitAsync("/cart/items", page, "/cart/items/MUG", ("sku", "NOTHING"), ("quantity", "1"));

        Assert.Equal("/cart?refused=sku_not_for_sale", refused.Headers.Location?.ToString());
        Assert.Contains("not for sale", await visitor.GetAsync("/cart?refused=sku_not_for_sale"));
        Assert.DoesNotContain("role=\"alert\"", await visitor.GetAsync("/cart?refused=<script>"));
    }

    [Theory]
    [InlineData("/cart/items", "quantity=1", "sku")]
    [InlineData("/cart/items", "sku=MUG", "quantity")]
    [InlineData("/cart/items", "sku=MUG&quantity=many", "quantity")]
    [InlineData("/cart/items", "sku=MUG&quantity=0", "quantity")]
    [InlineData("/cart/items", "sku=MUG&quantity=1001", "quantity")]
    [InlineData("/cart/items", "sku=%00&quantity=1", "sku")]
    [InlineData("/cart/items/MUG", "quantity=-5", "quantity")]
    [InlineData("/cart/accept-prices", "sku=MUG&price=x", "price")]
    [InlineData("/cart/accept-prices", "sku=MUG&price=1&price=2", "price")]
    [InlineData("/cart/accept-prices", "sku=MUG&price=-1", "prices[0].priceMinor")]
    public async Task Garbage_in_a_form_is_refused_and_the_field_named(string path, string fields, string field)
    {
        await using var host = await StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 1);
        var hidden = Visitor.HiddenFields(await visitor.GetAsync("/cart"), "/cart/items/MUG")
            .Select(each => $"{each.Key}={Uri.EscapeDataString(each.Value)}");
        var content = new StringContent(string.Join('&', hidden.Append(fields)), null, "application/x-www-form-urlencoded");

        using var answer = await visitor.Client.PostAsync(path, content);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{field}\":", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/cart/items", "sku=MUG&quantity=1")]
    [InlineData("/cart/items/MUG", "quantity=1")]
    [InlineData("/cart/items/MUG/remove", "quantity=1")]
    [InlineData("/cart/accept-prices", "sku=MUG&price=1250")]
    public async Task A_form_without_its_token_changes_nothing(string path, string fields)
    {
        await using var host = await StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 3);
        var before = await visitor.GetAsync("/cart");

        using var answer = await visitor.Client.PostAsync(path, new StringContent(fields, null, "application/x-www-form-urlencoded"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("value=\"3\"", before);
        Assert.Contains("value=\"3\"", await visitor.GetAsync("/cart"));
    }

    private static async Task<TestHost> StartAsync()
    {
        var host = await CartHost.StartAsync();
        await host.SellAsync(host.Get<Tenants>().Shop, ("MUG", 1250));
        return host;
    }
}
