namespace Basin.Drills.Drills;

internal static class SlowProvider
{
    public static Drill Drill { get; } = new("slow-provider", "The provider takes four seconds for some cards")
    {
        Area = "payments",
        Hypothesis = "Customers of a slow bank wait; nobody waits for them.",
        Host = new("--Basin:Sandbox:SlowAnswer=00:00:04"),
        Load = new Load(
            10, new Traffic(Kind.Checkout, 10), new Traffic(Kind.Payment, 10), new Traffic(Kind.Checkout, 5) { Card = "slow", From = 3, Until = 7 })
        {
            Manners = new() { Patience = TimeSpan.FromSeconds(15) },
        },
        Faults = [new Fault("slow cards", 3, 7, _ => Task.CompletedTask, _ => Task.CompletedTask)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Errors(Kind.Payment, atMost: 0), Grade.Slowdown(Kind.Payment, atMost: 8)],
        Why = "The provider is called from jobs, outside of every transaction, and up to 512 of a shard at a time.",
        Code = ["src/Basin.Kernel/Jobs/JobRunner.cs", "src/Commerce/Payments/ProviderCalls.cs", "docs/adr/0006-jobs.md"],
        TakenAway = new(
            "Many jobs of a shard run at the same time",
            "Basin:Events:MaxConcurrentJobs was 1.",
            "Error share of payment: 89.47% (at most 0%)"),
    };
}
