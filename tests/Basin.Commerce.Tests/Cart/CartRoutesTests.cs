using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Cart;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Cart;

public sealed class CartRoutesTests
{
    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    [Fact]
    public async Task A_write_needs_the_version_that_was_read()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250));
        var cart = await host.Client.NewCartAsync();
        var path = $"/v1/carts/{cart.Id}/items/MUG";

        using var without = await host.Client.SendAsync("PUT", path, new { quantity = 1 });
        using var first = await host.Client.SendAsync("PUT", path, new { quantity = 1 }, "\"1\"");
        using var stale = await host.Client.SendAsync("PUT", path, new { quantity = 2 }, "\"1\"");
        using var any = await host.Client.SendAsync("PUT", path, new { quantity = 3 }, "*");
        using var staleDelete = await host.Client.SendAsync("DELETE", $"/v1/carts/{cart.Id}", ifMatch: "\"2\"");

        Assert.Equal(HttpStatusCode.PreconditionRequired, without.StatusCode);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal("\"2\"", first.Headers.ETag?.Tag);
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        Assert.Equal(HttpStatusCode.OK, any.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, staleDelete.StatusCode);
        using var read = await host.Client.GetAsync($"/v1/carts/{cart.Id}");
        Assert.Equal("\"3\"", read.Headers.ETag?.Tag);
        Assert.Equal(3, (await read.Content.ReadFromJsonAsync<CartView>())!.Pieces);
    }

    [Fact]
    public async Task A_changed_price_is_shown_until_it_is_accepted()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250));
        var cart = await host.Client.SetAsync(await host.Client.NewCartAsync(), "MUG", 2);
        await host.SellAsync(Tenant, ("MUG", 1400));

        var changed = await host.Client.ViewAsync(cart.Id);
        using var wrong = await host.Client.SendAsync(
            "POST", $"/v1/carts/{cart.Id}/accept-prices", new { prices = new[] { new { sku = "MUG", priceMinor = 1300 } } }, "*");
        var still = await host.Client.ViewAsync(cart.Id);
        using var right = await host.Client.SendAsync(
            "POST", $"/v1/carts/{cart.Id}/accept-prices", new { prices = new[] { new { sku = "MUG", priceMinor = 1400 } } }, "*");
        var accepted = await host.Client.ViewAsync(cart.Id);

        Assert.True(changed.PricesChanged);
        Assert.Equal((1250, 1400), (changed.Lines[0].KnownMinor, changed.Lines[0].PriceMinor));
        Assert.Equal(2800, changed.Totals.Single().Minor);
        Assert.True(still.PricesChanged);
        Assert.False(accepted.PricesChanged);
        Assert.Equal(1400, accepted.Lines[0].KnownMinor);
    }

    [Fact]
    public async Task What_has_gone_off_sale_is_shown_and_not_counted()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250), ("CUP", 900));
        var cart = await host.Client.SetAsync(await host.Client.NewCartAsync(), "MUG", 2);
        cart = await host.Client.SetAsync(cart, "CUP", 1);
        await host.WithdrawAsync(Tenant, "MUG", 1250);

        var view = await host.Client.ViewAsync(cart.Id);

        Assert.Equal([("MUG", false), ("CUP", true)], view.Lines.Select(line => (line.Sku, line.Available)));
        Assert.Equal(900, view.Totals.Single().Minor);
        Assert.Equal(1, view.Pieces);
        using var again = await host.Client.SendAsync("PUT", $"/v1/carts/{(await host.Client.NewCartAsync()).Id}/items/MUG", new { quantity = 1 }, "*");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, again.StatusCode);
        Assert.Contains("sku_not_for_sale", await again.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_restart_keeps_carts()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250));
        var cart = await host.Client.SetAsync(await host.Client.NewCartAsync("somebody"), "MUG", 7);

        await host.RestartAsync();

        Assert.Equal(7, (await host.Client.ViewAsync(cart.Id)).Lines.Single().Quantity);
        Assert.Equal(cart.Id, (await host.Client.NewCartAsync("somebody")).Id);
        Assert.Equal(cart.Version, (await host.Client.ViewAsync(cart.Id)).Version);
    }

    [Fact]
    public async Task A_repeat_gets_the_first_answer_although_the_version_has_moved()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250));
        var path = $"/v1/carts/{(await host.Client.NewCartAsync()).Id}/items/MUG";

        using var first = await host.Client.SendAsync("PUT", path, new { quantity = 2 }, "\"1\"", "attempt-1");
        using var repeat = await host.Client.SendAsync("PUT", path, new { quantity = 2 }, "\"1\"", "attempt-1");
        using var other = await host.Client.SendAsync("PUT", path, new { quantity = 5 }, "\"1\"", "attempt-1");

        Assert.Equal(HttpStatusCode.OK, repeat.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await repeat.Content.ReadAsStringAsync());
        Assert.True(repeat.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
    }

    [Fact]
    public async Task A_tenant_finds_no_cart_of_another()
    {
        await using var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250));
        var cart = await host.Client.SetAsync(await host.Client.NewCartAsync("ada"), "MUG", 1);
        var stranger = host.ClientOf(new Caller(new Id<Tenant>(2), "key_of_a_stranger", new HashSet<string> { "*" }));

        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync($"/v1/carts/{cart.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.SendAsync("DELETE", $"/v1/carts/{cart.Id}", ifMatch: "*")).StatusCode);
        Assert.Equal(
            HttpStatusCode.NotFound, (await stranger.SendAsync("DELETE", $"/v1/carts/{cart.Id}/items/MUG", ifMatch: "*")).StatusCode);
        Assert.NotEqual(cart.Id, (await stranger.NewCartAsync("ada")).Id);
        Assert.Single((await host.Client.ViewAsync(cart.Id)).Lines);
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused()
    {
        await using var host = await CartHost.StartAsync();
        var reader = host.ClientOf(new Caller(Tenant, "key_that_reads", new HashSet<string> { "carts:read" }));

        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsJsonAsync("/v1/carts", new { })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.ClientOf(null).PostAsJsonAsync("/v1/carts", new { })).StatusCode);
    }

    [Theory]
    [InlineData("POST", "", """{"owner":""}""", "owner")]
    [InlineData("POST", "", """{"owner":"with space"}""", "owner")]
    [InlineData("POST", "", """{"owner":7}""", "owner")]
    [InlineData("POST", "", """{"owners":"x"}""", "owners")]
    [InlineData("PUT", "/items/MUG", "{}", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":0}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":1001}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":-1}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":1.5}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":99999999999}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":"1"}""", "quantity")]
    [InlineData("PUT", "/items/MUG", """{"quantity":1,"price":1}""", "price")]
    [InlineData("PUT", "/items/a%20b", """{"quantity":1}""", "sku")]
    [InlineData("DELETE", "/items/a%7Fb", null, "sku")]
    [InlineData("POST", "/accept-prices", "{}", "prices")]
    [InlineData("POST", "/accept-prices", """{"prices":null}""", "prices")]
    [InlineData("POST", "/accept-prices", """{"prices":[]}""", "prices")]
    [InlineData("POST", "/accept-prices", """{"prices":[null]}""", "prices[0]")]
    [InlineData("POST", "/accept-prices", """{"prices":[{"sku":"MUG","priceMinor":-1}]}""", "prices[0].priceMinor")]
    [InlineData("POST", "/accept-prices", """{"prices":[{"sku":"","priceMinor":1}]}""", "prices[0].sku")]
    public async Task Garbage_is_refused_and_the_member_named(string method, string path, string? body, string member)
    {
        await using var host = await CartHost.StartAsync();
        var cart = await host.Client.NewCartAsync("ada");
        var request = new HttpRequestMessage(new HttpMethod(method), path.Length == 0 ? "/v1/carts" : $"/v1/carts/{cart.Id}{path}")
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { { "If-Match", "*" } },
        };

        using var answer = await host.Client.SendAsync(request);

        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(problem["errors"]?.AsObject().ContainsKey(member), problem.ToJsonString());
        Assert.Equal(cart.Version, (await host.Client.ViewAsync(cart.Id)).Version);
    }
}
