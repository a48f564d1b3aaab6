using Basin.Drills.Running;
using Basin.Testing;

namespace Basin.Drills.Drills;

internal static class SecondHost
{
    public static Drill Drill { get; } = new("second-host", "Somebody starts a second host on the same data while customers order")
    {
        Area = "host",
        Hypothesis = "The second one is refused before it touches anything, and the first goes on as if nothing had been.",
        Load = new Load(8, new Traffic(Kind.Browse, 5), new Traffic(Kind.Checkout, 15)),
        Faults = [Fault.Moment("second host", at: 2, StartSecondAsync)],
        Grades = [.. Grade.Always, Grade.Unserved, Grade.Errors(Kind.Checkout, atMost: 0), Grade.Noted(Started, atMost: 0)],
        Why = "A host holds a lock on its data directory that the operating system takes back when the process ends, however that ends.",
        Code = ["src/Basin.Kernel/Storage/Sqlite/SqliteEngine.cs", "docs/systems/kernel.md"],
        TakenAway = new(
            "The lock on the data directory",
            "The host as it was before it had the lock.",
            "Second hosts that started: 1 (at most 0)"),
    };

    private const string Started = "Second hosts that started";

    private static async Task StartSecondAsync(Stage stage)
    {
        try
        {
            await using var second = await HostProcess.StartAsync(stage.Host.Surroundings, [.. PrivateHost.Usual]);
            stage.Notes[Started] = 1;
        }
        catch (InvalidOperationException)
        {
            // It has ended without listening.
            stage.Notes[Started] = 0;
        }
    }
}
