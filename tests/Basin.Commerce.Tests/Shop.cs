using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Cart;
using Basin.Catalog;
using Basin.Inventory;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Orders;
using Basin.Payments;
using Basin.Shipping;
using Basin.Testing;
using Basin.Vault;
using Basin.Webhooks;

namespace Basin.Commerce.Tests;

/// <summary>A host with the systems that an order travels through, one product and some stock.</summary>
internal sealed class Shop : IAsyncDisposable
{
    public const string Sku = "TEA-1";
    public const int PriceMinor = 450;
    public const int OnHand = 100;

    private Shop(TestHost host) => Host = host;

    public TestHost Host { get; }

    public static Id<Tenant> Tenant => TestHost.DefaultCaller.Tenant;

    public static async Task<Shop> OpenAsync(Dictionary<string, string?>? settings = null, TimeProvider? clock = null)
    {
        var host = await TestHost.StartAsync(
            builder =>
            {
                builder.AddCatalog();
                builder.AddCart();
                builder.AddInventory();
                builder.AddLedger();
                builder.AddVault();
                builder.AddWebhooks();
                builder.AddPayments();
                builder.AddShipping();
                builder.AddOrders();
            },
            app =>
            {
                app.MapCatalog();
                app.MapInventory();
                app.MapPayments();
                app.MapShipping();
                app.MapOrders();
            },
            new TestHostOptions { Settings = settings ?? [], Clock = clock });
        var details = new ProductDetails("Tea", "EUR", [new Variant(Sku, PriceMinor)], ["Kitchen"]);
        await host.Get<CatalogApi>().ImportAsync(Tenant, [details], CancellationToken.None);
        await host.Get<InventoryApi>().CountAsync(Tenant, "test", [new StockLine(Sku, OnHand)], CancellationToken.None);
        return new Shop(host);
    }

    /// <summary>A body that is accepted.</summary>
    public static JsonObject Order(string token = "tok_visa", int quantity = 2, string postalCode = "10115", string sku = Sku) => new()
    {
        ["email"] = "ada@example.com",
        ["shipTo"] = new JsonObject
        {
            ["name"] = "Ada Lovelace",
            ["line1"] = "12 St James's Square",
            ["city"] = "Berlin",
            ["postalCode"] = postalCode,
            ["country"] = "DE",
        },
        ["lines"] = new JsonArray(new JsonObject { ["sku"] = sku, ["quantity"] = quantity }),
        ["payment"] = new JsonObject { ["token"] = token },
    };

    /// <returns>The id of the order.</returns>
    public async Task<string> PlaceAsync(JsonObject order)
    {
        using var response = await Host.Client.PostAsJsonAsync("/v1/orders", order);
        Assert.True(
            (int)response.StatusCode == 201,
            $"{await response.Content.ReadAsStringAsync()} {string.Join('\n', Host.Log.Lines.Select(line => line.Exception).OfType<Exception>())}");
        return (await response.Content.ReadFromJsonAsync<JsonObject>())!["id"]!.GetValue<string>();
    }

    public Task<JsonObject?> FindAsync(string id) => Host.Client.GetFromJsonAsync<JsonObject>($"/v1/orders/{id}");

    public async Task<string> StateOfAsync(string id) => (await FindAsync(id))!["state"]!.GetValue<string>();

    /// <summary>Lets time pass until everything that waits for the clock has happened.</summary>
    public async Task FinishAsync()
    {
        await Host.SettleAsync();
        // In small steps while parcels move, so that everybody hears of each thing before the next one happens.
        for (var i = 0; i < 15; i++)
            await Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
            await Host.AdvanceAsync(TimeSpan.FromSeconds(30));
    }

    public Task<MoneyAudit> AuditAsync() => Host.Get<PaymentsApi>().AuditAsync(Tenant, CancellationToken.None);

    public async Task<(long OnHand, long Reserved)> StockAsync()
    {
        var stock = (await Host.Client.GetFromJsonAsync<JsonObject>($"/v1/stock/{Sku}"))!;
        return (stock["onHand"]!.GetValue<long>(), stock["reserved"]!.GetValue<long>());
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
