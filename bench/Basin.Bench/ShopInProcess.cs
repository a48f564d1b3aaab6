using System.Collections.Frozen;
using Basin.Cart;
using Basin.Catalog;
using Basin.Inventory;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Notifications;
using Basin.Orders;
using Basin.Payments;
using Basin.Shipping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Bench;

/// <summary>The systems that an order goes through, in this process and without routes, on an empty data directory and a full shelf.</summary>
internal sealed class ShopInProcess : IAsyncDisposable
{
    public const int Products = 5_000;
    private const int UnitsOfEach = 100_000_000;

    private readonly WebApplication _app;
    private readonly DataDirectory _data;

    private ShopInProcess(WebApplication app, DataDirectory data) => (_app, _data) = (app, data);

    public OrdersApi Orders => _app.Services.GetRequiredService<OrdersApi>();

    public OnceRegistry Once => _app.Services.GetRequiredService<OnceRegistry>();

    public Caller Caller { get; private set; } = null!;

    public Store StoreOf(string system) => _app.Services.GetRequiredService<Stores>().Of(system);

    public static string SkuAt(int product) => $"BENCH-{product:00000}";

    /// <param name="settings">Overrides such as <c>["Basin:Shipping:DeliverAfter"] = "00:00:01"</c>.</param>
    public static async Task<ShopInProcess> StartAsync(Dictionary<string, string?> settings, CancellationToken cancellation)
    {
        var data = new DataDirectory("shop");
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection(settings);
        builder.Configuration["Basin:Store:Directory"] = data.Path;
        builder.Configuration["Basin:Notifications:Email"] = "false";
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.AddKernel();
        builder.AddAccess(static _ => { });
        builder.AddCatalog();
        builder.AddCart();
        builder.AddInventory();
        builder.AddPayments();
        builder.AddShipping();
        builder.AddOrders();
        builder.AddNotifications();
        var shop = new ShopInProcess(builder.Build(), data);
        await shop._app.StartAsync(cancellation);
        await shop.FillAsync(cancellation);
        return shop;
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        var tenant = _app.Services.GetRequiredService<Tenants>().Shop;
        Caller = new Caller(tenant, "bench", FrozenSet.Create("*"));
        var skus = Enumerable.Range(0, Products).Select(SkuAt).ToList();
        await _app.Services.GetRequiredService<InventoryApi>()
            .CountAsync(tenant, "bench", skus.ConvertAll(sku => new StockLine(sku, UnitsOfEach)), cancellation);
        var products = skus.Append(OrderMix.SoldOutSku).Select(sku => new ProductDetails($"Product {sku}", "EUR", [new Variant(sku, 1_290)], ["Everything"]));
        var imported = await _app.Services.GetRequiredService<CatalogApi>().ImportAsync(tenant, products, cancellation);
        if (imported.Created != Products + 1)
            throw new BenchmarkException($"{imported.Created} of {Products + 1} products were imported.");
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Dispose();
    }
}
