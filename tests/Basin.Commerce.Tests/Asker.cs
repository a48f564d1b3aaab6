using Basin.Inventory;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Shipping;
using Basin.Testing;
using Microsoft.Extensions.Hosting;

namespace Basin.Commerce.Tests;

/// <summary>Stands for Orders where only its requests matter.</summary>
internal static class Asker
{
    private const string Name = "asker";

    extension(IHostApplicationBuilder builder)
    {
        public void AddAsker() => builder.AddSystem(Name, typeof(Asker).Assembly)
            .Publishes<StockRequested>()
            .Publishes<StockCommitRequested>()
            .Publishes<StockReleaseRequested>()
            .Publishes<ShipmentRequested>()
            .Publishes<ShipmentCancelRequested>()
            .Publishes<TransfersRequested>();
    }

    extension(TestHost host)
    {
        /// <summary>Publishes a request of the first tenant.</summary>
        public Task AskAsync<T>(T request)
            where T : class, IEvent<T> => host.AskAsync(TestHost.DefaultCaller.Tenant, request);

        public Task AskAsync<T>(Id<Tenant> tenant, T request)
            where T : class, IEvent<T> => host.StoreOf(Name).PublishAsync(ShardKey.First, tenant, request);

        /// <summary>Publishes requests of the first tenant together.</summary>
        public Task AskTogetherAsync<T>(params T[] requests)
            where T : class, IEvent<T> => host.StoreOf(Name).WriteAsync(
            ShardKey.First,
            async tx =>
            {
                foreach (var request in requests)
                    await tx.PublishAsync(TestHost.DefaultCaller.Tenant, request);
                return requests.Length;
            },
            CancellationToken.None);

        /// <summary>Publishes a request and waits until all that follows from it has happened, as far as the clock allows.</summary>
        public async Task AskAndSettleAsync<T>(T request)
            where T : class, IEvent<T>
        {
            await host.AskAsync(request);
            await host.SettleAsync();
        }
    }
}
