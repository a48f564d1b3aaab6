using Basin.Cart;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Cart;

public sealed class CartMergeTests
{
    private const string Visitor = "visitor_of_the_test";
    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    [Fact]
    public async Task A_visitors_cart_joins_the_customers_at_sign_in()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        await host.Client.SetAsync(await host.Client.NewCartAsync(customer.ToString()), "MUG", 1);
        var visitors = await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);
        await host.Client.SetAsync(visitors, "CUP", 3);

        await host.SignInAsync(Tenant, Visitor, customer);

        Assert.Equal([("MUG", 3), ("CUP", 3)], await OwnedAsync(host, customer.ToString()));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/carts/{visitors.Id}")).StatusCode);
    }

    [Fact]
    public async Task A_customer_without_a_cart_gets_the_visitors()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);

        await host.SignInAsync(Tenant, Visitor, customer);

        Assert.Equal([("MUG", 2)], await OwnedAsync(host, customer.ToString()));
    }

    [Fact]
    public async Task A_merge_happens_once_although_its_transaction_fails_at_first_and_the_host_restarts()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        await host.Client.SetAsync(await host.Client.NewCartAsync(customer.ToString()), "MUG", 1);
        await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);
        host.Faults.Throw("on:cart:basin.access.visitor-signed-in.v1:after", times: 2);

        await host.SignInAsync(Tenant, Visitor, customer);
        await host.AdvanceAsync(TimeSpan.FromMinutes(5));
        await host.RestartAsync();
        await host.SettleAsync();

        Assert.Equal([("MUG", 3)], await OwnedAsync(host, customer.ToString()));
    }

    [Fact]
    public async Task The_same_event_twice_adds_nothing_the_second_time()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);

        await host.SignInAsync(Tenant, Visitor, customer);
        await host.SignInAsync(Tenant, Visitor, customer);

        Assert.Equal([("MUG", 2)], await OwnedAsync(host, customer.ToString()));
    }

    [Fact]
    public async Task What_the_visitor_adds_late_lands_in_the_customers_cart()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        await host.SignInAsync(Tenant, Visitor, customer);

        var late = await host.Get<CartApi>().AddAsync(
            Tenant, new CartPlace(null, null, Visitor), "MUG", 2,
            host.Get<Kernel.Http.OnceRegistry>().For(TestHost.DefaultCaller, null, "add"), CancellationToken.None);

        Assert.Null(late.Problem);
        Assert.Equal([("MUG", 2)], await OwnedAsync(host, customer.ToString()));
    }

    [Fact]
    public async Task Another_tenants_visitor_of_the_same_name_keeps_the_cart()
    {
        await using var host = await StartAsync();
        var cart = await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);

        await host.SignInAsync(new Id<Tenant>(2), Visitor, host.NewCustomer());

        Assert.Equal(2, (await host.Client.ViewAsync(cart.Id)).Lines.Single().Quantity);
    }

    [Fact]
    public async Task A_cart_is_cleared_only_at_the_version_that_was_ordered()
    {
        await using var host = await StartAsync();
        var ordered = await host.Client.SetAsync(await host.Client.NewCartAsync("ada"), "MUG", 2);
        var later = await host.Client.SetAsync(ordered, "CUP", 1);

        await host.Get<CartApi>().ClearAsync(Tenant, ordered.Id, ordered.Version, CancellationToken.None);
        Assert.Equal(2, (await host.Client.ViewAsync(ordered.Id)).Lines.Count);

        await host.Get<CartApi>().ClearAsync(Tenant, ordered.Id, later.Version, CancellationToken.None);
        Assert.Empty((await host.Client.ViewAsync(ordered.Id)).Lines);
    }

    [Fact]
    public async Task Carts_that_no_cookie_leads_to_any_more_are_deleted_and_customers_carts_stay()
    {
        await using var host = await StartAsync();
        var customer = host.NewCustomer();
        var visitors = await host.Client.SetAsync(await host.Client.NewCartAsync(Visitor), "MUG", 2);
        var customers = await host.Client.SetAsync(await host.Client.NewCartAsync(customer.ToString()), "MUG", 2);

        host.Clock.Jump(TimeSpan.FromDays(401));
        await Eventually.TrueAsync(async () => !(await host.Client.GetAsync($"/v1/carts/{visitors.Id}")).IsSuccessStatusCode);

        Assert.Single((await host.Client.ViewAsync(customers.Id)).Lines);
    }

    private static async Task<TestHost> StartAsync()
    {
        var host = await CartHost.StartAsync();
        await host.SellAsync(Tenant, ("MUG", 1250), ("CUP", 900));
        return host;
    }

    private static async Task<List<(string Sku, int Quantity)>> OwnedAsync(TestHost host, string owner)
    {
        var cart = await host.Get<CartApi>().FindAsync(Tenant, owner, CancellationToken.None);
        return [.. cart!.Lines.Select(line => (line.Sku, line.Quantity))];
    }
}
