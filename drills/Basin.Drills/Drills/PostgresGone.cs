namespace Basin.Drills.Drills;

internal static class PostgresGone
{
    public static Drill Drill { get; } = new("postgres-gone", "PostgreSQL crashes, and is back after two seconds")
    {
        Area = "host",
        Hypothesis = "A database that is gone for a moment costs a moment: nothing acknowledged is lost, and a commit without an answer is not guessed.",
        Host = new() { HasPostgres = true },
        Load = new Load(20, new Traffic(Kind.Browse, 5), new Traffic(Kind.Checkout, 8), new Traffic(Kind.Payment, 3)) { Manners = new() { Patience = TimeSpan.FromSeconds(15) } },
        Faults = [Fault.DatabaseGone(at: 3, during: 2)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Recovers(within: 20), Grade.Noted("Dead letters", atMost: 0)],
        Why = "Requests wait for the database for a bounded time. A commit that was not answered is looked up before its writers are told anything.",
        Code = ["src/Basin.Kernel/Storage/Postgres/PostgresConnection.cs", "src/Basin.Kernel/Storage/Postgres/Reachability.cs", "docs/grow.md"],
        TakenAway = new("", "", ""),
    };
}
