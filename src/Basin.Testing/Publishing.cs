using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Testing;

/// <summary>Lets a test say what a system would say.</summary>
public static class Publishing
{
    extension(Store store)
    {
        /// <summary>Publishes an event in a transaction of its own.</summary>
        public Task PublishAsync<T>(ShardKey shard, Id<Tenant> tenant, T happened)
            where T : class, IEvent<T> => store.WriteAsync(
                shard,
                async tx =>
                {
                    await tx.PublishAsync(tenant, happened);
                    return true;
                },
                CancellationToken.None);
    }
}
