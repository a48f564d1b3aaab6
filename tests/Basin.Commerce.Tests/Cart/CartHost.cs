using System.Net;
using System.Net.Http.Json;
using Basin.Cart;
using Basin.Catalog;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Testing.Pages;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Cart;

/// <summary>A host with the catalogue and carts, and the words that their tests share.</summary>
internal static class CartHost
{
    public static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder =>
        {
            builder.AddCatalog();
            builder.AddCart();
            builder.Services.AddRazorComponents();
        },
        app =>
        {
            app.MapCatalog();
            app.MapCart();
            app.MapTestPages(typeof(CartApi).Assembly);
        });

    /// <summary>A key of the shop's tenant that may do everything.</summary>
    public static Caller ShopKeeper(this TestHost host) => new(host.Get<Tenants>().Shop, "key_of_the_shop", new HashSet<string> { "*" });

    /// <summary>Puts one-variant products on sale: each SKU at a price in cents.</summary>
    public static Task SellAsync(this TestHost host, Id<Tenant> tenant, params (string Sku, long PriceMinor)[] products) =>
        host.Get<CatalogApi>().ImportAsync(
            tenant,
            products.Select(product => new ProductDetails($"Product {product.Sku}", "EUR", [new Variant(product.Sku, product.PriceMinor)], ["Things"])),
            CancellationToken.None);

    public static Task WithdrawAsync(this TestHost host, Id<Tenant> tenant, string sku, long priceMinor) => host.Get<CatalogApi>().ImportAsync(
        tenant,
        [new ProductDetails($"Product {sku}", "EUR", [new Variant(sku, priceMinor)], ["Things"]) { Active = false }],
        CancellationToken.None);

    public static async Task<CartContents> NewCartAsync(this HttpClient client, string? owner = null)
    {
        var answer = await client.PostAsJsonAsync("/v1/carts", new { owner });
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<CartContents>())!;
    }

    public static Task<HttpResponseMessage> SendAsync(
        this HttpClient client, string method, string path, object? body = null, string? ifMatch = null, string? key = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : JsonContent.Create(body) };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return client.SendAsync(request);
    }

    public static async Task<CartContents> SetAsync(this HttpClient client, CartContents cart, string sku, int quantity)
    {
        var answer = await client.SendAsync("PUT", $"/v1/carts/{cart.Id}/items/{sku}", new { quantity }, $"\"{cart.Version}\"");
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<CartContents>())!;
    }

    public static async Task<CartView> ViewAsync(this HttpClient client, Id<ShoppingCart> id) =>
        (await client.GetFromJsonAsync<CartView>($"/v1/carts/{id}"))!;

    /// <summary>Presses the button of a product's page.</summary>
    public static async Task AddAsync(this Visitor visitor, string sku, int quantity)
    {
        using var added = await visitor.SubmitAsync("/cart/items", ("sku", sku), ("quantity", $"{quantity}"));
        Assert.Equal((HttpStatusCode.SeeOther, "/cart"), (added.StatusCode, added.Headers.Location?.ToString()));
    }

    /// <summary>Tells everybody that a visitor is a customer.</summary>
    public static async Task SignInAsync(this TestHost host, Id<Tenant> tenant, string visitor, Id<Account> customer)
    {
        await host.StoreOf("access").PublishAsync(ShardKey.First, tenant, new VisitorSignedIn(visitor, customer));
        await host.SettleAsync();
    }

    public static Id<Account> NewCustomer(this TestHost host) => host.StoreOf("access").NewId<Account>(ShardKey.First);
}
