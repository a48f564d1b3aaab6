using System.Text.Json.Nodes;
using Basin.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Basin.Cluster.Tests;

/// <summary>What may fail in a cluster fails, again and again, while customers order. Nothing acknowledged is lost and nothing happens twice.</summary>
[Collection(Cluster.OneAtATime)]
public sealed class ClusterTests(Cluster cluster, ITestOutputHelper output) : IClassFixture<Cluster>
{
    private const int OrdersPerSecond = 200;
    private const int Rounds = 5;
    private const int BuyingAttempts = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan CutFor = TimeSpan.FromSeconds(30);
    private static readonly float PatienceMilliseconds = (float)Patience.TotalMilliseconds;

    public enum Drill
    {
        KillProcess,

        PromotePostgres,

        KillRabbitNode,

        CutRabbit,

        FreezeOwner,
    }

    [Theory]
    [InlineData(Drill.KillProcess)]
    [InlineData(Drill.KillRabbitNode)]
    [InlineData(Drill.FreezeOwner)]
    [InlineData(Drill.PromotePostgres)]
    [InlineData(Drill.CutRabbit)]
    public async Task Under_load_nothing_acknowledged_is_lost_and_nothing_happens_twice(Drill drill)
    {
        using var load = new OrderLoad(cluster.NewClient(), OrdersPerSecond);
        var seconds = await load.DuringAsync(async () =>
        {
            await using var browser = await Browser.StartAsync();
            for (var round = 1; round <= Rounds; round++)
            {
                // Somebody orders in the shop just before it happens, and waits in front of the page.
                await using var tab = await OrderInShopAsync(browser);
                await Task.WhenAll(DrillAsync(drill, round, load), SeeOrderArriveAsync(tab.Page));
            }
        });

        var (median, p99, longest) = load.Waits();
        output.WriteLine($"{load.Acknowledged.Count} orders in {seconds:0} s, {load.Acknowledged.Count / seconds:0}/s; p50 {median:0} ms, p99 {p99:0} ms, longest {longest:0} ms; again: {load.Troubles}");
        Assert.Equal(load.Came, load.Acknowledged.Count);
        await Audit.AssertAgreesAsync(cluster.Client, load.Acknowledged);
    }

    /// <summary>A browser beside a cluster that has no processor to spare may lose a click or an event; then somebody else orders.</summary>
    private async Task<Tab> OrderInShopAsync(Browser browser)
    {
        for (var attempt = 1; ; attempt++)
        {
            var tab = await browser.OpenAsync(cluster.Address, Look.Light);
            try
            {
                await tab.Page.BuyAsync("tea");
                return tab;
            }
            catch (TimeoutException failure) when (attempt < BuyingAttempts)
            {
                output.WriteLine($"Nobody could order in the shop: {failure.Message}\n{await DescribeAsync(tab.Page)}");
                await tab.DisposeAsync();
            }
        }
    }

    private static async Task<string> DescribeAsync(IPage page)
    {
        try
        {
            return $"{page.Url} says: {await page.Locator("body").InnerTextAsync(new() { Timeout = 5_000 })}";
        }
        catch (TimeoutException)
        {
            return $"{page.Url} says nothing.";
        }
    }

    private async Task DrillAsync(Drill drill, int round, OrderLoad load)
    {
        var victim = $"{1 + (round % 3)}";
        var began = RealTime.Clock.GetTimestamp();
        switch (drill)
        {
            case Drill.KillProcess:
                await cluster.RunAsync("kill-basin", victim);
                await RecoverAsync();
                await cluster.RunAsync("start-basin", victim);
                break;
            case Drill.KillRabbitNode:
                await cluster.RunAsync("kill-rabbit", victim);
                await RecoverAsync();
                await cluster.RunAsync("start-rabbit", victim);
                break;
            case Drill.FreezeOwner:
                var owner = await cluster.OwnerAsync("orders/0");
                await cluster.RunAsync("pause-basin", owner);
                await RecoverAsync();
                // The lease is over for sure, and the owner does not know.
                await Task.Delay(TimeSpan.FromSeconds(3), RealTime.Clock);
                await cluster.RunAsync("resume-basin", owner);
                break;
            case Drill.PromotePostgres:
                await cluster.RunAsync("promote");
                await RecoverAsync();
                await cluster.RunAsync("rejoin");
                break;
            case Drill.CutRabbit:
                await cluster.RunAsync("kill-rabbit", "all");
                await RecoverAsync();
                await Eventually.TrueAsync(() => RealTime.Clock.GetElapsedTime(began) > CutFor, Patience);
                await cluster.RunAsync("start-rabbit", "all");
                break;
        }

        async Task RecoverAsync()
        {
            var probe = await load.OrderAsync();
            var accepted = RealTime.Clock.GetElapsedTime(began);
            await Eventually.TrueAsync(async () => await StateAsync(probe) == "delivered", Patience);
            output.WriteLine($"{drill} {round}: orders are taken {accepted.TotalSeconds:0.0} s after it began, the next is delivered after {RealTime.Clock.GetElapsedTime(began).TotalSeconds:0.0} s");
        }
    }

    private async Task<string?> StateAsync(string order)
    {
        try
        {
            return JsonNode.Parse(await cluster.Client.GetStringAsync($"/v1/orders/{order}"))!.Text("state");
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private static Task SeeOrderArriveAsync(IPage page) =>
        Expect(page.Locator("order-tracker[data-state=delivered]")).ToBeVisibleAsync(new() { Timeout = PatienceMilliseconds });
}
