using System.Net;
using Basin.Commerce.Tests.Cart;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Orders;
using Basin.Testing;
using Basin.Testing.Pages;

namespace Basin.Commerce.Tests.Orders;

public sealed class OrderPagesTests
{
    [Fact]
    public async Task Nobody_else_sees_follows_or_cancels_an_order()
    {
        await using var host = await ShopHost.StartAsync();
        using var owner = new Visitor(host.Address);
        using var other = new Visitor(host.Address);
        await owner.AddAsync("MUG", 1);
        var path = await owner.CheckOutAsync();

        using var page = await other.Client.GetAsync(path);
        using var live = await other.Client.GetAsync($"{path}/live");
        using var cancel = await other.SubmitAsync($"{path}/cancel");

        Assert.Equal(
            [HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound], new[] { page, live, cancel }.Select(answer => answer.StatusCode));
        Assert.Equal(OrderState.Placed, Assert.Single(await host.OrdersAsync()).State);
        Assert.DoesNotContain(path, await other.GetAsync("/account/orders"));
        Assert.Contains(path, await owner.GetAsync("/account/orders"));
    }

    [Fact]
    public async Task The_owner_cancels_by_a_form_and_sees_it()
    {
        await using var host = await ShopHost.StartAsync();
        using var owner = new Visitor(host.Address);
        await owner.AddAsync("MUG", 1);
        var path = await owner.CheckOutAsync();

        using var cancelled = await owner.SubmitAsync($"{path}/cancel", await owner.GetAsync(path), "Cancel the order");

        Assert.Equal((HttpStatusCode.SeeOther, path), (cancelled.StatusCode, cancelled.Headers.Location?.ToString()));
        var page = await owner.GetAsync(path);
        Assert.Contains("We are cancelling this order", page);
        Assert.DoesNotContain("Cancel the order", page);
    }

    [Fact]
    public async Task The_live_stream_tells_the_owner_what_the_page_shows()
    {
        await using var host = await ShopHost.StartAsync();
        using var owner = new Visitor(host.Address);
        await owner.AddAsync("MUG", 1);
        var path = await owner.CheckOutAsync();

        using var stream = new StreamReader(await owner.Client.GetStreamAsync($"{path}/live"));
        var lines = new[] { await stream.ReadLineAsync(), await stream.ReadLineAsync(), await stream.ReadLineAsync() };

        Assert.Contains("event: timeline", lines);
        Assert.Contains("id: 1", lines);
        Assert.Contains(lines, line => line!.Contains("We have your order and are asking your bank."));
        Assert.Contains("We have your order and are asking your bank.", await owner.GetAsync(path));
    }

    [Fact]
    public async Task Orders_of_a_visitor_in_every_shard_are_the_customers_after_sign_in()
    {
        await using var host = await ShopHost.StartAsync(new TestHostOptions { Settings = { ["Basin:Store:Shards:orders"] = "4" } });
        var (api, shop) = (host.Get<OrdersApi>(), host.Get<Tenants>().Shop);
        var customer = host.NewCustomer();
        for (var i = 0; i < 8; i++)
            await PlaceAsync(host, "visitor_of_the_test");
        Assert.Equal(4, (await host.OrdersAsync()).Select(order => order.Id.Shard).Distinct().Count());

        await host.SignInAsync(shop, "visitor_of_the_test", customer);

        var owned = await api.ListAsync(shop, customer.ToString(), null, Paging.Of(null, null), CancellationToken.None);
        Assert.Equal(8, owned.Items.Count);
        // What the writer has kept at hand of them is theirs too: the host of a test stops when it is not.
        var once = host.Get<OnceRegistry>().For(new Caller(shop, $"{customer}", new HashSet<string>()), key: null, "test");
        foreach (var order in owned.Items)
            Assert.Null((await api.CancelAsync(shop, order.Id, once, CancellationToken.None)).Problem);
    }

    [Theory]
    [InlineData("placed:1", "placed", "current todo todo todo todo")]
    [InlineData("placed:1 authorized:2 reserved:3", "reserved", "done done current todo todo")]
    [InlineData("placed:1 authorized:2 reserved:3 shipped:4 delivered:5", "delivered", "done done done done done")]
    [InlineData("placed:1 declined:2", "declined", "done failed skipped skipped skipped")]
    [InlineData("placed:1 authorized:2 cancelling:3 cancelled:4", "cancelled", "done done failed skipped skipped")]
    public void Steps_show_how_far_an_order_has_come(string timeline, string state, string statuses)
    {
        var now = Enum.Parse<OrderState>(state, ignoreCase: true);
        var entries = timeline.Split(' ').Select(entry => entry.Split(':'))
            .Select(entry => new TimelineEntry(
                int.Parse(entry[1]), Enum.Parse<OrderState>(entry[0], ignoreCase: true), DateTimeOffset.UnixEpoch, null));
        var order = new Order(
            new Id<Order>(1), new Id<Tenant>(1), null!, OrderProgress.Placed with { State = now }, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);

        var steps = OrderStep.Of(new OrderHistory(order, [.. entries]));

        Assert.Equal(statuses, string.Join(' ', steps.Select(step => step.Status)));
    }

    [Fact]
    public async Task The_consoles_pages_are_closed_to_shoppers()
    {
        await using var host = await ShopHost.StartAsync();
        using var visitor = new Visitor(host.Address);

        foreach (var path in new[] { "/console/orders", "/console/orders/ord_0000000000001" })
        {
            using var answer = await visitor.Client.GetAsync(path);
            Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
            Assert.Contains("/console/sign-in", answer.Headers.Location?.ToString());
        }
    }

    private static async Task PlaceAsync(TestHost host, string owner)
    {
        var request = new PlaceOrder(
            "ada@example.com", new ShipTo("Ada", "1 Street", "Berlin", "10117", "DE"), [new PlaceOrderLine("MUG", 1)], new PaymentMeans("tok_visa"));
        var once = host.Get<OnceRegistry>().For(new Caller(host.Get<Tenants>().Shop, owner, new HashSet<string>()), key: null, "test");
        Assert.Null((await host.Get<OrdersApi>().PlaceAsync(host.Get<Tenants>().Shop, owner, request, cart: null, once, CancellationToken.None)).Problem);
    }
}
