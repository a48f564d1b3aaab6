namespace Basin.Drills.Drills;

internal static class KilledAtCheckout
{
    public static Drill Drill { get; } = new("killed-at-checkout", "The host is killed twice while customers order")
    {
        Area = "orders",
        Hypothesis = "An order that was acknowledged is there after a kill -9, once, paid once, and comes to its end by itself.",
        Load = new Load(8, new Traffic(Kind.Browse, 10), new Traffic(Kind.Cart, 5), new Traffic(Kind.Checkout, 20)),
        Faults = [Fault.Kill(at: 2), Fault.Kill(at: 5)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Recovers(within: 30)],
        Why = "The one writer of a shard answers after its commit is on the disk. Events and jobs are rows of the same transaction, and go on after the start.",
        Code = ["src/Basin.Kernel/Storage/ShardWriter.cs", "src/Basin.Kernel/Storage/Sqlite/SqlitePragmas.cs", "docs/systems/orders.md"],
        TakenAway = new(
            "A write is answered after its commit",
            "Everybody in a batch was answered 300 ms before its commit.",
            "Acknowledged writes lost: 8 (at most 0)"),
    };
}
