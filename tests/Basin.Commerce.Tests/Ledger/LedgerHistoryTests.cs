using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Testing;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>Accounts with more entries than a few, and books with more money than one number holds.</summary>
public sealed class LedgerHistoryTests
{
    private const int PerStep = 37;
    private const int Steps = 20;

    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(builder => builder.AddLedger(), app => app.MapLedger());

    private static Task<JsonElement> ReadAsync(TestHost host, string path) => host.Client.GetFromJsonAsync<JsonElement>(path);

    private static async Task MoveAsync(TestHost host, IReadOnlyList<NewTransfer> transfers)
    {
        foreach (var batch in transfers.Chunk(LedgerSystem.MaxBatch))
        {
            var results = await host.Get<LedgerApi>().TransferAsync(Tenant, batch, TestContext.Current.CancellationToken);
            Assert.All(results, result => Assert.Equal(TransferStatus.Created, result.Status));
        }
    }

    /// <summary>Entries in steps of a second, enough for some milestones of the account, all of one step at the same time.</summary>
    private static async Task<DateTimeOffset> FillAsync(TestHost host)
    {
        NewAccount[] accounts = [new("till", "EUR", "assets", History: true), new("a", "EUR", "other"), new("b", "EUR", "other")];
        await host.Get<LedgerApi>().OpenAsync(Tenant, accounts, TestContext.Current.CancellationToken);
        var began = host.Clock.GetUtcNow();
        for (var step = 0; step < Steps; step++)
        {
            await host.AdvanceAsync(TimeSpan.FromSeconds(1));
            await MoveAsync(host, [.. Enumerable.Range(0, PerStep).Select(i => new NewTransfer(
                $"t{step:D2}-{i:D2}", i % 3 == 0 ? "a" : "till", i % 3 == 0 ? "till" : i % 3 == 1 ? "a" : "b", 1, "EUR", "test"))]);
        }
        return began;
    }

    [Fact]
    public async Task The_balance_of_a_long_history_is_known_at_any_time()
    {
        Assert.True(PerStep * Steps > 2 * LedgerStore.MilestoneEvery);
        await using var host = await StartAsync();
        var began = await FillAsync(host);
        for (var step = 0; step <= Steps; step++)
        {
            foreach (var offset in (double[])[0, 0.5])
            {
                var at = Uri.EscapeDataString(began.AddSeconds(step + offset).ToString("O"));
                var balance = await ReadAsync(host, $"/v1/ledger/accounts/till/balance?at={at}");
                Assert.Equal(step * 13, balance.GetProperty("credits").GetProperty("posted").GetInt32());
                Assert.Equal(step * 24, balance.GetProperty("debits").GetProperty("posted").GetInt32());
            }
        }
    }

    /// <summary>What is newer than the nearest milestone is not even looked at.</summary>
    [Fact]
    public async Task A_time_long_past_is_reached_from_the_nearest_milestone()
    {
        const int Between = LedgerStore.MilestoneEvery + 100;
        await using var host = await StartAsync();
        var began = await FillAsync(host);
        await host.StoreOf("ledger").WriteAsync(
            ShardKey.First,
            tx => tx.ExecuteAsync(
                "UPDATE journal SET debit_before = 0, credit_before = 0 WHERE CASE debit WHEN 'till' THEN debit_entry ELSE credit_entry END = $1", Between),
            TestContext.Current.CancellationToken);
        var balance = await ReadAsync(host, $"/v1/ledger/accounts/till/balance?at={Uri.EscapeDataString(began.AddSeconds(4).ToString("O"))}");
        Assert.Equal(4 * 13, balance.GetProperty("credits").GetProperty("posted").GetInt32());
    }

    [Fact]
    public async Task Entries_are_listed_from_any_time_back_page_by_page()
    {
        await using var host = await StartAsync();
        var began = await FillAsync(host);
        // Before the step of second 15, from that of second 4 on.
        var path = $"/v1/ledger/accounts/till/entries?limit=100&from={Escaped(4)}&until={Escaped(15)}";
        var numbers = new List<long>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await ReadAsync(host, path + cursor);
            numbers.AddRange(page.GetProperty("items").EnumerateArray().Select(entry => entry.GetProperty("number").GetInt64()));
            cursor = page.TryGetProperty("nextCursor", out var next) ? $"&cursor={next}" : null;
        }
        Assert.Equal(Enumerable.Range((3 * PerStep) + 1, 11 * PerStep).Reverse().Select(number => (long)number), numbers);

        using var garbage = await host.Client.GetAsync("/v1/ledger/accounts/till/entries?cursor=x");
        Assert.Equal(HttpStatusCode.BadRequest, garbage.StatusCode);
        // The newest entry of the till is with a; it is no place in the list of b.
        var cursorOfTill = (await ReadAsync(host, "/v1/ledger/accounts/till/entries?limit=1")).GetProperty("nextCursor");
        Assert.Empty((await ReadAsync(host, $"/v1/ledger/accounts/b/entries?cursor={cursorOfTill}")).GetProperty("items").EnumerateArray());

        string Escaped(int second) => Uri.EscapeDataString(began.AddSeconds(second).ToString("O"));
    }

    [Fact]
    public async Task The_trial_balance_is_exact_beyond_what_64_bits_hold()
    {
        const int Pairs = 1200;
        await using var host = await StartAsync();
        var ledger = host.Get<LedgerApi>();
        foreach (var accounts in Enumerable.Range(0, 2 * Pairs).Select(i => new NewAccount($"account{i}", "EUR", "test")).Chunk(LedgerSystem.MaxBatch))
            await ledger.OpenAsync(Tenant, accounts, TestContext.Current.CancellationToken);
        await MoveAsync(host, [.. Enumerable.Range(0, Pairs).Select(i =>
            new NewTransfer($"t{i}", $"account{2 * i}", $"account{(2 * i) + 1}", Account.MaxAmount, "EUR", "test"))]);
        // 1200 * (2^53 - 1), which is more than 2^63.
        const string Side = """{"pending":0,"posted":10808639105689189200}""";
        Assert.Equal(
            $$"""[{"currency":"EUR","accounts":2400,"debits":{{Side}},"credits":{{Side}}}]""",
            (await ReadAsync(host, "/v1/ledger/trial-balance")).GetRawText());
    }

    [Fact]
    public async Task An_id_that_is_known_is_found_among_new_ones_in_any_order()
    {
        await using var host = await StartAsync();
        NewAccount[] accounts = [new("a", "EUR", "other"), new("b", "EUR", "other")];
        var ledger = host.Get<LedgerApi>();
        await ledger.OpenAsync(Tenant, accounts, TestContext.Current.CancellationToken);
        await MoveAsync(host, [Transfer("m"), Transfer("c")]);
        var failing = await ledger.TransferAsync(Tenant, [Transfer("k") with { Debit = "nowhere" }], TestContext.Current.CancellationToken);
        Assert.Equal(TransferStatus.DebitAccountNotFound, failing[0].Status);
        await host.RestartAsync();
        ledger = host.Get<LedgerApi>();
        string[] asked = ["z", "a", "m", "k", "b", "c", "Z"];
        var results = await ledger.TransferAsync(Tenant, [.. asked.Select(Transfer)], TestContext.Current.CancellationToken);
        Assert.Equal(
            ["z Created", "a Created", "m Exists", "k IdAlreadyFailed", "b Created", "c Exists", "Z Created"],
            results.Select(result => $"{result.Id} {result.Status}"));

        static NewTransfer Transfer(string id) => new(id, "a", "b", 1, "EUR", "test");
    }
}
