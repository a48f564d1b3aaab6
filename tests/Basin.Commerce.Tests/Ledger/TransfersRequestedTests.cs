using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Testing;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>The ledger asked by events.</summary>
public sealed class TransfersRequestedTests
{
    private static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    private static readonly NewAccount Cash = new("cash", "EUR", "assets", CreditsMustNotExceedDebits: true, History: true, Reference: "till 4");
    private static readonly NewAccount Sales = new("sales", "EUR", "income");

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder =>
        {
            builder.AddAsker();
            builder.AddLedger();
        },
        app => app.MapKernel(),
        new TestHostOptions { Settings = new() { ["Basin:Events:MaxAttempts"] = "1" } });

    private static TransfersRequested Request(long number, IReadOnlyList<NewAccount> accounts, params NewTransfer[] transfers) =>
        new(new Id<Posting>(number), accounts, transfers);

    private static NewTransfer Sale(string id, long amount) => new(id, "cash", "sales", amount, "EUR", "sale");

    private static NewTransfer Refund(string id, long amount) => new(id, "sales", "cash", amount, "EUR", "refund");

    private static async Task<Account?> AccountAsync(TestHost host, string id) =>
        await host.Get<LedgerApi>().FindAccountAsync(Tenant, id, TestContext.Current.CancellationToken);

    private static async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(TestHost host) =>
        (await host.Get<DeadLetters>().ListAsync(Tenant, Paging.Of(null, null), TestContext.Current.CancellationToken)).Items;

    private static async Task ReplayAsync(TestHost host, DeadLetter letter)
    {
        using var answer = await host.Client.PostAsync($"/v1/dead-letters/{letter.Id}/replay", null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        await host.SettleAsync();
    }

    [Fact]
    public async Task Accounts_are_opened_and_money_moves_once_however_often_it_is_asked_for()
    {
        await using var host = await StartAsync();
        var asked = Request(
            7, [Cash, Sales], Sale("p7", 100), new NewTransfer("hold", "cash", "sales", 50, "EUR", "sale", TransferKind.Pending, TimeoutSeconds: 60));
        for (var i = 0; i < 3; i++)
            await host.AskAndSettleAsync(asked);
        // Read back from what is stored, not from what the process remembers.
        await host.RestartAsync();
        await host.AskAndSettleAsync(asked);
        Assert.Empty(await DeadLettersAsync(host));
        Assert.Equal(new Side(50, 100), (await AccountAsync(host, "cash"))!.Debits);
        Assert.Equal(new Side(50, 100), (await AccountAsync(host, "sales"))!.Credits);
        Assert.Equal((2, "till 4"), ((await AccountAsync(host, "cash"))!.Entries, (await AccountAsync(host, "cash"))!.Reference));
    }

    /// <summary>Whatever is wrong with one of them, the others are done, and each once.</summary>
    [Theory]
    [InlineData("nothing", null)]
    [InlineData("refused", "The ledger refused transfers: bad ExceedsDebits.")]
    [InlineData("asked for twice", null)]
    [InlineData("failed before", "The ledger refused transfers: bad IdAlreadyFailed.")]
    [InlineData("of no shape", "invalid_request: transfers[0].id: A letter or digit and at most 63 letters, digits, hyphens, underscores, dots and colons are expected.")]
    [InlineData("an open chain", "The ledger refused transfers: bad LinkedEventChainOpen.")]
    [InlineData("another account", "The ledger refused accounts: cash ExistsWithDifferentCode.")]
    public async Task Requests_that_come_together_end_as_they_would_alone(string wrong, string? error)
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1, [Cash, Sales], Sale("s1", 10)));
        if (wrong == "failed before")
            await host.Get<LedgerApi>().TransferAsync(Tenant, [Refund("bad", 99)], TestContext.Current.CancellationToken);
        var odd = wrong switch
        {
            "refused" => Request(9, [], Refund("bad", 500)),
            "asked for twice" => Request(9, [Cash, Sales], Sale("s2", 20)),
            "failed before" => Request(9, [], Sale("bad", 1)),
            "of no shape" => Request(9, [], Sale("-", 1)),
            "an open chain" => Request(9, [], Sale("bad", 1) with { Linked = true }),
            "another account" => Request(9, [Cash with { Code = "other" }], Sale("bad", 1)),
            _ => Request(9, []),
        };

        await host.AskTogetherAsync(
            Request(2, [Cash, Sales], Sale("s2", 20)),
            Request(3, [Cash, Sales], new NewTransfer("hold", "cash", "sales", 50, "EUR", "sale", TransferKind.Pending)),
            odd,
            Request(3, [], new NewTransfer("taken", Kind: TransferKind.Post, PendingId: "hold", Amount: 40)),
            Request(4, [], Sale("s4", 5) with { Linked = true }, Refund("r4", 3)));
        await host.SettleAsync();

        Assert.Equal(error is null ? [] : [error], (await DeadLettersAsync(host)).Select(letter => letter.Error));
        Assert.Equal((new Side(0, 75), new Side(0, 3)), ((await AccountAsync(host, "cash"))!.Debits, (await AccountAsync(host, "cash"))!.Credits));
        Assert.Equal(6, (await AccountAsync(host, "cash"))!.Entries);
    }

    [Fact]
    public async Task A_refusal_undoes_the_whole_request_which_can_be_replayed_when_the_accounts_allow_it()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1, [Cash, Sales], Sale("s1", 10)));
        await host.AskAndSettleAsync(Request(2, [new NewAccount("other", "EUR", "assets")], Sale("s2", 1), Refund("r2", 20)));
        // Another number is not held up by it.
        await host.AskAndSettleAsync(Request(3, [], Sale("s3", 30)));

        var letter = Assert.Single(await DeadLettersAsync(host));
        Assert.Equal(("dead", "The ledger refused transfers: r2 ExceedsDebits."), (letter.State, letter.Error));
        Assert.Equal(new Id<Posting>(2).ToString(), letter.Subject);
        Assert.Null(await AccountAsync(host, "other"));
        Assert.Equal(40, (await AccountAsync(host, "cash"))!.Debits.Posted);

        await ReplayAsync(host, letter);
        Assert.Empty(await DeadLettersAsync(host));
        Assert.NotNull(await AccountAsync(host, "other"));
        Assert.Equal((41, 20), ((await AccountAsync(host, "cash"))!.Debits.Posted, (await AccountAsync(host, "cash"))!.Credits.Posted));
    }

    [Fact]
    public async Task An_account_that_is_different_and_a_shape_that_is_wrong_are_told_to_the_operator()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1, [Cash, Sales]));
        await host.AskAndSettleAsync(Request(2, [Cash with { History = false }], Sale("s2", 1)));
        await host.AskAndSettleAsync(Request(3, [], Sale("s3", 1), Sale("-", 1)));
        Assert.Equal(
            [
                "The ledger refused accounts: cash ExistsWithDifferentFlags.",
                "invalid_request: transfers[1].id: A letter or digit and at most 63 letters, digits, hyphens, underscores, dots and colons are expected.",
            ],
            (await DeadLettersAsync(host)).Select(letter => letter.Error));
        Assert.Equal(0, (await AccountAsync(host, "cash"))!.Entries);
    }
}
