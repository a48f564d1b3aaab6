using Spectre.Console;

namespace Basin.Bench;

/// <summary>Orders per minute through all five stages, from the use case that places them to the last state and the last notification.</summary>
internal static class PipelineBenchmark
{
    private const int WarmUpSeconds = 10;

    // Each of the carrier's steps stays a job of its own, only sooner than in the demo.
    public static readonly Dictionary<string, string?> Settings = new(StringComparer.Ordinal)
    {
        ["Basin:Shipping:DispatchAfter"] = "00:00:00.100",
        ["Basin:Shipping:DeliverAfter"] = "00:00:00.100",
    };

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report(
            "pipeline",
            $"Orders through all five stages, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                $"In process: {settings.Clients} callers of the use case behind `POST /v1/orders`, with an `Idempotency-Key` for every order.",
                "Orders of 1 to 5 lines over 5,000 SKUs with Zipf's popularity; 1 % are declined, 0.5 % want what is sold out, 0.5 % are cancelled at once, "
                    + "1 % are sent twice; the others are authorized, reserved, shipped, captured, delivered and notified of three times.",
                "Time is taken from the first order placed to the last one ended; every commit is flushed (`synchronous=FULL`).",
                "Reserved: from the transaction that places an order to that which learns that its stock is held, at half of the round's rate.",
                "The sandbox carrier collects after 100 ms and delivers after another 100 ms. E-mail is off.",
                "After each round the books are compared with what the callers were told: every order in its state, captured money, stock that left, notifications.",
            ],
            ["Round", "Orders per minute", "Accept p50 ms", "p99 ms", "Reserved p50 ms", "p99 ms", "CPU us per order", "KB written per order"]);
        var costs = new List<Dictionary<string, StageCost>>();
        for (var round = 1; round <= settings.Rounds; round++)
        {
            using var data = new DataDirectory("shop");
            await using var shop = await ShopInProcess.StartAsync(data, Settings, cancellation);
            using var customers = new Customers(shop, time, settings.Clients);
            var crowd = await console.Status().StartAsync($"Round {round} of {settings.Rounds}", async status =>
            {
                using var telling = customers.Tell(text => status.Status($"Round {round} of {settings.Rounds}: {text}"));
                await customers.ComeAsync(new Load("warming up", WarmUpSeconds), cancellation);
                var before = await StageCosts.NowAsync(shop, cancellation);
                var visit = await customers.ComeAsync(new Load("as fast as they are served", settings.Seconds), cancellation);
                costs.Add(StageCosts.PerOrder(before, await StageCosts.NowAsync(shop, cancellation), visit.Orders));
                return visit;
            });
            var stream = await console.Status().StartAsync($"Round {round} of {settings.Rounds}", async status =>
            {
                using var telling = customers.Tell(text => status.Status($"Round {round} of {settings.Rounds}: {text}"));
                return await customers.ComeAsync(new Load("at half of that rate", settings.Seconds, PerSecond: crowd.PerSecond / 2), cancellation);
            });
            await customers.AuditAsync(promises => PipelineBooks.FindDifferenceAsync(shop, promises, cancellation), cancellation);
            report.Add(
                $"{round}", $"{crowd.PerSecond * 60:N0}", $"{crowd.Accepted.P50:F1}", $"{crowd.Accepted.P99:F1}", $"{stream.Reserved.P50:F1}",
                $"{stream.Reserved.P99:F1}", $"{crowd.Cost.MicrosecondsOf(Cost.Self) / crowd.Orders:F0}", $"{crowd.Cost.BytesWritten / 1024.0 / crowd.Orders:F1}");
            console.MarkupLineInterpolated($"round {round}  [bold]{crowd.PerSecond * 60,9:N0}[/] orders/minute");
        }
        report.Show(console);
        var medians = StageCosts.Medians(costs);
        StageCosts.Report(medians).Show(console);
        CostSheet.Write(sheet => sheet with { Stages = medians });
    }
}
