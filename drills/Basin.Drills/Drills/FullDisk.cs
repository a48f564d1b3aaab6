namespace Basin.Drills.Drills;

internal static class FullDisk
{
    public static Drill Drill { get; } = new("full-disk", "The disk of the data is full for four seconds")
    {
        Area = "host",
        Hypothesis = "What cannot be kept is refused, never half done; readers notice nothing, and it ends by itself.",
        Host = new("--Basin:Events:MaxAttempts=1") { HasSmallDisk = true },
        Load = new Load(10, new Traffic(Kind.Browse, 10), new Traffic(Kind.Checkout, 15)),
        Faults = [Fault.FullDisk(at: 3, during: 4)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Errors(Kind.Browse, atMost: 0), Grade.Recovers(within: 15), Grade.Noted("Dead letters", atMost: 0)],
        Why = "A commit that fails answers all in its batch with 503 and Retry-After. Reads have connections of their own, and a write that finds room ends the trouble.",
        Code = ["src/Basin.Kernel/Storage/ShardWriter.cs", "src/Basin.Kernel/Storage/StoreExceptions.cs", "docs/systems/kernel.md"],
        TakenAway = new(
            "A batch that could not be committed is refused",
            "A batch whose commit had failed was answered as if it had been kept.",
            "Acknowledged writes lost: 55 (at most 0)"),
    };
}
