using Basin.Drills.Running;

namespace Basin.Drills.Drills;

internal static class HangingProvider
{
    private const double From = 25;
    private const double Until = 85;
    private const string Waiting = "Orders that wait for their payment";

    public static Drill Drill { get; } = new("hanging-provider", "The only provider takes calls and says nothing for a minute")
    {
        Area = "payments",
        Hypothesis = "A provider that hangs holds its own payments up and nothing else: no other route becomes slower, orders are taken, wait, and are paid afterwards.",
        Host = new("--Basin:Payments:Routes:0:Providers:0=sandbox", "--Basin:Payments:FirstWait=00:00:01", "--Basin:Payments:LongestWait=00:00:15") { HasOwnSettings = true },
        Load = new Load(Until, new Traffic(Kind.Browse, 50), new Traffic(Kind.Cart, 40), new Traffic(Kind.Checkout, 5))
        {
            Manners = new() { Patience = TimeSpan.FromSeconds(15) },
        },
        Faults = [new Fault("provider hangs", From, Until, stage => HangAsync(stage, "00:10:00"), MendAsync)],
        Grades =
        [
            .. Grade.Always, Grade.Unserved, Grade.NotedAtLeast(Waiting, atLeast: 200), Grade.SlowdownAtTheTail(Kind.Browse, atMost: 1.2),
            Grade.SlowdownAtTheTail(Kind.Cart, atMost: 1.2), Grade.SlowdownAtTheTail(Kind.Checkout, atMost: 1.2),
        ],
        Why = "The provider is called from jobs, outside of every transaction and on no thread of its own; it has few places, a time for each call, and is left alone while most fail.",
        Code = ["src/Basin.Kernel/Resilience/CalledDependency.cs", "src/Commerce/Payments/ProviderCalls.cs", "docs/resilience.md"],
        TakenAway = new("A call that waits takes no thread", "The sandbox slept on a thread where it waited.", "Slowdown of browse (p99): 3,314.39x (at most 1.2x)"),
    };

    private static Task HangAsync(Stage stage, string latency) =>
        stage.Host.SetSettingsAsync("""{"Basin":{"Sandbox":{"Latency":"LATENCY"}}}""".Replace("LATENCY", latency, StringComparison.Ordinal));

    private static async Task MendAsync(Stage stage)
    {
        var orders = await stage.Host.Client.ListAsync("/v1/orders?limit=200");
        stage.Notes[Waiting] = orders.Count(order => order.Text("state") == "placed");
        await HangAsync(stage, "00:00:00");
    }
}
