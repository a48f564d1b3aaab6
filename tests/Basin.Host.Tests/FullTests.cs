using System.Net;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>More than the host can take: it refuses what it cannot keep, keeps what it has taken, and goes on by itself.</summary>
public sealed class FullTests
{
    private const int Enough = 10;

    private static readonly string[] AtOnce =
        ["--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false"];

    [Fact]
    public async Task A_full_queue_refuses_orders_needs_no_memory_and_takes_them_again()
    {
        // A host that keeps anything of a refused order runs out of this many bytes.
        var small = new Surroundings { Environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "6000000" } };
        await using var host = await HostProcess.StartAsync(small, [.. AtOnce, "--Basin:Store:MaxQueuedWrites=1"]);
        var (client, ledger) = (host.ClientOf(), new Ledger());
        await client.StockAsync(1_000_000);

        await UntilAsync(() => ledger.Refused > 5000 && ledger.Placed > Enough, () => CrowdAsync(client, ledger));

        Assert.Equal(["busy"], ledger.Codes);
        ledger.AssertAgrees(await client.ListAsync("/v1/orders?limit=200"));
        Assert.True(await ledger.OrderAsync(client));
        ledger.AssertAgrees(await client.AllFinalAsync());
    }

    [Fact]
    public async Task A_full_disk_refuses_orders_loses_none_and_takes_them_again()
    {
        if (!SmallDisk.IsPermitted)
        {
            await A_used_up_share_of_the_disk_refuses_orders_and_loses_none();
            return;
        }
        // A disk that is full counts as nobody's failed attempt, so one must do.
        await using var host = await HostProcess.StartAsync(SmallDisk.Surroundings, [.. AtOnce, "--Basin:Events:MaxAttempts=1"]);
        var (client, ledger, disk) = (host.ClientOf(), new Ledger(), new SmallDisk(host));
        await client.StockAsync(1_000_000);
        await UntilAsync(() => ledger.Placed >= Enough, () => CrowdAsync(client, ledger));

        disk.Fill();
        await AssertFullAsync(client, ledger);
        disk.Free();

        // Who asks for readiness first sends no order until then.
        await Eventually.TrueAsync(async () => (await ReadinessAsync(client)).Status == HttpStatusCode.OK);
        await ledger.MakeGoodAsync(client);
        ledger.AssertAgrees(await client.AllFinalAsync());
    }

    [Fact]
    public async Task A_used_up_share_of_the_disk_refuses_orders_and_loses_none()
    {
        using var data = new TemporaryDirectory();
        var surroundings = new Surroundings { Data = data.Path, Backend = Backend.Sqlite };
        var ledger = new Ledger();
        await using (var host = await HostProcess.StartAsync(surroundings, [.. AtOnce, "--Basin:Store:MaxShardMegabytes=1"]))
        {
            await host.ClientOf().StockAsync(1_000_000);
            await AssertFullAsync(host.ClientOf(), ledger);
            await host.TerminateAsync();
        }
        await using var larger = await HostProcess.StartAsync(surroundings, AtOnce);

        await ledger.MakeGoodAsync(larger.ClientOf());
        ledger.AssertAgrees(await larger.ClientOf().AllFinalAsync());
    }

    /// <summary>Orders until there is no room: refusals say why, readiness tells where, and reads go on.</summary>
    private static async Task AssertFullAsync(HttpClient client, Ledger ledger)
    {
        await UntilAsync(() => ledger.Refused >= Enough, () => CrowdAsync(client, ledger));

        Assert.Equal(["disk_full"], ledger.Codes);
        // A crowd may be refused together where one order still finds room.
        await Eventually.TrueAsync(async () => !await ledger.OrderAsync(client) && await TellsFullAsync(client));
        ledger.AssertAgrees(await client.ListAsync("/v1/orders?limit=200"));
    }

    private static async Task<bool> TellsFullAsync(HttpClient client)
    {
        var (status, report) = await ReadinessAsync(client);
        var orders = report["systems"]!.AsArray().Single(system => system!.Text("name") == "orders")!;
        return status == HttpStatusCode.ServiceUnavailable && orders["reason"]?.GetValue<string>() == "disk_full";
    }

    private static async Task<(HttpStatusCode Status, JsonNode Report)> ReadinessAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/health/ready");
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    private static Task<bool[]> CrowdAsync(HttpClient client, Ledger ledger) =>
        Task.WhenAll(Enumerable.Range(0, 64).Select(_ => ledger.OrderAsync(client)));

    private static Task UntilAsync(Func<bool> condition, Func<Task> step) => Eventually.TrueAsync(
        async () =>
        {
            await step();
            return condition();
        },
        TimeSpan.FromMinutes(2));
}
