namespace Basin.Drills.Drills;

internal static class FrozenHost
{
    public static Drill Drill { get; } = new("frozen-host", "The host stands still for four seconds, and customers ask again meanwhile")
    {
        Area = "host",
        Hypothesis = "A host that hangs and comes back works off what was asked, and does nothing twice for those who asked again.",
        Load = new Load(9, new Traffic(Kind.Browse, 10), new Traffic(Kind.Checkout, 20), new Traffic(Kind.Payment, 5)) { Manners = new() { Patience = TimeSpan.FromSeconds(1) } },
        Faults = [Fault.Freeze(at: 2, during: 4)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Recovers(within: 20)],
        Why = "The first answer to a key is kept in the transaction of its effect. All that wait in a frozen host bring the key of those who asked first.",
        Code = ["src/Basin.Kernel/Http/Once.cs", "src/Basin.Kernel/Storage/ShardWriter.cs", "docs/systems/kernel.md"],
        TakenAway = new(
            "The first answer to a key is kept",
            "The header Idempotency-Key was not read.",
            "Effects doubled: 120 (at most 0)"),
    };
}
