using System.Diagnostics;
using Basin.Drills.Running;
using Basin.Testing;

namespace Basin.Drills.Drills;

internal static class PoisonEvent
{
    public static Drill Drill { get; } = new("poison-event", "One customer in ten cannot be told anything, because of a mistake")
    {
        Area = "events",
        Hypothesis = "An event that fails stands in nobody's way. It is kept as a dead letter, and takes effect when the mistake is mended and it is replayed.",
        Host = new("--Basin:Events:MaxAttempts=3", "--Basin:Events:FirstBackoff=00:00:00.050"),
        Load = new Load(8, new Traffic(Kind.Checkout, 15)),
        Faults = [new Fault("poison", 1, 7, stage => SqlAsync(stage, Poison), _ => Task.CompletedTask)],
        Afterwards = MendAsync,
        Grades = [.. Grade.Always, Grade.Unserved, Grade.NotedAtLeast(Dead, atLeast: 1), Grade.Noted(Held, atMost: 0), Grade.Noted("Dead letters", atMost: 0)],
        Why = "When a batch fails, each of its events is applied as a part that may fail alone. One that does is parked, and only events of its own key wait behind it.",
        Code = ["src/Basin.Kernel/Events/Subscription.cs", "src/Basin.Kernel/Events/ParkedEvents.cs", "src/Basin.Kernel/Events/DeadLetters.cs"],
        TakenAway = new(
            "An event that fails is set aside",
            "A batch with an event that fails was tried again as a whole.",
            "Others who were not told meanwhile: 144 (at most 0)"),
    };

    private const string Dead = "Dead letters before the mistake was mended";
    private const string Held = "Others who were not told meanwhile";
    private const string Poisoned = "7@example.com";
    private const string Poison =
        $"CREATE TRIGGER poison BEFORE INSERT ON notification WHEN NEW.recipient LIKE '%{Poisoned}' BEGIN SELECT RAISE(ABORT, 'a mistake'); END";

    private static async Task MendAsync(Stage stage)
    {
        var client = stage.Host.Client;
        stage.Notes[Held] = await CountHeldAsync(stage, client);
        stage.Notes[Dead] = (await client.ListAsync("/v1/dead-letters?limit=200")).Count;
        await SqlAsync(stage, "DROP TRIGGER poison");
        await Eventually.TrueAsync(async () => await ReplayAsync(client) == 0, TimeSpan.FromSeconds(30));
    }

    private static async Task<int> CountHeldAsync(Stage stage, HttpClient client)
    {
        var waiting = stage.Visits.Where(visit => visit.IsServed).Select(visit => visit.Arrival.Email).Where(email => !email.EndsWith(Poisoned, StringComparison.Ordinal)).ToList();
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    while (waiting.Count > 0 && (await client.ListAsync($"/v1/notifications?owner=mailto:{waiting[^1]}&limit=50")).Count >= 3)
                        waiting.RemoveAt(waiting.Count - 1);
                    return waiting.Count == 0;
                },
                TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            // Those who are left are counted.
        }
        return waiting.Count;
    }

    /// <returns>How many there still were.</returns>
    private static async Task<int> ReplayAsync(HttpClient client)
    {
        var letters = await client.ListAsync("/v1/dead-letters?limit=200");
        foreach (var letter in letters.Where(letter => letter.Text("state") == "dead"))
            (await client.PostAsync($"/v1/dead-letters/{letter.Text("id")}/replay", null)).Dispose();
        return letters.Count;
    }

    /// <summary>A mistake in a handler, as its database sees it.</summary>
    private static async Task SqlAsync(Stage stage, string statement)
    {
        using var sqlite = Process.Start("sqlite3", ["-cmd", ".timeout 5000", Path.Combine(stage.Host.Data, "notifications", "000.db"), statement]);
        await sqlite.WaitForExitAsync();
        if (sqlite.ExitCode != 0)
            throw new InvalidOperationException($"sqlite3 ended with {sqlite.ExitCode}.");
    }
}
