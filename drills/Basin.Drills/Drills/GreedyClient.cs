using Basin.Drills.Running;

namespace Basin.Drills.Drills;

internal static class GreedyClient
{
    private const string Limit = "--Basin:Limits:Policies:api:Limits:0";
    private const int PerSecond = 100;
    private const int AtOnce = 100;
    private const double FloodSeconds = 4;

    /// <summary>What is sent in the last moment is counted a little later.</summary>
    private const int OnTheirWay = 25;

    public static Drill Drill { get; } = new("greedy-client", "One key asks for products six times as often as it may, while it orders as usual")
    {
        Area = "limits",
        Hypothesis = "Of a flood as much is let in as the limit says and not more; the rest is told when to come back, and other routes of the same key are not touched.",
        Host = new($"{Limit}:Per:0=Caller", $"{Limit}:Per:1=Route", $"{Limit}:Permits={PerSecond}", $"{Limit}:Burst={AtOnce}"),
        Load = new Load(
            10, new Traffic(Kind.Browse, 10), new Traffic(Kind.Checkout, 10), new Traffic(Kind.Browse, 6 * PerSecond) { From = 3, Until = 3 + FloodSeconds })
        {
            // Whoever is sent away goes: a storm of repeats is another drill.
            Manners = new() { GivesUpAfter = TimeSpan.Zero, Patience = TimeSpan.FromSeconds(15) },
        },
        Faults = [new Fault("flood", 3, 3 + FloodSeconds, _ => Task.CompletedTask, _ => Task.CompletedTask)],
        Afterwards = stage => Shop.LiftLimitAsync(stage.Host.Client),
        Grades =
        [
            .. Grade.Always, Grade.Felt(tries: 500), Grade.LetIn(Kind.Browse, from: 3, until: 3 + FloodSeconds, atMost: (PerSecond * FloodSeconds) + AtOnce + OnTheirWay),
            Grade.Refusals(Kind.Checkout, atMost: 0), Grade.Errors(Kind.Checkout, atMost: 0),
        ],
        Why = "Each key and route has one number, which says when its bucket would be full again: counted exactly, in some nanoseconds, before the request costs anything.",
        Code = ["src/Engines/Limits/Http/LimitsMiddleware.cs", "src/Engines/Limits/Algorithms/Gcra.cs", "docs/systems/limits.md"],
        TakenAway = new("The limit of requests", "Basin:Limits:Enabled was false.", "Let in of browse: 2379 (at most 525)"),
    };
}
