using System.Diagnostics.CodeAnalysis;
using Basin.Catalog;
using Basin.Inventory;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Basin.Demo;

/// <summary>Section <c>Basin:Demo</c>.</summary>
internal sealed class DemoOptions
{
    /// <summary>Whether the first start fills the shop. Default false; <c>--demo</c> sets it.</summary>
    public bool Enabled { get; set; }
}

/// <summary>The demo: a shop that is full from the first minute.</summary>
internal static class DemoShop
{
    extension(IHostApplicationBuilder builder)
    {
        public void AddDemo()
        {
            builder.AddOptionsSection<DemoOptions>("Demo");
            builder.Services.AddHostedService<DemoSeed>();
            builder.Services.AddSingleton<DemoTraffic>();
            builder.Services.AddSingleton(DemoTraffic.Paused);
            builder.Services.AddHostedService(provider => provider.GetRequiredService<DemoTraffic>());
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        /// <summary>The pictures are there without the demo too, because its products stay when it is switched off.</summary>
        public void MapDemo() => routes.MapGet("/pictures/{index:int:range(0,4999)}.svg", Picture).ExcludeFromDescription();
    }

    private static ContentHttpResult Picture(int index, HttpContext http)
    {
        http.Response.Headers[HeaderNames.CacheControl] = "public, max-age=31536000, immutable";
        return TypedResults.Text(DemoPicture.Svg(index), "image/svg+xml");
    }
}

/// <summary>Fills the shop once, in the background, so that the host is ready meanwhile.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "The host makes it.")]
internal sealed class DemoSeed(CatalogApi catalog, InventoryApi inventory, Accounts accounts, Tenants tenants, DemoOptions options)
    : BackgroundService
{
    private const string Customer = "demo@example.com";
    private const int UnitsOfEach = 1_000_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first product is imported last: when it is there, all are. A start that was cut off is gone on with.
        if (!options.Enabled || await catalog.FindBySkuAsync(tenants.Shop, DemoCatalog.At(0).Variants[0].Sku, stoppingToken) is not null)
            return;
        await MakeCustomerAsync(stoppingToken);
        var stock = Enumerable.Range(0, DemoCatalog.Count)
            .SelectMany(i => DemoCatalog.At(i).Variants)
            .Select(variant => new StockLine(variant.Sku, UnitsOfEach))
            .ToList();
        await inventory.CountAsync(tenants.Shop, "demo", stock, stoppingToken);
        var products = Enumerable.Range(0, DemoCatalog.Count).Select(i => DetailsOf(DemoCatalog.At(DemoCatalog.Count - 1 - i)));
        await catalog.ImportAsync(tenants.Shop, products, stoppingToken);
    }

    /// <summary>With a password that only this start tells, as a demo may be reached by others.</summary>
    private async Task MakeCustomerAsync(CancellationToken cancellation)
    {
        var password = SecretToken.New()[..12];
        if (await accounts.MakeCustomerAsync(Customer, password, cancellation) is not null)
            Console.WriteLine($"Demo customer: {Customer}, password {password}");
    }

    private static ProductDetails DetailsOf(DemoProduct product) => new(
        product.Name,
        product.Variants[0].Currency,
        [.. product.Variants.Select(variant => new Variant(variant.Sku, variant.Price, variant.Option))],
        [product.Category],
        product.Description)
    {
        Pictures = [product.Picture],
    };
}
