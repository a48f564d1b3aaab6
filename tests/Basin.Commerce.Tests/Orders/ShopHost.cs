using System.Net;
using Basin.Cart;
using Basin.Catalog;
using Basin.Commerce.Tests.Cart;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Tenancy;
using Basin.Orders;
using Basin.Testing;
using Basin.Testing.Pages;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Orders;

/// <summary>A host with the shop's catalogue, carts and orders, and the words that their pages' tests share.</summary>
internal static class ShopHost
{
    public static async Task<TestHost> StartAsync(TestHostOptions? options = null)
    {
        var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddCatalog();
                builder.AddCart();
                builder.AddOrders();
                builder.Services.AddSingleton<Neighbours>();
                builder.Services.AddSingleton<ICarts>(services => services.GetRequiredService<Neighbours>());
                builder.Services.AddSingleton<ICatalog>(services => services.GetRequiredService<Neighbours>());
                builder.Services.AddRazorComponents();
            },
            app =>
            {
                app.MapCatalog();
                app.MapCart();
                app.MapOrders();
                app.MapTestPages(typeof(CartApi).Assembly, typeof(OrdersApi).Assembly);
            },
            options);
        await host.SellAsync(host.Get<Tenants>().Shop, ("MUG", 1250), ("CUP", 900));
        return host;
    }

    public static (string Name, string Value)[] Address { get; } =
    [
        ("email", "ada@example.com"), ("name", "Ada Lovelace"), ("line1", "12 St James's Square"), ("city", "Berlin"), ("postalCode", "10117"),
        ("country", "DE"), ("payment", "tok_visa"),
    ];

    /// <summary>The address with one field typed differently.</summary>
    public static (string Name, string Value)[] AddressWith(string name, string value) =>
        [.. Address.Select(field => field.Name == name ? (name, value) : field)];

    /// <summary>Buys what is in the cart.</summary>
    /// <returns>The path of the order's page.</returns>
    public static async Task<string> CheckOutAsync(this Visitor visitor)
    {
        using var placed = await visitor.SubmitAsync("/checkout", await visitor.GetAsync("/checkout"), "name=\"attempt\"", Address);
        Assert.Equal(HttpStatusCode.SeeOther, placed.StatusCode);
        return placed.Headers.Location!.ToString();
    }

    public static async Task<IReadOnlyList<OrderSummary>> OrdersAsync(this TestHost host) =>
        (await host.Get<OrdersApi>().ListAsync(host.Get<Tenants>().Shop, null, null, Paging.Of(null, null), CancellationToken.None)).Items;

    /// <summary>An operator, who has signed in by a cookie in the real host.</summary>
    public static Caller Operator(this TestHost host) => host.ShopKeeper();
}
