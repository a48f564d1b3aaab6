using System.Net;
using Basin.Catalog;
using Basin.Catalog.Pages;
using Basin.Kernel.Ids;
using Basin.Kernel.Load;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>The shop's pages of the catalogue, without the layout around them.</summary>
public sealed class CatalogPagesTests
{
    [Fact]
    public async Task The_home_page_shows_products_by_category_page_after_page()
    {
        await using var host = await StartAsync();
        await ImportAsync(host, [
            .. Enumerable.Range(0, 30).Select(i => CatalogHost.Mug($"MUG-{i}", title: $"Mug {i:00}")),
            CatalogHost.Mug("LAMP", price: 123_456, title: "Lamp <b>") with { Currency = "JPY", Categories = ["Lights & Lamps"], Pictures = ["/pictures/7.svg"] },
        ]);

        var home = await host.Client.GetStringAsync("/");
        var lights = await host.Client.GetStringAsync("/?category=lights-lamps");

        Assert.Contains("Lamp &lt;b&gt;", home);
        Assert.Contains("¥123,456", WebUtility.HtmlDecode(home));
        Assert.Contains("<img src=\"/pictures/7.svg\"", home);
        Assert.Contains("Mug 29", home);
        Assert.DoesNotContain("Mug 00", home);
        Assert.Contains("<h1>Lights &amp; Lamps</h1>", lights);
        Assert.DoesNotContain("Mug", lights[lights.IndexOf("product-grid", StringComparison.Ordinal)..]);
        var next = WebUtility.HtmlDecode(home.Split("rel=\"next\" href=\"")[1].Split('"')[0]);
        Assert.Contains("Mug 00", await host.Client.GetStringAsync(next));
    }

    [Fact]
    public async Task A_host_with_too_much_to_do_leaves_suggestions_out_and_reads_a_list_once_in_a_second()
    {
        await using var host = await StartAsync();
        await ImportAsync(host, [CatalogHost.Mug("MUG-1", title: "First mug"), CatalogHost.Mug("MUG-2", title: "Second mug")]);
        var home = await host.Client.GetStringAsync("/");
        var product = $"/products/{home.Split("/products/")[1].Split('"')[0]}";
        Assert.Contains("More in Mugs", await host.Client.GetStringAsync(product));

        host.Get<HostLoad>().Follow(1);
        Assert.DoesNotContain("More in Mugs", await host.Client.GetStringAsync(product));
        await host.Client.GetStringAsync("/");
        await ImportAsync(host, [CatalogHost.Mug("MUG-3", title: "Third mug")]);
        Assert.DoesNotContain("Third mug", await host.Client.GetStringAsync("/"));
        Assert.Contains("Third mug", await host.Client.GetStringAsync("/?q=third"));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("Third mug", await host.Client.GetStringAsync("/"));
    }

    [Fact]
    public async Task A_search_finds_or_says_that_there_is_nothing()
    {
        await using var host = await StartAsync();
        await ImportAsync(host, [CatalogHost.Mug()]);

        Assert.Contains("Blue Mug", await host.Client.GetStringAsync("/?q=blu"));
        Assert.Contains("Blue Mug", await host.Client.GetStringAsync("/?q="));
        Assert.Contains("Nothing found", await host.Client.GetStringAsync("/?q=zeppelin"));
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("/?q=%26")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Client.GetAsync("/?cursor=x")).StatusCode);
    }

    [Fact]
    public async Task A_product_page_lets_one_choose_and_add_to_the_cart()
    {
        await using var host = await StartAsync();
        await ImportAsync(host, [CatalogHost.Mug() with { Variants = [new Variant("A", 990, "Small"), new Variant("B", 1290, "Large")] }, CatalogHost.Mug("OTHER")]);
        var page = await host.Get<CatalogApi>().ListAsync(Shop(host), q: null, category: null, new(10, null), CancellationToken.None);
        var product = page.Items.Single(item => item.Details.Variants.Count == 2);

        var html = WebUtility.HtmlDecode(await host.Client.GetStringAsync($"/products/{product.Id}"));

        Assert.Contains("method=\"post\" action=\"/cart/items\"", html);
        Assert.Contains("name=\"__RequestVerificationToken\"", html);
        Assert.Contains("name=\"sku\" value=\"A\" checked", html);
        Assert.Contains("Large<span>€12.90</span>", html);
        Assert.Matches("<span class=\"from\">from</span>\\s+€9\\.90", html);
        Assert.Contains("name=\"quantity\"", html);
        Assert.Contains("More in Mugs", html);
    }

    [Theory]
    [InlineData("/products/prd_0000000000001")]
    [InlineData("/products/x")]
    public async Task A_product_that_is_not_there_is_not_found(string path)
    {
        await using var host = await StartAsync();

        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync(path)).StatusCode);
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder =>
        {
            builder.AddCatalog();
            builder.Services.AddRazorComponents();
        },
        app =>
        {
            app.MapGet("/", () => new RazorComponentResult<Home>());
            app.MapGet("/products/{id}", (string id) => new RazorComponentResult<ProductPage>(new { Id = id }));
        },
        new TestHostOptions { Caller = null });

    private static Id<Tenant> Shop(TestHost host) => host.Get<Tenants>().Shop;

    private static Task<ImportSummary> ImportAsync(TestHost host, IEnumerable<ProductDetails> products) =>
        host.Get<CatalogApi>().ImportAsync(Shop(host), products, CancellationToken.None);
}
