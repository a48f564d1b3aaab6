namespace Basin.Drills.Drills;

internal static class RetryStorm
{
    public static Drill Drill { get; } = new("retry-storm", "Every customer asks four times at once, and again without a pause")
    {
        Area = "host",
        Hypothesis = "However many ask the same at the same moment, it is done once, and all get the same answer.",
        Load = new Load(8, new Traffic(Kind.Cart, 4), new Traffic(Kind.Checkout, 12), new Traffic(Kind.Payment, 4))
        {
            Manners = new() { Copies = 4, Pause = TimeSpan.FromMilliseconds(20), Patience = TimeSpan.FromSeconds(10) },
        },
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(tries: 20)],
        Why = "A repeat beside the first is told to come again. Whether a key is new is looked up in the transaction that acts on it, by the one writer of its shard.",
        Code = ["src/Basin.Kernel/Http/Once.cs", "src/Basin.Kernel/Storage/ShardWriter.cs", "ARCHITECTURE.md"],
        TakenAway = new(
            "A key is looked up in the transaction that acts on it",
            "Whether a key is new was looked up before the transaction, and a repeat beside the first was let in.",
            "Effects doubled: 215 (at most 0)"),
    };
}
