using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Inventory;

/// <summary>The use cases of Inventory, for its endpoints and for other systems. Reservations are asked for by events.</summary>
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
        {
            var level = await FindLevelAsync(tx, tenant, line.Sku, Warehouse.Main);
            await ApplyAsync(tx, tenant, level.Count(line.Quantity), reason: null, subject);
        }
        return counted.Length;
    }

    /// <summary>Sets what is on hand of one SKU in one warehouse.</summary>
    /// <param name="ifMatch">The <c>ETag</c> that the SKU must still have; null for any.</param>
    internal Task<Answer<StockView>> CountAsync(Caller caller, string sku, CountStock request, string? ifMatch, Once once, CancellationToken cancellation) =>
        ChangeAsync(caller, sku, request, request.Warehouse, ifMatch, reason: null, level => level.Count(request.OnHand), once, cancellation);

    internal Task<Answer<StockView>> AdjustAsync(Caller caller, string sku, AdjustStock request, Once once, CancellationToken cancellation) =>
        ChangeAsync(caller, sku, request, request.Warehouse, ifMatch: null, request.Reason, level => level.Adjust(request.Delta), once, cancellation);

    private Task<Answer<StockView>> ChangeAsync<TRequest>(
        Caller caller, string sku, TRequest request, string? warehouse, string? ifMatch, string? reason, Func<StockLevel, StockChange> decide, Once once,
        CancellationToken cancellation) => once.WriteAsync(
        store,
        ShardKey.First,
        request,
        async tx =>
        {
            if (ifMatch is not null && ifMatch != "*" && ifMatch != StockView.Of(sku, await InventoryStore.ListLevelsAsync(tx, caller.Tenant, sku)).ETag)
                return KernelProblems.PreconditionFailed;
            var level = await FindLevelAsync(tx, caller.Tenant, sku, warehouse ?? Warehouse.Main);
            await ApplyAsync(tx, caller.Tenant, decide(level), reason, caller.Subject);
            var view = StockView.Of(sku, await InventoryStore.ListLevelsAsync(tx, caller.Tenant, sku));
            return Answer.Ok(view).Tagged(view.ETag);
        },
        cancellation);

    /// <exception cref="ProblemException">There is no such warehouse.</exception>
    private static async ValueTask<StockLevel> FindLevelAsync(Transaction tx, Id<Tenant> tenant, string sku, string warehouse)
    {
        if (await InventoryStore.FindLevelAsync(tx, tenant, sku, warehouse) is { } level)
            return level;
        // The main warehouse need not be made by anybody.
        if (warehouse != Warehouse.Main && await InventoryStore.FindWarehouseAsync(tx, tenant, warehouse) is null)
            throw KernelProblems.Invalid.At("warehouse", "The code of a warehouse is expected.").Refusal();
        return StockLevel.None(sku, warehouse);
    }

    private static async ValueTask ApplyAsync(Transaction tx, Id<Tenant> tenant, StockChange change, string? reason, string subject)
    {
        if (change.Warehouse == Warehouse.Main)
            await InventoryStore.AddWarehouseAsync(tx, tenant, Warehouse.NewMain(tx.Now));
        await InventoryStore.AddLevelAsync(tx, tenant, StockLevel.None(change.Sku, change.Warehouse));
        if (change.OnHand == 0)
            return;
        await InventoryStore.ChangeAsync(tx, tenant, change, Movement.Of(tx, change, change.Cause!.Value) with { Reason = reason, Subject = subject });
    }

    /// <summary>What there is of a SKU, or null when it never was anywhere.</summary>
    internal async ValueTask<StockView?> FindAsync(Id<Tenant> tenant, string sku, CancellationToken cancellation)
    {
        var levels = await store.ReadAsync(ShardKey.First, snapshot => InventoryStore.ListLevelsAsync(snapshot, tenant, sku), cancellation);
        return levels.Count > 0 ? StockView.Of(sku, levels) : null;
    }

    /// <summary>By SKU.</summary>
    internal async ValueTask<Page<StockSummary>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var stock = await store.ReadAsync(
            ShardKey.First, snapshot => InventoryStore.ListStockAsync(snapshot, tenant, paging.After ?? "", paging.Limit + 1), cancellation);
        return paging.PageOf(stock, line => line.Sku);
    }

    /// <summary>The newest first.</summary>
    internal async ValueTask<Page<Movement>> ListMovementsAsync(Id<Tenant> tenant, string sku, Paging paging, CancellationToken cancellation)
    {
        Id<Movement>? before = paging.After is null ? null : new(paging.AfterNumber(start: 0));
        var movements = await store.ReadAsync(
            ShardKey.First, snapshot => InventoryStore.ListMovementsAsync(snapshot, tenant, sku, before, paging.Limit + 1), cancellation);
        return paging.PageOf(movements, movement => movement.Id.Value.ToString(CultureInfo.InvariantCulture));
    }

    internal Task<Answer<Warehouse>> AddWarehouseAsync(Caller caller, NewWarehouse request, Once once, CancellationToken cancellation) => once.WriteAsync(
        store,
        ShardKey.First,
        request,
        async tx =>
        {
            if (await InventoryStore.FindWarehouseAsync(tx, caller.Tenant, request.Code) is not null)
                return InventoryProblems.WarehouseExists;
            if (await InventoryStore.CountWarehousesAsync(tx, caller.Tenant) >= Warehouse.MaxCount)
                return InventoryProblems.TooManyWarehouses.With($"At most {Warehouse.MaxCount} are possible.");
            var warehouse = new Warehouse(request.Code, request.Name, tx.Now);
            await InventoryStore.AddWarehouseAsync(tx, caller.Tenant, warehouse);
            return Answer.Created($"/v1/warehouses/{warehouse.Code}", warehouse);
        },
        cancellation);

    internal ValueTask<Warehouse?> FindWarehouseAsync(Id<Tenant> tenant, string code, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => InventoryStore.FindWarehouseAsync(snapshot, tenant, code), cancellation);

    /// <summary>By code.</summary>
    internal async ValueTask<Page<Warehouse>> ListWarehousesAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var warehouses = await store.ReadAsync(
            ShardKey.First, snapshot => InventoryStore.ListWarehousesAsync(snapshot, tenant, paging.After ?? "", paging.Limit + 1), cancellation);
        return paging.PageOf(warehouses, warehouse => warehouse.Code);
    }
}
