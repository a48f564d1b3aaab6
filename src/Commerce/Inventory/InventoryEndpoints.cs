using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Basin.Inventory;

/// <summary>HTTP of Inventory.</summary>
internal static class InventoryEndpoints
{
    private const string Read = "inventory:read";
    private const string Write = "inventory:write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var warehouses = routes.MapGroup("/v1/warehouses").WithTags("Inventory").WithChecks();
        warehouses.MapPost("/", AddWarehouseAsync).RequireScope(Write).Answers(StatusCodes.Status201Created);
        warehouses.MapGet("/", ListWarehousesAsync).RequireScope(Read);
        warehouses.MapGet("/{code}", FindWarehouseAsync).RequireScope(Read);
        var stock = routes.MapGroup("/v1/stock").WithTags("Inventory").WithChecks();
        stock.MapGet("/", ListAsync).RequireScope(Read);
        stock.MapGet("/{sku}", FindAsync).RequireScope(Read);
        stock.MapPut("/{sku}", CountAsync).RequireScope(Write);
        stock.MapPost("/{sku}/adjustments", AdjustAsync).RequireScope(Write);
        stock.MapGet("/{sku}/movements", ListMovementsAsync).RequireScope(Read);
    }

    /// <summary>Adds a warehouse.</summary>
    private static Task<Answer<Warehouse>> AddWarehouseAsync(
        NewWarehouse request, Caller caller, Once once, InventoryApi inventory, CancellationToken cancellation) =>
        inventory.AddWarehouseAsync(caller, request, once, cancellation);

    /// <summary>Lists warehouses by code. The main one appears when something is first put into it.</summary>
    private static async Task<Ok<Page<Warehouse>>> ListWarehousesAsync(
        Caller caller, InventoryApi inventory, int? limit, string? cursor, CancellationToken cancellation) =>
        TypedResults.Ok(await inventory.ListWarehousesAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation));

    /// <summary>Shows a warehouse.</summary>
    private static async Task<Answer<Warehouse>> FindWarehouseAsync(
        string code, Caller caller, InventoryApi inventory, CancellationToken cancellation) =>
        await inventory.FindWarehouseAsync(caller.Tenant, code, cancellation) is { } warehouse ? warehouse : KernelProblems.NotFound;

    /// <summary>Lists stock by SKU, all warehouses together.</summary>
    private static async Task<Ok<Page<StockSummary>>> ListAsync(
        Caller caller, InventoryApi inventory, int? limit, string? cursor, CancellationToken cancellation) =>
        TypedResults.Ok(await inventory.ListAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation));

    /// <summary>Shows what there is of a SKU. The <c>ETag</c> follows what is on hand, not what is reserved, so a sale does not refuse a count.</summary>
    private static async Task<Answer<StockView>> FindAsync(string sku, Caller caller, InventoryApi inventory, CancellationToken cancellation) =>
        await inventory.FindAsync(caller.Tenant, sku, cancellation) is { } stock ? Answer.Ok(stock).Tagged(stock.ETag) : KernelProblems.NotFound;

    /// <summary>Sets what is on hand, as counted. With <c>If-Match</c> only when nothing came or went since the SKU was read.</summary>
    private static Task<Answer<StockView>> CountAsync(
        string sku, CountStock request, [FromHeader(Name = "If-Match")] string? ifMatch, Caller caller, Once once, InventoryApi inventory,
        CancellationToken cancellation)
    {
        CheckSku(sku);
        return inventory.CountAsync(caller, sku, request, ifMatch, once, cancellation);
    }

    /// <summary>Adds or takes away units that came or went without an order.</summary>
    private static Task<Answer<StockView>> AdjustAsync(
        string sku, AdjustStock request, Caller caller, Once once, InventoryApi inventory, CancellationToken cancellation)
    {
        CheckSku(sku);
        return inventory.AdjustAsync(caller, sku, request, once, cancellation);
    }

    /// <summary>Lists why units of a SKU came and went, the newest first. The deltas add up to what is on hand.</summary>
    private static async Task<Ok<Page<Movement>>> ListMovementsAsync(
        string sku, Caller caller, InventoryApi inventory, int? limit, string? cursor, CancellationToken cancellation) =>
        TypedResults.Ok(await inventory.ListMovementsAsync(caller.Tenant, sku, Paging.Of(limit, cursor), cancellation));

    /// <summary>Routes that only read find nothing under a wrong SKU; those that write must not make one.</summary>
    private static void CheckSku(string sku)
    {
        var checks = new Checks();
        checks.That(
            sku.Length <= 64 && sku.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'),
            "sku", "1 to 64 letters, digits, hyphens, underscores and dots are expected.");
        if (checks.Problem is { } problem)
            throw problem.Refusal();
    }
}

/// <param name="Code">Lower-case letters, digits and hyphens.</param>
internal sealed record NewWarehouse(string Code, string Name) : IChecked
{
    public void Check(Checks checks)
    {
        checks.That(
            Code.Length is >= 1 and <= 32 && Code.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'),
            "code", "1 to 32 lower-case letters, digits and hyphens are expected.");
        checks.Text(Name, "name", 100);
    }
}

/// <param name="Warehouse">The main one when it is not there.</param>
internal sealed record CountStock(long OnHand, string? Warehouse = null) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Range(OnHand, "onHand", 0, StockLevel.MaxOnHand);
        if (Warehouse is not null)
            checks.Text(Warehouse, "warehouse", 32);
    }
}

/// <param name="Delta">Units that came, or, when negative, went.</param>
/// <param name="Reason">For the audit.</param>
/// <param name="Warehouse">The main one when it is not there.</param>
internal sealed record AdjustStock(long Delta, string Reason, string? Warehouse = null) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Range(Delta, "delta", -StockLevel.MaxOnHand, StockLevel.MaxOnHand);
        checks.That(Delta != 0, "delta", "A number other than 0 is expected.");
        checks.Text(Reason, "reason", 200);
        if (Warehouse is not null)
            checks.Text(Warehouse, "warehouse", 32);
    }
}

/// <summary>What all warehouses have of a SKU together.</summary>
internal sealed record StockSummary(string Sku, long OnHand, long Reserved, long Available);

/// <summary>What there is of a SKU, and where.</summary>
internal sealed record StockView(string Sku, long OnHand, long Reserved, long Available, IReadOnlyList<WarehouseStock> Warehouses)
{
    /// <summary>Grows with every change of what is on hand.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string ETag { get; private init; } = "";

    public static StockView Of(string sku, IReadOnlyList<StockLevel> levels) => new(
        sku,
        levels.Sum(level => level.OnHand),
        levels.Sum(level => level.Reserved),
        levels.Sum(level => level.Available),
        [.. levels.Select(level => new WarehouseStock(level.Warehouse, level.OnHand, level.Reserved, level.Available))])
    {
        ETag = $"\"{levels.Sum(level => level.Version)}\"",
    };
}

internal sealed record WarehouseStock(string Warehouse, long OnHand, long Reserved, long Available);
