namespace Basin.Drills.Drills;

internal static class KilledAtPayment
{
    public static Drill Drill { get; } = new("killed-at-payment", "The host is killed twice while merchants take payments")
    {
        Area = "payments",
        Hypothesis = "A merchant who asks again under the same key after a crash gets the payment that was begun, and the customer pays once.",
        Host = new("--Basin:Sandbox:Latency=00:00:00.300"),
        Load = new Load(8, new Traffic(Kind.Payment, 10)),
        Faults = [Fault.Kill(at: 2), Fault.Kill(at: 5)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Felt(), Grade.Recovers(within: 30)],
        Why = "A request that waits for the provider is begun in one transaction, with its key, and answered in another: a repeat finishes what was begun.",
        Code = ["src/Basin.Kernel/Http/Once.cs", "src/Commerce/StripeDialect/StripeOnce.cs", "src/Commerce/Payments/ProviderCalls.cs", "docs/systems/payments.md"],
        TakenAway = new(
            "What was begun under a key is known after a crash",
            "A repeat found nothing of what was begun and began anew.",
            "Effects doubled: 60 (at most 0)"),
    };
}
