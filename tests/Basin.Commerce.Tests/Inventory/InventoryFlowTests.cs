using System.Text.Json;
using Basin.Inventory;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Inventory;

/// <summary>Inventory among its neighbours: requests come as events, answers go as events, the books are in the store.</summary>
public sealed class InventoryFlowTests
{
    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder =>
        {
            builder.AddAsker();
            builder.AddInventory();
        });

    private static Id<Reservation> Number(long number) => new(number);

    private static StockRequested Request(long number, string sku, int quantity) => new(Number(number), [new StockLine(sku, quantity)]);

    private static Task SetAsync(TestHost host, string sku, int onHand) =>
        host.Get<InventoryApi>().CountAsync(Tenant, "test", [new StockLine(sku, onHand)], CancellationToken.None);

    private static async Task<(long OnHand, long Reserved)> LevelAsync(TestHost host, string sku)
    {
        var level = await host.StoreOf("inventory").ReadAsync(
            ShardKey.First, snapshot => InventoryStore.FindLevelAsync(snapshot, Tenant, sku, Warehouse.Main), CancellationToken.None);
        return (level!.OnHand, level.Reserved);
    }

    /// <summary>Lets the holds expire. Housekeeping looks once per second, at whatever time it is then.</summary>
    private static async Task ExpireAsync(TestHost host, string sku)
    {
        host.Clock.Advance(TimeSpan.FromMinutes(16));
        await Eventually.TrueAsync(async () =>
        {
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await LevelAsync(host, sku)).Reserved == 0;
        });
        await host.SettleAsync();
    }

    /// <summary>Compares every level with its movements and with the reservations that are held.</summary>
    private static async Task AssertBooksAsync(TestHost host)
    {
        var (levels, picks) = await host.StoreOf("inventory").ReadAsync(
            ShardKey.First,
            async snapshot => (
                await snapshot.ListAsync(
                    """
                    SELECT tenant, sku, warehouse, on_hand, reserved, (SELECT COALESCE(SUM(delta), 0) FROM movement AS m
                        WHERE (m.tenant, m.sku, m.warehouse) = (s.tenant, s.sku, s.warehouse)) FROM stock AS s
                    """,
                    row => (Place: (row.Integer(0), row.Text(1), row.Text(2)), OnHand: row.Integer(3), Reserved: row.Integer(4), Moved: row.Integer(5))),
                await snapshot.ListAsync(
                    "SELECT tenant, picks FROM reservation WHERE state = 0",
                    row => (Tenant: row.Integer(0), Picks: JsonSerializer.Deserialize<List<Pick>>(row.Text(1), JsonSerializerOptions.Web)!))),
            CancellationToken.None);
        var held = picks.SelectMany(reservation => reservation.Picks.Select(pick => (Place: (reservation.Tenant, pick.Sku, pick.Warehouse), pick.Quantity)))
            .ToLookup(pick => pick.Place, pick => pick.Quantity);
        Assert.All(levels, level =>
        {
            Assert.InRange(level.Reserved, 0, level.OnHand);
            Assert.Equal(level.Moved, level.OnHand);
            Assert.Equal(held[level.Place].Sum(), level.Reserved);
        });
    }

    [Fact]
    public async Task A_reservation_is_held_then_committed_then_restocked_on_release()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAndSettleAsync(Request(1, "A", 2));
        Assert.Equal((5, 2), await LevelAsync(host, "A"));
        await host.AskAndSettleAsync(new StockCommitRequested(Number(1)));
        Assert.Equal((3, 0), await LevelAsync(host, "A"));
        await host.AskAndSettleAsync(new StockReleaseRequested(Number(1)));
        Assert.Equal((5, 0), await LevelAsync(host, "A"));
        Assert.Equal([new StockReserved(Number(1))], await host.PublishedAsync<StockReserved>());
        Assert.Equal([new StockReleased(Number(1), Expired: false)], await host.PublishedAsync<StockReleased>());
        await AssertBooksAsync(host);
    }

    [Fact]
    public async Task A_repeat_changes_nothing_and_is_answered_again()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        for (var i = 0; i < 3; i++)
            await host.AskAndSettleAsync(Request(1, "A", 2));
        for (var i = 0; i < 3; i++)
            await host.AskAndSettleAsync(Request(2, "A", 9));
        Assert.Equal((5, 2), await LevelAsync(host, "A"));
        Assert.Equal(3, (await host.PublishedAsync<StockReserved>()).Count);
        Assert.All(await host.PublishedAsync<StockRefused>(), refused => Assert.Equal(["A"], refused.Missing));
        Assert.Equal(3, (await host.PublishedAsync<StockRefused>()).Count);
    }

    [Fact]
    public async Task Two_hundred_requests_for_fifty_units_sell_fifty()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 50);
        await Task.WhenAll(Enumerable.Range(1, 200).Select(number => host.AskAsync(Request(number, "A", 1))));
        await host.SettleAsync();
        Assert.Equal(50, (await host.PublishedAsync<StockReserved>()).Count);
        Assert.Equal(150, (await host.PublishedAsync<StockRefused>()).Count);
        Assert.Equal((50, 50), await LevelAsync(host, "A"));
        await AssertBooksAsync(host);
    }

    [Fact]
    public async Task What_is_held_too_long_expires_and_tells()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAndSettleAsync(Request(1, "A", 2));
        await host.AdvanceAsync(TimeSpan.FromMinutes(14));
        Assert.Equal((5, 2), await LevelAsync(host, "A"));
        await ExpireAsync(host, "A");
        Assert.Equal((5, 0), await LevelAsync(host, "A"));
        Assert.Equal([new StockReleased(Number(1), Expired: true)], await host.PublishedAsync<StockReleased>());
        await AssertBooksAsync(host);
    }

    [Fact]
    public async Task Hundreds_that_expire_together_all_go_back()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 1000);
        await Task.WhenAll(Enumerable.Range(1, 450).Select(number => host.AskAsync(Request(number, "A", 1))));
        await host.SettleAsync();
        Assert.Equal((1000, 450), await LevelAsync(host, "A"));
        await ExpireAsync(host, "A");
        Assert.Equal((1000, 0), await LevelAsync(host, "A"));
        Assert.Equal(450, (await host.PublishedAsync<StockReleased>()).Count(released => released.Expired));
    }

    [Fact]
    public async Task A_commit_after_the_expiry_takes_the_goods_anew_when_they_are_there()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAndSettleAsync(Request(1, "A", 2));
        await ExpireAsync(host, "A");
        await host.AskAndSettleAsync(new StockCommitRequested(Number(1)));
        Assert.Equal((3, 0), await LevelAsync(host, "A"));
        await host.AskAndSettleAsync(new StockReleaseRequested(Number(1)));
        Assert.Equal((5, 0), await LevelAsync(host, "A"));
        await AssertBooksAsync(host);
    }

    [Fact]
    public async Task A_commit_after_the_expiry_never_takes_what_others_hold()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAndSettleAsync(Request(1, "A", 4));
        await ExpireAsync(host, "A");
        await host.AskAndSettleAsync(Request(2, "A", 3));
        await host.AskAndSettleAsync(new StockCommitRequested(Number(1)));
        Assert.Equal((5, 3), await LevelAsync(host, "A"));
        Assert.Contains(host.Log.Lines, line => line.Text.Contains("count it and set it right", StringComparison.Ordinal));
        await AssertBooksAsync(host);
    }

    [Fact]
    public async Task Each_request_to_release_is_answered_once_whatever_came_before()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAsync(Request(1, "A", 2));
        await host.AskAsync(Request(2, "A", 9));
        foreach (var number in new long[] { 1, 2, 3, 3, 1 })
            await host.AskAndSettleAsync(new StockReleaseRequested(Number(number)));
        await host.AskAndSettleAsync(Request(3, "A", 1));
        Assert.Equal([1, 2, 3, 3, 1], (await host.PublishedAsync<StockReleased>()).Select(released => released.Reservation.Value));
        Assert.Equal([new[] { "A" }, []], (await host.PublishedAsync<StockRefused>()).Select(refused => refused.Missing));
        Assert.Equal((5, 0), await LevelAsync(host, "A"));
    }

    [Fact]
    public async Task A_tenant_never_gets_the_stock_of_another()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        var other = new Id<Tenant>(2);
        await host.AskAsync(other, Request(1, "A", 1));
        await host.AskAsync(other, new StockReleaseRequested(Number(2)));
        await host.SettleAsync();
        Assert.Equal(["A"], Assert.Single(await host.PublishedAsync<StockRefused>()).Missing);
        Assert.Equal((5, 0), await LevelAsync(host, "A"));
        var available = await host.Get<InventoryApi>().FindAvailableAsync(other, ["A"], CancellationToken.None);
        Assert.Equal(0, available["A"]);
    }

    [Fact]
    public async Task The_front_door_tells_what_can_be_promised()
    {
        await using var host = await StartAsync();
        await SetAsync(host, "A", 5);
        await host.AskAndSettleAsync(Request(1, "A", 2));
        var available = await host.Get<InventoryApi>().FindAvailableAsync(Tenant, ["A", "unknown"], CancellationToken.None);
        Assert.Equal(new Dictionary<string, long> { ["A"] = 3, ["unknown"] = 0 }, available);
    }

    [Fact]
    public async Task The_books_are_right_after_a_random_history_and_a_restart()
    {
        await using var host = await StartAsync();
        var chance = new Randomness(42);
        string[] skus = ["A", "B", "C"];
        foreach (var sku in skus)
            await SetAsync(host, sku, 20);
        var releases = 0;
        for (var i = 0; i < 400; i++)
        {
            var id = Number(1 + chance.Next(40));
            switch (chance.Next(5))
            {
                case 0 or 1:
                    await host.AskAsync(new StockRequested(
                        id, [new StockLine(skus[chance.Next(3)], 1 + chance.Next(5)), new StockLine(skus[chance.Next(3)], 1 + chance.Next(5))]));
                    break;
                case 2:
                    await host.AskAsync(new StockCommitRequested(id));
                    break;
                case 3:
                    await host.AskAsync(new StockReleaseRequested(id));
                    releases++;
                    break;
                default:
                    host.Clock.Advance(TimeSpan.FromSeconds(chance.Next(120)));
                    break;
            }
            if (i == 200)
                await host.RestartAsync();
        }
        await host.SettleAsync();
        await AssertBooksAsync(host);
        Assert.Equal(releases, (await host.PublishedAsync<StockReleased>()).Count(released => !released.Expired));
        Assert.DoesNotContain(host.Log.Lines, line => line.Text.Contains("could not apply", StringComparison.Ordinal));
    }
}
