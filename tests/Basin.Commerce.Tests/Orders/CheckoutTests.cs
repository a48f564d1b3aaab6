using System.Net;
using System.Net.Http.Json;
using Basin.Commerce.Tests.Cart;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Testing.Pages;

namespace Basin.Commerce.Tests.Orders;

public sealed class CheckoutTests
{
    private const string Form = "name=\"attempt\"";

    [Fact]
    public async Task A_checkout_places_an_order_empties_the_cart_and_leads_to_the_orders_page()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        await visitor.AddAsync("CUP", 1);

        var path = await visitor.CheckOutAsync();

        var order = Assert.Single(await host.OrdersAsync());
        Assert.Equal($"/orders/{order.Id}", path);
        Assert.Equal((3400, "EUR", "ada@example.com"), (order.TotalMinor, order.Currency, order.Email));
        Assert.Contains("Your cart is empty", await visitor.GetAsync("/cart"));
        Assert.Contains("We have your order", await visitor.GetAsync(path));
    }

    [Fact]
    public async Task A_cart_that_does_not_answer_when_the_order_is_placed_is_emptied_when_it_does()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var page = await visitor.GetAsync("/checkout");

        host.Get<Neighbours>().CartIsAway = true;
        using var placed = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);
        await host.SettleAsync();
        Assert.Equal(HttpStatusCode.SeeOther, placed.StatusCode);
        Assert.DoesNotContain("Your cart is empty", await visitor.GetAsync("/cart"));

        host.Get<Neighbours>().CartIsAway = false;
        await host.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("Your cart is empty", await visitor.GetAsync("/cart"));
        Assert.Single(await host.OrdersAsync());
    }

    [Fact]
    public async Task A_repeat_of_what_was_placed_needs_no_catalogue()
    {
        await using var host = await ShopHost.StartAsync();
        var shop = host.ClientOf(host.ShopKeeper());
        var order = new
        {
            email = "ada@example.com",
            shipTo = new { name = "Ada", line1 = "1 Street", city = "Berlin", postalCode = "10117", country = "DE" },
            lines = new[] { new { sku = "MUG", quantity = 1 } },
            payment = new { token = "tok_visa" },
        };
        shop.DefaultRequestHeaders.Add("Idempotency-Key", "the-order");
        using var first = await shop.PostAsJsonAsync("/v1/orders", order);
        host.Get<Neighbours>().CatalogIsAway = true;

        using var repeat = await shop.PostAsJsonAsync("/v1/orders", order);
        shop.DefaultRequestHeaders.Remove("Idempotency-Key");
        shop.DefaultRequestHeaders.Add("Idempotency-Key", "another-order");
        using var another = await shop.PostAsJsonAsync("/v1/orders", order);

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.Created), (first.StatusCode, repeat.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await repeat.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, another.StatusCode);

        // What nobody could price is not settled.
        host.Get<Neighbours>().CatalogIsAway = false;
        using var later = await shop.PostAsJsonAsync("/v1/orders", order);
        Assert.Equal(HttpStatusCode.Created, later.StatusCode);
        Assert.Equal(2, (await host.OrdersAsync()).Count);
    }

    [Fact]
    public async Task The_same_form_sent_again_leads_to_the_same_order()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var page = await visitor.GetAsync("/checkout");

        using var first = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);
        await host.SellAsync(host.Get<Tenants>().Shop, ("MUG", 9900));
        using var reload = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);

        Assert.Equal(HttpStatusCode.SeeOther, reload.StatusCode);
        Assert.Equal(first.Headers.Location, reload.Headers.Location);
        Assert.Single(await host.OrdersAsync());
    }

    [Fact]
    public async Task Ten_submits_at_once_make_one_order_and_all_lead_to_it()
    {
#pragma warning disable RS0030 // A form that was sent twice waits for the first by the clock; nobody moves a fake one here.
        await using var host = await ShopHost.StartAsync(new TestHostOptions { Clock = TimeProvider.System });
#pragma warning restore RS0030
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var page = await visitor.GetAsync("/checkout");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address)));

        var order = Assert.Single(await host.OrdersAsync());
        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.SeeOther, $"/orders/{order.Id}"), (answer.StatusCode, answer.Headers.Location?.ToString())));
    }

    [Theory]
    [InlineData("email", "ada@", "email-error")]
    [InlineData("name", "", "name-error")]
    [InlineData("line1", " ", "line1-error")]
    [InlineData("city", "", "city-error")]
    [InlineData("postalCode", "123456789012345678901", "postalCode-error")]
    [InlineData("payment", "4242424242424242", "class=\"error\"")]
    [InlineData("country", "Germany", "class=\"error\"")]
    public async Task A_wrong_field_is_said_beside_the_field_and_what_was_typed_is_kept(string field, string typed, string error)
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 1);

        using var answer = await visitor.SubmitAsync(
            "/checkout", await visitor.GetAsync("/checkout"), Form, ShopHost.AddressWith(field, typed));
        var page = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("One field needs another look.", page);
        Assert.Contains(error, page);
        foreach (var (name, value) in ShopHost.Address.Where(other => other.Name != field && other.Name is not ("country" or "payment")))
            Assert.Contains($"value=\"{WebUtility.HtmlEncode(value).Replace("&#39;", "&#x27;")}\"", page);
        Assert.Empty(await host.OrdersAsync());
        using var corrected = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);
        Assert.Equal(HttpStatusCode.SeeOther, corrected.StatusCode);
        Assert.Single(await host.OrdersAsync());
    }

    [Fact]
    public async Task A_price_that_moves_while_the_form_is_open_is_shown_before_anything_is_paid()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var page = await visitor.GetAsync("/checkout");
        await host.SellAsync(host.Get<Tenants>().Shop, ("MUG", 1400));

        using var refused = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);
        var shown = System.Net.WebUtility.HtmlDecode(await refused.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Contains("Pay €28.00", shown);
        Assert.Empty(await host.OrdersAsync());

        using var paid = await visitor.SubmitAsync("/checkout", shown, Form, ShopHost.Address);
        Assert.Equal(HttpStatusCode.SeeOther, paid.StatusCode);
        Assert.Equal(2800, Assert.Single(await host.OrdersAsync()).TotalMinor);
    }

    [Fact]
    public async Task What_came_into_the_cart_after_the_form_was_shown_is_neither_ordered_nor_lost()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var page = await visitor.GetAsync("/checkout");
        await visitor.AddAsync("CUP", 1);

        using var placed = await visitor.SubmitAsync("/checkout", page, Form, ShopHost.Address);

        Assert.Equal(HttpStatusCode.SeeOther, placed.StatusCode);
        Assert.Equal(2500, Assert.Single(await host.OrdersAsync()).TotalMinor);
        Assert.Contains("Product CUP", await visitor.GetAsync("/cart"));
    }

    [Theory]
    [InlineData("attempt", "short")]
    [InlineData("cart", "crt_nonsense")]
    [InlineData("total", "much")]
    [InlineData("quantity", "many")]
    [InlineData("sku", null)]
    public async Task Garbage_in_a_hidden_field_is_refused_and_the_field_named(string field, string? value)
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        await visitor.AddAsync("MUG", 2);
        var fields = Visitor.HiddenFields(await visitor.GetAsync("/checkout"), Form)
            .Where(each => each.Key != field || value is not null)
            .Select(each => each.Key == field ? KeyValuePair.Create(field, value!) : each)
            .Concat(ShopHost.Address.Select(each => KeyValuePair.Create(each.Name, each.Value)));

        using var answer = await visitor.Client.PostAsync("/checkout", new FormUrlEncodedContent(fields));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{field}\":", await answer.Content.ReadAsStringAsync());
        Assert.Empty(await host.OrdersAsync());
    }

    [Fact]
    public async Task Without_anything_to_buy_the_checkout_leads_to_the_cart()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);

        using var answer = await visitor.Client.GetAsync("/checkout");

        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.EndsWith("/cart", answer.Headers.Location?.ToString());
    }
}
