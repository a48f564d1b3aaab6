namespace Basin.Inventory;

/// <summary>What Inventory refuses.</summary>
public static class InventoryProblems
{
    public static readonly Problem WarehouseExists = new(409, "warehouse_exists", "There is a warehouse with this code already.");
    public static readonly Problem TooManyWarehouses = new(409, "too_many_warehouses", "The tenant has as many warehouses as are possible.");
    public static readonly Problem BelowReserved = new(409, "stock_below_reserved", "Less would be on hand than is reserved.");
    public static readonly Problem TooMuch = new(409, "stock_too_much", "More would be on hand than can be counted.");

    public static IReadOnlyList<Problem> All => [WarehouseExists, TooManyWarehouses, BelowReserved, TooMuch];
}
