using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Drills.Running;
using Basin.Testing;

namespace Basin.Drills.Drills;

internal static class ReceiverDown
{
    public static Drill Drill { get; } = new("receiver-down", "Who is told by webhooks is down for four seconds")
    {
        Area = "events",
        Hypothesis = "An endpoint that was down is told everything that it has missed, and of each payment in its order.",
        Host = new(["--Basin:Webhooks:AllowHttp=true", "--Basin:Webhooks:AllowPrivateTargets:0=127.0.0.0/8", .. Retries]),
        Load = new Load(8, new Traffic(Kind.Payment, 12)),
        Before = TellAsync,
        Faults = [new Fault("receiver answers 500", 2, 6, stage => Say(stage, 500), stage => Say(stage, 204))],
        Afterwards = CompareAsync,
        Grades =
        [
            .. Grade.Always, Grade.Unserved, Grade.Slowdown(Kind.Payment, atMost: 8), Grade.NotedAtLeast(Refused, atLeast: 10), Grade.Noted(Untold, atMost: 0),
            Grade.Noted(OutOfOrder, atMost: 0),
        ],
        Why = "A delivery is a row that is tried again until the endpoint has taken it, and of one object only the first is sent.",
        Code = ["src/Engines/Webhooks/DeliveryQueue.cs", "src/Engines/Webhooks/WebhookDelivery.cs", "docs/systems/webhooks.md"],
        TakenAway = new(
            "A delivery is tried again until it is taken",
            "A delivery had one try.",
            "Payments it was never told of: 78 (at most 0)"),
    };

    private const string Refused = "Messages refused by the receiver";
    private const string Untold = "Payments it was never told of";
    private const string OutOfOrder = "Payments it was told of in another order";

    private static IEnumerable<string> Retries => Enumerable.Range(0, 20).Select(number => $"--Basin:Webhooks:Retries:{number}=00:00:01");

    private static async Task TellAsync(Stage stage)
    {
        stage.Receiver = await Receiver.StartAsync();
        await Say(stage, 204);
        var endpoint = new { url = stage.Receiver.UrlOf("shop"), enabledTypes = new[] { "payment_intent.created", "payment_intent.succeeded" } };
        using var made = await stage.Host.Client.PostAsJsonAsync("/v1/webhooks/endpoints", endpoint);
        await Shop.DemandAsync(made);
    }

    private static Task Say(Stage stage, int status)
    {
        stage.Receiver!.Answer = (received, response) =>
        {
            if (status < 400)
                stage.Taken.Enqueue(received);
            else
                stage.Notes.AddOrUpdate(Refused, 1, static (_, count) => count + 1);
            return Receiver.AnswerAsync(response, status);
        };
        return Task.CompletedTask;
    }

    private static async Task CompareAsync(Stage stage)
    {
        var paid = stage.Visits.Where(visit => visit.IsServed).Select(visit => visit.Id!).ToList();
        try
        {
            await Eventually.TrueAsync(() => paid.TrueForAll(payment => ToldOf(stage, payment).Contains("payment_intent.succeeded")), TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            // What has not come by now is counted.
        }
        stage.Notes[Untold] = paid.Count(payment => ToldOf(stage, payment).Distinct().Count() < 2);
        // A message that was taken is not sent again, but one whose answer was lost is.
        stage.Notes[OutOfOrder] = paid.Count(payment => ToldOf(stage, payment).Distinct().FirstOrDefault() == "payment_intent.succeeded");
    }

    /// <summary>The types of the messages about a payment that the receiver has taken, in their order.</summary>
    private static List<string> ToldOf(Stage stage, string payment) =>
    [
        .. stage.Taken.Select(received => JsonNode.Parse(received.Body)!)
            .Where(message => message["data"]?["object"]?["id"]?.GetValue<string>() == payment)
            .Select(message => message.Text("type")),
    ];
}
