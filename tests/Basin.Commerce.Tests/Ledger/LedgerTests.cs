using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Testing;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>The ledger over HTTP, in process and in time.</summary>
public sealed class LedgerTests
{
    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(builder => builder.AddLedger(), app => app.MapLedger());

    private static async Task<JsonElement> PostAsync(TestHost host, string path, object body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using var answer = await host.Client.PostAsJsonAsync(path, body);
        var json = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.StatusCode == expected, json.ToString());
        return json;
    }

    private static async Task OpenAsync(TestHost host) => await PostAsync(host, "/v1/ledger/accounts", new
    {
        accounts = new object[]
        {
            new { id = "deposit:ada", currency = "EUR", code = "deposits", debitsMustNotExceedCredits = true, history = true },
            new { id = "bank", currency = "EUR", code = "assets" },
        },
    });

    private static string[] StatusesOf(JsonElement answer) =>
        [.. answer.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("status").GetString()!)];

    private static Task<JsonElement> ReadAsync(TestHost host, string path) => host.Client.GetFromJsonAsync<JsonElement>(path);

    [Fact]
    public async Task Accounts_are_opened_money_moves_and_everything_can_be_read_back()
    {
        await using var host = await StartAsync();
        await OpenAsync(host);
        object[] transfers =
        [
            new { id = "in", debit = "bank", credit = "deposit:ada", amount = 100, currency = "EUR", code = "deposit", reference = "wire 7" },
            new { id = "too-much", debit = "deposit:ada", credit = "bank", amount = 101, currency = "EUR", code = "withdrawal" },
            new { id = "hold", debit = "deposit:ada", credit = "bank", amount = 60, currency = "EUR", code = "withdrawal", kind = "pending" },
            new { id = "take", kind = "post", pendingId = "hold", amount = 50 },
        ];
        Assert.Equal(["created", "exceeds_credits", "created", "created"], StatusesOf(await PostAsync(host, "/v1/ledger/transfers", new { transfers })));
        Assert.Equal(["exists", "id_already_failed", "exists", "exists"], StatusesOf(await PostAsync(host, "/v1/ledger/transfers", new { transfers })));

        var ada = await ReadAsync(host, "/v1/ledger/accounts/deposit:ada");
        Assert.Equal("""{"pending":0,"posted":50}""", ada.GetProperty("debits").GetRawText());
        Assert.Equal("""{"pending":0,"posted":100}""", ada.GetProperty("credits").GetRawText());
        var entries = (await ReadAsync(host, "/v1/ledger/accounts/deposit:ada/entries")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(
            ["post take 50: 0+50", "pending hold 60: 60+0", "single in 100: 0+0"],
            entries.Select(entry =>
                $"{entry.GetProperty("kind")} {entry.GetProperty("transfer").GetProperty("id")} {entry.GetProperty("transfer").GetProperty("amount")}: "
                + $"{entry.GetProperty("balance").GetProperty("debits").GetProperty("pending")}+"
                + $"{entry.GetProperty("balance").GetProperty("debits").GetProperty("posted")}"));
        Assert.Equal("posted", (await ReadAsync(host, "/v1/ledger/transfers/hold")).GetProperty("state").GetString());
        Assert.Equal("wire 7", (await ReadAsync(host, "/v1/ledger/transfers/in")).GetProperty("reference").GetString());
        Assert.Equal(
            """[{"currency":"EUR","accounts":2,"debits":{"pending":0,"posted":150},"credits":{"pending":0,"posted":150}}]""",
            (await ReadAsync(host, "/v1/ledger/trial-balance")).GetRawText());
        Assert.Equal(2, (await ReadAsync(host, "/v1/ledger/accounts")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_balance_is_known_at_any_time_of_the_past()
    {
        await using var host = await StartAsync();
        await OpenAsync(host);
        var began = host.Clock.GetUtcNow();
        for (var day = 1; day <= 3; day++)
        {
            await host.AdvanceAsync(TimeSpan.FromDays(1));
            await MoveAsync(host, new NewTransfer($"day{day}", "bank", "deposit:ada", 10 * day, "EUR", "deposit"));
        }
        for (var day = 0; day <= 3; day++)
            Assert.Equal(5 * day * (day + 1), await CreditsAsync(began.AddDays(day + 0.5)));
        // Also right after a restart, and at the very time of a transfer.
        await host.RestartAsync();
        await MoveAsync(host, new NewTransfer("day4", "bank", "deposit:ada", 40, "EUR", "deposit"));
        Assert.Equal(100, await CreditsAsync(host.Clock.GetUtcNow()));
        var day4 = (await ReadAsync(host, "/v1/ledger/transfers/day4")).GetProperty("at").GetDateTimeOffset();
        Assert.Equal(100, await CreditsAsync(day4));
        Assert.Equal(100, await CreditsAsync(DateTimeOffset.MaxValue));
        Assert.Equal(0, await CreditsAsync(DateTimeOffset.MinValue));
        var between = await ReadAsync(
            host, $"/v1/ledger/accounts/bank/entries?from={Escaped(began.AddDays(1.5))}&until={Escaped(began.AddDays(2.5))}");
        Assert.Equal("day2", Assert.Single(between.GetProperty("items").EnumerateArray()).GetProperty("transfer").GetProperty("id").GetString());
        var first = await ReadAsync(host, "/v1/ledger/accounts/deposit:ada/entries?limit=3");
        var rest = await ReadAsync(host, $"/v1/ledger/accounts/deposit:ada/entries?limit=3&cursor={first.GetProperty("nextCursor")}");
        Assert.Equal(
            [4, 3, 2, 1],
            first.GetProperty("items").EnumerateArray().Concat(rest.GetProperty("items").EnumerateArray()).Select(entry => entry.GetProperty("number").GetInt32()));
        using var without = await host.Client.GetAsync($"/v1/ledger/accounts/bank/balance?at={Escaped(began)}");
        Assert.Equal(HttpStatusCode.Conflict, without.StatusCode);
        using var unknown = await host.Client.GetAsync($"/v1/ledger/accounts/nobody/balance?at={Escaped(began)}");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        async Task<long> CreditsAsync(DateTimeOffset at)
        {
            var balance = await ReadAsync(host, $"/v1/ledger/accounts/deposit:ada/balance?at={Escaped(at)}");
            return balance.GetProperty("credits").GetProperty("posted").GetInt64();
        }

        static string Escaped(DateTimeOffset time) => Uri.EscapeDataString(time.ToString("O"));
    }

    [Fact]
    public async Task A_promise_expires_by_itself_also_after_a_restart()
    {
        await using var host = await StartAsync();
        await OpenAsync(host);
        await MoveAsync(host, new NewTransfer("in", "bank", "deposit:ada", 100, "EUR", "deposit"));
        await MoveAsync(host, new NewTransfer("hold", "deposit:ada", "bank", 60, "EUR", "hold", TransferKind.Pending, TimeoutSeconds: 30));
        await host.AdvanceAsync(TimeSpan.FromSeconds(29));
        Assert.Equal(60, (await AccountAsync(host, "deposit:ada")).Debits.Pending);
        await host.StopAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        await host.StartAgainAsync();
        await host.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(0, (await AccountAsync(host, "deposit:ada")).Debits.Pending);
        var entry = (await ReadAsync(host, "/v1/ledger/accounts/deposit:ada/entries?limit=1")).GetProperty("items")[0];
        Assert.Equal(("expiry", "hold"), (entry.GetProperty("kind").GetString(), entry.GetProperty("transfer").GetProperty("id").GetString()));
        Assert.Equal(
            TransferStatus.PendingTransferExpired, await MoveAsync(host, new NewTransfer("late", Kind: TransferKind.Post, PendingId: "hold")));
    }

    [Fact]
    public async Task A_hundred_at_once_never_take_more_than_there_is()
    {
        await using var host = await StartAsync();
        await OpenAsync(host);
        await MoveAsync(host, new NewTransfer("in", "bank", "deposit:ada", 100, "EUR", "deposit"));
        var statuses = await Task.WhenAll(Enumerable.Range(0, 100).Select(n =>
            MoveAsync(host, new NewTransfer($"out{n}", "deposit:ada", "bank", 7, "EUR", "withdrawal"))));
        Assert.Equal(14, statuses.Count(status => status == TransferStatus.Created));
        Assert.Equal(86, statuses.Count(status => status == TransferStatus.ExceedsCredits));
    }

    [Fact]
    public async Task Another_tenant_has_other_accounts_and_transfers_under_the_same_ids()
    {
        await using var host = await StartAsync();
        await OpenAsync(host);
        var (other, ledger) = (new Id<Tenant>(2), host.Get<LedgerApi>());
        var asked = new NewTransfer("in", "bank", "deposit:ada", 100, "EUR", "deposit");
        var none = await ledger.TransferAsync(other, [asked with { Id = "early" }], TestContext.Current.CancellationToken);
        Assert.Equal(TransferStatus.DebitAccountNotFound, Assert.Single(none).Status);
        await ledger.OpenAsync(other, [new("bank", "EUR", "assets"), new("deposit:ada", "EUR", "assets")], TestContext.Current.CancellationToken);
        Assert.Equal(TransferStatus.Created, await MoveAsync(host, asked));
        var made = await ledger.TransferAsync(other, [asked], TestContext.Current.CancellationToken);
        Assert.Equal(TransferStatus.Created, Assert.Single(made).Status);
        Assert.Equal(100, (await AccountAsync(host, "bank")).Debits.Posted);
        await Assert.AllAsync([Tenant, other], async tenant => Assert.Equal(
            new TrialBalance("EUR", 2, new SideSum(0, 100), new SideSum(0, 100)),
            Assert.Single(await ledger.SumAsync(tenant, TestContext.Current.CancellationToken))));
    }

    [Fact]
    public async Task What_has_no_shape_is_refused_with_its_place()
    {
        await using var host = await StartAsync();
        var problem = await PostAsync(
            host,
            "/v1/ledger/transfers",
            new { transfers = new object[] { new { id = "fine" }, new { id = "no spaces", amount = -1, currency = "EURO", code = "No", timeoutSeconds = 0 } } },
            HttpStatusCode.BadRequest);
        Assert.Equal(
            ["transfers[1].amount", "transfers[1].code", "transfers[1].currency", "transfers[1].id", "transfers[1].timeoutSeconds"],
            problem.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order());
    }

    /// <summary>Random histories with restarts: the store holds what the decisions said, and a batch that is sent again changes nothing.</summary>
    [Fact]
    public async Task Histories_with_restarts_and_repeats_leave_balanced_books()
    {
        await using var host = await StartAsync();
        var (ledger, cancellation) = (host.Get<LedgerApi>(), TestContext.Current.CancellationToken);
        await ledger.OpenAsync(Tenant, RandomTransfers.Accounts, cancellation);
        var chance = new Randomness(20_261_122);
        var random = new RandomTransfers([.. Enumerable.Range(0, 3000).Select(_ => chance.Next(int.MaxValue))]);
        while (random.HasMore)
        {
            var batch = random.NextBatch();
            var first = await ledger.TransferAsync(Tenant, batch, cancellation);
            var before = await ledger.SumAsync(Tenant, cancellation);
            if (random.Chance(20) == 0)
            {
                await host.RestartAsync();
                ledger = host.Get<LedgerApi>();
            }
            if (first.All(result => result.Status is TransferStatus.Created))
            {
                var again = await ledger.TransferAsync(Tenant, batch, cancellation);
                Assert.All(again, result => Assert.NotEqual(TransferStatus.Created, result.Status));
                Assert.Equal(before, await ledger.SumAsync(Tenant, cancellation));
            }
            await host.AdvanceAsync(TimeSpan.FromSeconds(random.Chance(4)));
            Assert.All(await ledger.SumAsync(Tenant, cancellation), sums => Assert.Equal(sums.Debits, sums.Credits));
        }
        foreach (var account in RandomTransfers.Accounts)
            await EntriesAddUpAsync(host, account.Id);
    }

    /// <summary>The entries of an account, from the first to the last, are its balance.</summary>
    private static async Task EntriesAddUpAsync(TestHost host, string id)
    {
        var (debits, credits) = (default(Side), default(Side));
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await ReadAsync(host, $"/v1/ledger/accounts/{id}/entries?limit=200{cursor}");
            foreach (var entry in page.GetProperty("items").EnumerateArray())
            {
                var transfer = entry.GetProperty("transfer");
                var pendingAmount = transfer.TryGetProperty("pendingId", out var pending)
                    ? (await ReadAsync(host, $"/v1/ledger/transfers/{pending}")).GetProperty("amount").GetInt64()
                    : 0;
                var change = ChangeBy(entry.GetProperty("kind").GetString()!, transfer.GetProperty("amount").GetInt64(), pendingAmount);
                if (transfer.GetProperty("debit").GetString() == id)
                    debits = Plus(debits, change);
                else
                    credits = Plus(credits, change);
            }
            cursor = page.TryGetProperty("nextCursor", out var next) ? $"&cursor={next}" : null;
        }
        var account = await AccountAsync(host, id);
        Assert.Equal((debits, credits), (account.Debits, account.Credits));

        static Side Plus(Side side, Side change) => new(side.Pending + change.Pending, side.Posted + change.Posted);

        static Side ChangeBy(string kind, long amount, long pending) => kind switch
        {
            "single" => new(0, amount),
            "pending" => new(amount, 0),
            "post" => new(-pending, amount),
            "void" => new(-pending, 0),
            _ => new(-amount, 0),
        };
    }

    private static async Task<TransferStatus> MoveAsync(TestHost host, NewTransfer asked) =>
        Assert.Single(await host.Get<LedgerApi>().TransferAsync(Tenant, [asked], TestContext.Current.CancellationToken)).Status;

    private static async Task<Account> AccountAsync(TestHost host, string id) =>
        (await host.Get<LedgerApi>().FindAccountAsync(Tenant, id, TestContext.Current.CancellationToken))!;
}
