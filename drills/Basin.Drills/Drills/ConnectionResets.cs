namespace Basin.Drills.Drills;

internal static class ConnectionResets
{
    public static Drill Drill { get; } = new("connection-resets", "Every connection is reset four times a second, and customers ask again")
    {
        Area = "host",
        Hypothesis = "Who has lost an answer gets it by asking again under the same key; nothing happens twice, however often the network fails.",
        Load = new Load(10, new Traffic(Kind.Browse, 10), new Traffic(Kind.Cart, 5), new Traffic(Kind.Checkout, 20), new Traffic(Kind.Payment, 10)),
        Faults = [Fault.Resets(at: 2, during: 5)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Recovers(within: 5)],
        Why = "The first answer to a key is kept in the transaction of its effect. A repeat gets it, or waits for it while the first still runs.",
        Code = ["src/Basin.Kernel/Http/Once.cs", "src/Commerce/StripeDialect/StripeOnce.cs", "ARCHITECTURE.md"],
        TakenAway = new("", "", ""),
    };
}
