namespace Basin.Drills.Drills;

internal static class FlashSale
{
    public static Drill Drill { get; } = new("flash-sale", "Two hundred customers want 25 of a product")
    {
        Area = "inventory",
        Hypothesis = "Exactly 25 are sold, never one more; the others get their money back, and other products go on selling.",
        Stock = Goods.WithHot(25),
        Load = new Load(8, new Traffic(Kind.Checkout, 5), new Traffic(Kind.Checkout, 50) { Sku = Goods.Hot, From = 2, Until = 6 }),
        Faults = [new Fault("the sale", 2, 6, _ => Task.CompletedTask, _ => Task.CompletedTask)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Sold(Goods.Hot, atMost: 25), Grade.SoldAtLeast(Goods.Hot, atLeast: 25)],
        Why = "Units are held in the transaction that has looked whether there are enough, and an invariant stops the shard rather than promise one more.",
        Code = ["src/Commerce/Inventory/Allocation.cs", "src/Commerce/Inventory/Stock.cs", "docs/systems/inventory.md"],
        TakenAway = new(
            "Units are held only where there are enough",
            "Every product was said to have a million units, and the invariant and the table's CHECK were gone.",
            "Sold of DRILL-HOT: 219 (at most 25)"),
    };
}
