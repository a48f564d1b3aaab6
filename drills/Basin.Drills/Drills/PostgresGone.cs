namespace Basin.Drills.Drills;

internal static class PostgresGone
{
    public static Drill Drill { get; } = new("postgres-gone", "PostgreSQL crashes, and is back after two seconds")
    {
        Area = "host",
        Hypothesis = "Who comes while the database is gone waits, or is told to come again. What was answered is true, and a commit without an answer is not guessed.",
        Host = new() { HasPostgres = true },
        Load = new Load(20, new Traffic(Kind.Browse, 5), new Traffic(Kind.Checkout, 8), new Traffic(Kind.Payment, 3)) { Manners = new() { Patience = TimeSpan.FromSeconds(15) } },
        Faults = [Fault.DatabaseGone(at: 3, during: 2)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Errors(Kind.Checkout, atMost: 5), Grade.Recovers(within: 30), Grade.Noted("Dead letters", atMost: 0)],
        Why = "Requests wait for the database for a bounded time. A commit that was not answered is looked up before its writers are told anything.",
        Code = ["src/Basin.Kernel/Storage/Postgres/PostgresConnection.cs", "src/Basin.Kernel/Storage/Postgres/Reachability.cs", "docs/grow.md"],
        TakenAway = new(
            "A batch that could not be committed is refused",
            "A batch whose commit had failed was answered as if it had been kept.",
            "Error share of checkout: 53.46% (at most 5%)"),
    };
}
