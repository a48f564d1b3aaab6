namespace Basin.Drills.Drills;

internal static class HotKey
{
    public static Drill Drill { get; } = new("hot-key", "Everybody buys the same product")
    {
        Area = "inventory",
        Hypothesis = "One product that everybody wants is counted right to the unit, and those who want others do not wait for it.",
        Stock = Goods.WithHot(1_000_000),
        Load = new Load(8, new Traffic(Kind.Browse, 5), new Traffic(Kind.Cart, 5), new Traffic(Kind.Checkout, 5), new Traffic(Kind.Checkout, 50) { Sku = Goods.Hot, From = 2, Until = 6 }),
        Faults = [new Fault("rush for one product", 2, 6, _ => Task.CompletedTask, _ => Task.CompletedTask)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Errors(Kind.Checkout, atMost: 0), Grade.Slowdown(Kind.Cart, atMost: 10), Grade.SoldAtLeast(Goods.Hot, atLeast: 100)],
        Why = "Stock has one writer. Each step finds the level as the step before has left it, at hand, and it is written once per commit, however many wanted it.",
        Code = ["src/Commerce/Inventory/InventoryStore.cs", "src/Basin.Kernel/Storage/Entities.cs", "docs/adr/0012-entities-at-hand.md"],
        TakenAway = new(
            "Each step finds what the step before has left",
            "A step found the level as it had been up to 100 ms before. The invariant then stopped the shard, and orders stayed authorized.",
            "Books that disagree: 383 (at most 0)"),
    };
}
