using Microsoft.Extensions.DependencyInjection;

namespace Basin.Inventory;

/// <summary>What other systems may ask the stock.</summary>
public sealed class InventoryApi([FromKeyedServices(InventorySystem.Name)] Store store)
{
    /// <summary>Lines counted in one transaction, so that no request waits long behind them.</summary>
    private const int MaxCounted = 500;

    /// <summary>How many units of each SKU can be promised now, in all warehouses together; 0 for what is not known.</summary>
    public ValueTask<IReadOnlyDictionary<string, long>> FindAvailableAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation) =>
        store.ReadAsync<IReadOnlyDictionary<string, long>>(
            ShardKey.First,
            async snapshot =>
            {
                var available = new Dictionary<string, long>(skus.Count);
                foreach (var sku in skus)
                    available[sku] = await InventoryStore.CountAvailableAsync(snapshot, tenant, sku);
                return available;
            },
            cancellation);

    /// <summary>Sets what is on hand in the main warehouse, any number of SKUs at a time.</summary>
    /// <param name="subject">Who has counted, for the movements.</param>
    /// <exception cref="ProblemException">A line is refused; what was counted in earlier transactions stays.</exception>
    public async Task CountAsync(Id<Tenant> tenant, string subject, IReadOnlyCollection<StockLine> counted, CancellationToken cancellation)
    {
        foreach (var part in counted.Chunk(MaxCounted))
            await store.WriteAsync(ShardKey.First, tx => CountAsync(tx, tenant, subject, part), cancellation);
    }

    private static async ValueTask<int> CountAsync(Transaction tx, Id<Tenant> tenant, string subject, StockLine[] counted)
    {
        foreach (var line in counted)
            await Stocktaking.CountAsync(tx, tenant, line.Sku, Warehouse.Main, line.Quantity, subject);
        return counted.Length;
    }
}
