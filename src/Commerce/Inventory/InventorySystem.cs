using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Inventory;

/// <summary>Stock per SKU and warehouse: what is there, what is promised, and why each unit moved.</summary>
public static class InventorySystem
{
    internal const string Name = "inventory";

    private static readonly TimeSpan ExpiryPeriod = TimeSpan.FromSeconds(1);

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddInventory()
        {
            builder.AddSystem(Name, typeof(InventorySystem).Assembly)
                .Options<InventoryOptions>("Inventory")
                .Publishes<StockReserved>()
                .Publishes<StockRefused>()
                .Publishes<StockReleased>()
                .On<StockRequested, StockRequests>(requests => requests.RequestAsync)
                .On<StockCommitRequested, StockRequests>(requests => requests.CommitAsync)
                .On<StockReleaseRequested>(StockRequests.ReleaseAsync)
                .Every<StockRequests>(ExpiryPeriod, _ => StockRequests.ExpireAsync)
                .Refuses(InventoryProblems.All);
            builder.Services.AddSingleton<StockRequests>();
            builder.Services.AddSingleton<InventoryApi>();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapInventory()
        {
            InventoryEndpoints.Map(routes);
            return routes;
        }
    }
}
