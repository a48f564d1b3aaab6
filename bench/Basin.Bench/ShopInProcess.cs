using System.Collections.Frozen;
using Basin.Cart;
using Basin.Catalog;
using Basin.Inventory;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Notifications;
using Basin.Orders;
using Basin.Payments;
using Basin.Shipping;
using Basin.Vault;
using Basin.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Bench;

/// <summary>The systems that an order goes through, in this process and without routes, on an empty data directory and a full shelf.</summary>
internal sealed class ShopInProcess : IShop, IAsyncDisposable
{
    /// <summary>Enough to keep every stage busy, few enough that none of them grows a queue.</summary>
    private const int MostOnTheirWay = 10_000;

    private readonly WebApplication _app;
    private Caller _caller = null!;

    private ShopInProcess(WebApplication app) => _app = app;

    public int? MaxOnTheirWay => MostOnTheirWay;

    public Store StoreOf(string system) => _app.Services.GetRequiredService<Stores>().Of(system);

    /// <summary>Of a system's files, with what is still in their logs.</summary>
    public async Task<long> StoredBytesAsync(string system, CancellationToken cancellation) => await StoreOf(system).ReadAsync(
        ShardKey.First,
        async snapshot => await snapshot.NumberAsync("PRAGMA page_count") * await snapshot.NumberAsync("PRAGMA page_size"),
        cancellation) ?? 0;

    private OrdersApi Orders => _app.Services.GetRequiredService<OrdersApi>();

    /// <param name="data">Empty.</param>
    /// <param name="settings">Overrides such as <c>["Basin:Shipping:DeliverAfter"] = "00:00:01"</c>.</param>
    public static async Task<ShopInProcess> StartAsync(DataDirectory data, Dictionary<string, string?> settings, CancellationToken cancellation)
    {
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
        builder.AddLedger();
        builder.AddVault();
        builder.AddWebhooks();
        builder.AddPayments();
        builder.AddShipping();
        builder.AddOrders();
        builder.AddNotifications();
        var shop = new ShopInProcess(builder.Build());
        await shop._app.StartAsync(cancellation);
        await shop.FillAsync(cancellation);
        return shop;
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        var tenant = _app.Services.GetRequiredService<Tenants>().Shop;
        _caller = new Caller(tenant, "bench", FrozenSet.Create("*"));
        var full = Enumerable.Range(0, OrderMix.Products).Select(product => new StockLine(OrderMix.SkuAt(product), OrderMix.UnitsOfEach));
        await _app.Services.GetRequiredService<InventoryApi>().CountAsync(tenant, "bench", [.. full], cancellation);
        var imported = await _app.Services.GetRequiredService<CatalogApi>().ImportAsync(tenant, OrderMix.AllProducts, cancellation);
        if (imported.Created != OrderMix.Products + 1)
            throw new BenchmarkException($"{imported.Created} of {OrderMix.Products + 1} products were imported.");
    }

    public async Task<long> PlaceAsync(PlannedOrder order, string key, CancellationToken cancellation)
    {
        var answer = await Orders.PlaceAsync(_caller.Tenant, owner: null, order.Request, cart: null, OnceFor(key), cancellation);
        return answer.Problem is null
            ? HttpShop.IdIn(answer.Location!.Split('/')[^1])
            : throw new BenchmarkException($"An order was refused: {answer.Problem.Title}");
    }

    public async Task<bool> CancelAsync(long order, string key, CancellationToken cancellation) =>
        (await Orders.CancelAsync(_caller.Tenant, new Id<Order>(order), OnceFor(key), cancellation)).Problem is null;

    private Once OnceFor(string key) => _app.Services.GetRequiredService<OnceRegistry>().For(_caller, key, "bench");

    /// <summary>Reads the log of Orders as any consumer does.</summary>
    public async Task FollowAsync(IFollower follower, CancellationToken cancellation)
    {
        var shard = StoreOf("orders").Shards[0];
        var sequence = shard.Events.LastSequence;
        var placedAt = new Dictionary<long, DateTimeOffset>();
        try
        {
            while (true)
            {
                await shard.Events.WaitBeyondAsync(sequence, cancellation);
                var records = await shard.Events.ReadAfterAsync(shard, sequence, MostOnTheirWay, cancellation);
                sequence = records[^1].Sequence;
                foreach (var record in records)
                {
                    if (record.Type == OrderPlaced.Type.Name)
                        placedAt[record.Key] = record.At;
                    // The parcel is asked for when the stock is held.
                    else if (record.Type == ShipmentRequested.Type.Name && placedAt.Remove(record.Key, out var at))
                        follower.Reserve((record.At - at).TotalMilliseconds);
                }
                if (records.Count(record => record.Type == OrderDelivered.Type.Name || record.Type == OrderEnded.Type.Name) is > 0 and var ended)
                    follower.End(ended);
            }
        }
        catch (OperationCanceledException)
        {
            // All that was placed has ended.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
