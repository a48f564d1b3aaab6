using System.Globalization;

namespace Basin.Drills.Drills;

internal static class FailingProvider
{
    public static Drill Drill { get; } = new("failing-provider", "A third of the provider's calls break, half of them after the money has moved")
    {
        Area = "payments",
        Hypothesis = "No card is charged twice for one payment, however often the provider's answer is lost.",
        Host = new("--Basin:Sandbox:ErrorRate=0.35", "--Basin:Payments:BreakerRatio=1"),
        Load = new Load(8, new Traffic(Kind.Checkout, 10), new Traffic(Kind.Payment, 8)) { Manners = new() { Patience = TimeSpan.FromSeconds(25) } },
        Grades = [.. Grade.Always, Grade.Unserved, Grade.NotedAtLeast("Calls without an answer", atLeast: 20)],
        Afterwards = async stage => stage.Notes["Calls without an answer"] = await UnansweredAsync(stage.Host.Client),
        Why = "One operation of a payment has one key, and a provider that did not answer is first asked what it knows. The provider's books, ours and the ledger are compared at the end.",
        Code = ["src/Commerce/Payments/ProviderCalls.cs", "src/Commerce/Payments/Providers/IPaymentProvider.cs", "src/Commerce/Payments/Reconciling/Reconciler.cs"],
        TakenAway = new(
            "A call that is made again has the same key",
            "Each try of a call had a key of its own, and the provider was not asked first what it knows.",
            "Books that disagree: 18 (at most 0)"),
    };

    private static async Task<double> UnansweredAsync(HttpClient client)
    {
        var lines = (await client.GetStringAsync("/metrics")).Split('\n');
        return lines.Where(line => line.StartsWith("basin_payments_provider_calls", StringComparison.Ordinal) && line.Contains("\"unknown\"", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }
}
