namespace Basin.Drills.Drills;

internal static class ConnectionResets
{
    public static Drill Drill { get; } = new("connection-resets", "Every connection is reset four times a second, and customers ask again")
    {
        Area = "host",
        Hypothesis = "Who has lost an answer gets it by asking again under the same key; nothing happens twice, however often the network fails.",
        Load = new Load(9, new Traffic(Kind.Browse, 10), new Traffic(Kind.Cart, 5), new Traffic(Kind.Checkout, 20), new Traffic(Kind.Payment, 8)),
        Faults = [Fault.Resets(at: 2, during: 4)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Recovers(within: 10)],
        Why = "The first answer to a key is kept in the transaction of its effect, and a repeat gets it, word for word.",
        Code = ["src/Basin.Kernel/Http/Once.cs", "src/Basin.Kernel/Http/OnceDialect.cs", "src/Commerce/StripeDialect/StripeOnce.cs"],
        TakenAway = new(
            "The first answer to a key is kept",
            "The header Idempotency-Key was not read.",
            "Effects doubled: 120 (at most 0)"),
    };
}
