namespace Basin.Drills.Drills;

internal static class KilledBetweenEvents
{
    public static Drill Drill { get; } = new("killed-between-events", "The host is killed three times while events are on their way")
    {
        Area = "events",
        Hypothesis = "Every event takes effect once: each customer is told of each thing once, whenever the process dies.",
        Load = new Load(8, new Traffic(Kind.Checkout, 25)),
        Faults = [Fault.Kill(at: 2), Fault.Kill(at: 4), Fault.Kill(at: 6)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Noted("Dead letters", atMost: 0)],
        Why = "A consumer moves its checkpoint in the transaction of the effects, so after a crash both are there or neither is.",
        Code = ["src/Basin.Kernel/Events/Subscription.cs", "docs/adr/0003-outbox-is-the-log.md", "docs/systems/notifications.md"],
        TakenAway = new(
            "The checkpoint moves with the effects",
            "The checkpoint was moved a second after the effects, in a transaction of its own.",
            "Effects doubled: 12 (at most 0)"),
    };
}
