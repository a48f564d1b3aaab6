namespace Basin.Drills.Drills;

internal static class ClockSteps
{
    public static Drill Drill { get; } = new("clock-steps", "The clock jumps five minutes back, and four seconds later forth again")
    {
        Area = "host",
        Hypothesis = "Ids are unique and go on growing whatever the clock does, and nothing is lost or done twice.",
        Host = new() { HasClock = true },
        Load = new Load(9, new Traffic(Kind.Cart, 10), new Traffic(Kind.Checkout, 10)),
        Faults = [Fault.Clock(at: 2, "-5m"), Fault.Clock(at: 6, "+0")],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.IdsBackwards, Grade.Errors(Kind.Checkout, atMost: 0), Grade.Recovers(within: 20)],
        Why = "Ids count on with the monotonic clock from the largest time seen. A step forth is followed, one back goes unnoticed.",
        Code = ["src/Basin.Kernel/Ids/IdGenerator.cs", "src/Basin.Kernel/Ids/Snowflake.cs", "docs/systems/kernel.md"],
        TakenAway = new(
            "Ids count on with the monotonic clock",
            "Ids took the wall clock as it was.",
            "Ids that went backwards: 94 (at most 0)"),
    };
}
