using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Ledger;
using Basin.Payments;
using Basin.Payments.Reconciling;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>The books of a day compared in a whole host: in order, and with each thing that can be wrong made wrong on purpose.</summary>
public sealed class ReconciliationTests
{
    private const string Route = "/v1/payments/reconciliations";
    private const string ToLedger = "on:ledger:basin.ledger.transfers-requested.v1";
    private const string ListCharges = "IPaymentProvider.ListChargesAsync";

    private static readonly DateOnly Today = new(2026, 3, 2);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_day_in_order_has_no_differences_and_every_book_has_the_same_sums(int shards)
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = $"{shards}" });
        await payments.RequestAsync();
        await payments.RequestAsync("tok_chargeDeclined");
        var released = await payments.RequestAsync();
        await payments.ReleaseAsync(released);
        var refunded = await CapturedAsync(payments);
        await payments.RefundAsync(refunded, new { reason = "damaged" });
        await CapturedAsync(payments);
        await CapturedAsync(payments, "tok_createDispute");

        var report = await ReconcileAsync(payments);

        Assert.Equal((ReconciliationState.Done, 6L), (report.State, report.Compared));
        Assert.Empty(report.Counts);
        Assert.Empty(report.Differences!);
        var totals = Assert.Single(report.Totals);
        var fee = 88L;
        Assert.Equal(new BookTotals(5 * 1999, 3 * 1999, 3 * fee, 1999, 1999, 1500, 0), totals.Payments);
        Assert.Equal(totals.Payments, totals.Ledger);
        Assert.Equal(totals.Payments with { DisputesMinor = null, DisputeFeesMinor = null, PayoutsMinor = null }, totals.Provider);
        Assert.Equal(totals.Payments with { AuthorizedMinor = 0 }, totals.Moved);
        var net = (3 * (1999 - fee)) - 1999 - 1999 - 1500;
        Assert.Equal([new BalanceComparison("EUR", "provider.sandbox.eur", net, 0, net)], report.Balances);
    }

    [Fact]
    public async Task A_day_is_compared_by_itself_once_it_is_over_and_a_missed_one_is_made_up_for()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = "2" });
        await CapturedAsync(payments);
        Assert.Empty(await ListAsync(payments));

        await payments.Host.AdvanceAsync(TimeSpan.FromHours(15));
        Assert.Empty(await ListAsync(payments));
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(["reserve 2026-03-02 Done 0", "sandbox 2026-03-02 Done 1"], await NamesAsync(payments));

        await payments.Host.StopAsync();
        payments.Host.Clock.Jump(TimeSpan.FromDays(2));
        await payments.Host.StartAgainAsync();
        await payments.Host.SettleAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(
            [
                "reserve 2026-03-02 Done 0", "reserve 2026-03-03 Done 0", "reserve 2026-03-04 Done 0",
                "sandbox 2026-03-02 Done 1", "sandbox 2026-03-03 Done 0", "sandbox 2026-03-04 Done 0",
            ],
            await NamesAsync(payments));
    }

    [Fact]
    public async Task A_day_that_was_compared_since_it_was_over_is_not_compared_again()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await CapturedAsync(payments);
        await ReconcileAsync(payments);
        payments.Host.Clock.Jump(TimeSpan.FromHours(15));
        payments.Host.Clock.Jump(TimeSpan.FromMinutes(5));
        await payments.Host.SettleAsync();

        await ReconcileAsync(payments, Today);
        await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));

        // The first was of the day so far.
        Assert.Equal(["reserve 2026-03-02 Done 0", "sandbox 2026-03-02 Done 1", "sandbox 2026-03-02 Done 1"], await NamesAsync(payments));
    }

    [Theory]
    [InlineData("UPDATE sandbox_charge SET captured_minor = 1998", DifferenceKind.AmountDiffers, -1L, "The provider has taken €19.98, Payments says €19.99.")]
    [InlineData("UPDATE sandbox_charge SET authorized_minor = 2500", DifferenceKind.AmountDiffers, 501L, "The provider has held €25.00, Payments says €19.99.")]
    [InlineData("UPDATE sandbox_charge SET refunded_minor = 300", DifferenceKind.AmountDiffers, 300L, "The provider has given back €3.00, Payments says €0.00.")]
    [InlineData("UPDATE sandbox_charge SET fee_minor = 99", DifferenceKind.FeeDiffers, 11L, "The provider has kept as its fee €0.99, Payments says €0.88.")]
    [InlineData("UPDATE sandbox_charge SET currency = 'USD'", DifferenceKind.AmountDiffers, null, "The provider counts in USD, Payments in EUR.")]
    [InlineData("UPDATE sandbox_charge SET captured_minor = 0, voided = 1, fee_minor = 88", DifferenceKind.StateDiffers, 1999L, "The provider has voided it, Payments has not.")]
    [InlineData("DELETE FROM sandbox_charge", DifferenceKind.MissingAtProvider, -1999L, null)]
    public async Task What_the_provider_says_otherwise_is_named(string mischief, DifferenceKind kind, long? apart, string? sentence)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);
        await ChangeAsync(payments, "sandbox", mischief);

        var report = await ReconcileAsync(payments);

        var difference = Assert.Single(report.Differences!, one => one.Kind == kind);
        Assert.Equal(($"{id}", apart), (difference.Subject, difference.ApartMinor));
        if (sentence is not null)
            Assert.Equal(sentence, difference.Sentence);
        Assert.Equal(ReconciliationState.Done, report.State);
        Assert.Equal(0, Assert.Single(report.Balances).ApartMinor);
    }

    [Fact]
    public async Task Charges_that_only_the_provider_knows_are_named()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);
        var stranger = payments.NewId();
        const string copy =
            """
            INSERT INTO sandbox_charge (id, tenant, payment, token, currency, authorized_minor)
            SELECT id + {0}, tenant, {1}, token, currency, 700 FROM sandbox_charge WHERE captured_minor > 0
            """;
        await ChangeAsync(payments, "sandbox", string.Format(copy, 1, stranger.Value));
        await ChangeAsync(payments, "sandbox", string.Format(copy, 2, id.Value));

        // Ids of the very moment of the comparison are not of its time.
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        var report = await ReconcileAsync(payments);

        Assert.Equal([new DifferenceCount(DifferenceKind.UnknownToUs, 2)], report.Counts);
        Assert.Contains(report.Differences!, one => one.Subject == $"{stranger}" && one.Sentence.Contains("Only the provider knows it: sbx_", StringComparison.Ordinal));
        Assert.Contains(report.Differences!, one => one.Subject == $"{id}" && one.Sentence.Contains("€7.00, held", StringComparison.Ordinal));
        Assert.Equal(1999 + 700 + 700, Assert.Single(report.Totals).Provider.AuthorizedMinor);
    }

    [Fact]
    public async Task What_waits_for_the_provider_is_settling()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync("tok_unknown");

        var report = await ReconcileAsync(payments);

        var difference = Assert.Single(report.Differences!);
        Assert.Equal((DifferenceKind.Settling, $"{id}"), (difference.Kind, difference.Subject));
        Assert.StartsWith("It waits for the provider (authorizing). The provider has another charge for it: sbx_", difference.Sentence, StringComparison.Ordinal);
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Empty((await ReconcileAsync(payments)).Counts);
    }

    [Fact]
    public async Task A_refund_that_came_back_and_that_the_provider_still_counts_is_named()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments, "tok_refundFail");
        await payments.RefundAsync(id, new { reason = "damaged" });
        await payments.Host.SettleAsync();
        Assert.Empty((await ReconcileAsync(payments)).Counts);

        await ChangeAsync(payments, "sandbox", "UPDATE sandbox_charge SET refunded_minor = 1999");
        var difference = Assert.Single((await ReconcileAsync(payments)).Differences!);

        Assert.Equal((DifferenceKind.Returned, 1999L), (difference.Kind, difference.ApartMinor));
    }

    [Fact]
    public async Task A_leg_that_the_ledger_has_not_booked_yet_is_on_its_way_and_missing_once_it_is_a_dead_letter()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Events:MaxAttempts"] = "3" });
        var id = await payments.RequestAsync();
        payments.Host.Faults.Throw(ToLedger, times: int.MaxValue);
        await payments.CaptureAsync(id);

        var waiting = await ReconcileAsync(payments);
        Assert.Equal([new DifferenceCount(DifferenceKind.LegOnItsWay, 2)], waiting.Counts);
        Assert.Equal(
            [
                $"The ledger has not booked {id}.capture yet and tries again: Fault at '{ToLedger}'.",
                $"The ledger has not booked {id}.fee yet and tries again: Fault at '{ToLedger}'.",
            ],
            waiting.Differences!.Select(one => one.Sentence));
        Assert.Equal(new BalanceComparison("EUR", "provider.sandbox.eur", 1911, 1911, 0), Assert.Single(waiting.Balances));

        await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));
        await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));
        var dead = await ReconcileAsync(payments);
        Assert.Equal([new DifferenceCount(DifferenceKind.LegMissing, 2)], dead.Counts);
        Assert.StartsWith($"The ledger has refused {id}.capture, and it is a dead letter: ", dead.Differences![0].Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE FROM journal WHERE id LIKE '%.capture'", DifferenceKind.LegMissing, "The ledger does not have {0}.capture, which it was asked for by 2026-03-02 09:00:00.")]
    [InlineData("UPDATE journal SET amount = 1900 WHERE id LIKE '%.capture'", DifferenceKind.LegDiffers, "The ledger's {0}.capture moves €19.00, not €19.99.")]
    [InlineData("UPDATE journal SET debit = 'sales.eur' WHERE id LIKE '%.fee'", DifferenceKind.LegDiffers, "The ledger's {0}.fee takes from sales.eur, not from fees.eur.")]
    [InlineData("UPDATE journal SET id = REPLACE(id, '.fee', '.void') WHERE id LIKE '%.fee'", DifferenceKind.LegUnexpected, "The ledger has {0}.void, which Payments has not asked for.")]
    [InlineData(
        "UPDATE account SET debits_posted = debits_posted + 1 WHERE id = 'provider.sandbox.eur'", DifferenceKind.BalanceDiffers,
        "The lines of the balance sum up to €19.11; the ledger has €19.12.")]
    public async Task What_the_ledger_has_booked_otherwise_is_named(string mischief, DifferenceKind kind, string sentence)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(20));
        await ChangeAsync(payments, "ledger", mischief);

        var report = await ReconcileAsync(payments);

        Assert.Equal(string.Format(sentence, id), Assert.Single(report.Differences!, one => one.Kind == kind).Sentence);
    }

    [Fact]
    public async Task Older_payments_are_looked_at_on_each_day_on_which_they_moved_or_changed_and_once_a_day()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var captured = await payments.RequestAsync();
        var voided = await payments.RequestAsync();
        await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromDays(1));
        await payments.CaptureAsync(captured);
        await payments.RefundAsync(captured, new { reason = "damaged" });
        await payments.ReleaseAsync(voided);
        await ChangeAsync(payments, "sandbox", "UPDATE sandbox_charge SET voided = 0 WHERE voided = 1");
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));

        var report = await ReconcileAsync(payments);

        Assert.Equal((Today.AddDays(1), 2L), (report.Day, report.Compared));
        var difference = Assert.Single(report.Differences!);
        Assert.Equal((DifferenceKind.StateDiffers, $"{voided}"), (difference.Kind, difference.Subject));
        Assert.Equal(3, (await ReconcileAsync(payments, Today)).Compared);
        var totals = Assert.Single(report.Totals);
        Assert.Equal(new BookTotals(0, 1999, 88, 1999, 0, 0, 0), totals.Moved);
        Assert.Equal(2 * 1999, totals.Payments.AuthorizedMinor);
    }

    [Fact]
    public async Task Payouts_are_compared_too()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await CapturedAsync(payments, "tok_bypassPending");
        var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["amount"] = "1000", ["currency"] = "eur" });
        using var paid = await payments.Host.Client.PostAsync("/stripe/v1/payouts", form);
        Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));

        var report = await ReconcileAsync(payments);
        var payout = (await paid.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        await ChangeAsync(payments, "ledger", $"DELETE FROM journal WHERE id = '{payout}'");
        var broken = await ReconcileAsync(payments);

        Assert.Empty(report.Counts);
        var totals = Assert.Single(report.Totals);
        Assert.Equal((1000, 1000, 1000), (totals.Moved.PayoutsMinor, totals.Payments.PayoutsMinor, totals.Ledger.PayoutsMinor));
        Assert.Equal(911, Assert.Single(report.Balances).LedgerMinor);
        Assert.Equal((DifferenceKind.LegMissing, payout), broken.Differences!.Select(one => (one.Kind, one.Subject)).First());
    }

    [Fact]
    public async Task A_long_day_is_read_in_pages_and_goes_on_after_a_restart()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = "2" });
        const int count = 230;
        for (var i = 0; i < count; i++)
            await payments.PublishAsync(new PaymentRequested(payments.NewId(), 100, "EUR", "tok_visa"));
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        payments.Host.Faults.Throw("job:payments:payments.reconciliation-step.v1:after", times: 2);
        payments.Host.Faults.Throw(ListCharges, times: 2);

        var begun = await BeginAsync(payments);
        await payments.Host.SettleAsync();
        var waiting = await GetAsync(payments, begun.Id);
        await payments.Host.RestartAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(4));

        Assert.Equal((ReconciliationState.Running, "No answer: FaultException; try 1."), (waiting.State, waiting.Trouble));
        var report = await GetAsync(payments, begun.Id);
        Assert.Equal((ReconciliationState.Done, (long)count, null), (report.State, report.Compared, report.Trouble));
        Assert.Empty(report.Counts);
        Assert.Equal(count * 100, Assert.Single(report.Totals).Ledger.AuthorizedMinor);
    }

    [Fact]
    public async Task A_provider_that_never_answers_ends_the_comparison()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:MaxTries"] = "2", ["Basin:Payments:BreakerCalls"] = "1000" });
        await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        payments.Host.Faults.Throw(ListCharges, times: int.MaxValue);

        var begun = await BeginAsync(payments);
        await payments.Host.SettleAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(5));

        var report = await GetAsync(payments, begun.Id);
        Assert.Equal((ReconciliationState.Failed, "No answer: FaultException; try 2."), (report.State, report.Trouble));
    }

    [Fact]
    public async Task What_moves_while_the_balances_are_compared_is_no_difference()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await CapturedAsync(payments);
        var late = await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromDays(1));
        var hold = payments.Host.Faults.Hold("ILedger.FindAsync");

        // Nothing of the new day is compared, so the first question to the ledger is that for the balances.
        var begun = await BeginAsync(payments);
        await hold.Arrived;
        await payments.PublishAsync(new PaymentCaptureRequested(late));
        await Eventually.TrueAsync(async () =>
            (await payments.Host.Get<LedgerApi>().FindAsync(PaymentsHost.Tenant, [], [$"{late}.fee"], CancellationToken.None)).Transfers.Count == 1);
        hold.Release();
        await payments.Host.SettleAsync();

        var report = await GetAsync(payments, begun.Id);
        Assert.Empty(report.Counts);
        Assert.Equal([new BalanceComparison("EUR", "provider.sandbox.eur", 1911, 0, 1911)], report.Balances);
    }

    [Fact]
    public async Task What_changes_while_it_is_compared_is_settling()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        var hold = payments.Host.Faults.Hold("ILedger.FindAsync");

        var begun = await BeginAsync(payments);
        await hold.Arrived;
        await payments.PublishAsync(new PaymentCaptureRequested(id));
        await Eventually.TrueAsync(async () =>
            (await payments.Host.Get<LedgerApi>().FindAsync(PaymentsHost.Tenant, [], [$"{id}.capture"], CancellationToken.None)).Transfers.Count == 1);
        hold.Release();
        await payments.Host.SettleAsync();

        var difference = Assert.Single((await GetAsync(payments, begun.Id)).Differences!);
        Assert.Equal((DifferenceKind.Settling, "It has changed while it was compared."), (difference.Kind, difference.Sentence));
    }

    [Fact]
    public async Task Asking_while_one_runs_names_that_one_and_only_the_last_of_a_day_are_kept()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.RequestAsync();
        await payments.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        var hold = payments.Host.Faults.Hold(ListCharges);
        var first = await BeginAsync(payments);
        await hold.Arrived;

        Assert.Equal(first.Id, (await BeginAsync(payments)).Id);
        hold.Release();
        await payments.Host.SettleAsync();
        payments.Host.Faults.DisarmAll();
        for (var i = 0; i < 10; i++)
            await ReconcileAsync(payments);

        Assert.Equal(10, (await ListAsync(payments)).Count);
        Assert.Equal(HttpStatusCode.NotFound, (await payments.Host.Client.GetAsync($"{Route}/{first.Id}")).StatusCode);
    }

    [Fact]
    public async Task Reports_are_kept_for_ninety_days()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var old = await ReconcileAsync(payments);
        payments.Host.Clock.Jump(TimeSpan.FromDays(91));

        await ReconcileAsync(payments);

        Assert.Equal(HttpStatusCode.NotFound, (await payments.Host.Client.GetAsync($"{Route}/{old.Id}")).StatusCode);
    }

    [Theory]
    [InlineData("""{"provider":"stranger"}""", "provider")]
    [InlineData("""{"provider":""}""", "provider")]
    [InlineData("""{"provider":"sandbox","day":"2026-03-03"}""", "day")]
    [InlineData("""{"provider":"sandbox","day":"2025-12-01"}""", "day")]
    [InlineData("""{"provider":"sandbox","day":"yesterday"}""", "day")]
    public async Task What_cannot_be_compared_is_refused(string body, string member)
    {
        await using var payments = await PaymentsHost.StartAsync();

        using var refused = await payments.Host.Client.PostAsync(Route, new StringContent(body, System.Text.Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.True((await refused.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("errors").TryGetProperty(member, out _));
        Assert.Empty(await ListAsync(payments));
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_of_it_and_has_a_comparison_of_its_own()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await CapturedAsync(payments);
        var report = await ReconcileAsync(payments);
        var others = payments.Host.ClientOf(PaymentsHost.Somebody(9, "payments:read", "payments:write"));

        Assert.Equal(HttpStatusCode.NotFound, (await others.GetAsync($"{Route}/{report.Id}")).StatusCode);
        using var begun = await others.PostAsJsonAsync(Route, new { provider = "sandbox" });
        await payments.Host.SettleAsync();
        var theirs = await others.GetFromJsonAsync<ReconciliationView>(begun.Headers.Location, Json);
        Assert.Equal((ReconciliationState.Done, 0L), (theirs!.State, theirs.Compared));
        Assert.Empty(theirs.Balances);
    }

    private static async Task<Id<Payment>> CapturedAsync(PaymentsHost payments, string token = "tok_visa")
    {
        var id = await payments.RequestAsync(token);
        await payments.CaptureAsync(id);
        return id;
    }

    private static async Task<ReconciliationView> BeginAsync(PaymentsHost payments, DateOnly? day = null)
    {
        using var begun = await payments.Host.Client.PostAsJsonAsync(Route, new NewReconciliation("sandbox", day), Json);
        Assert.Equal(HttpStatusCode.Accepted, begun.StatusCode);
        return (await begun.Content.ReadFromJsonAsync<ReconciliationView>(Json))!;
    }

    /// <summary>A moment later, because ids of the very moment in which it begins are not of its time.</summary>
    private static async Task<ReconciliationView> ReconcileAsync(PaymentsHost payments, DateOnly? day = null)
    {
        await payments.Host.AdvanceAsync(TimeSpan.FromMilliseconds(2));
        var begun = await BeginAsync(payments, day);
        await payments.Host.SettleAsync();
        return await GetAsync(payments, begun.Id);
    }

    private static async Task<ReconciliationView> GetAsync(PaymentsHost payments, Id<Reconciliation> id) =>
        (await payments.Host.Client.GetFromJsonAsync<ReconciliationView>($"{Route}/{id}", Json))!;

    private static async Task<IReadOnlyList<ReconciliationView>> ListAsync(PaymentsHost payments) =>
        (await payments.Host.Client.GetFromJsonAsync<Kernel.Http.Page<ReconciliationView>>(Route, Json))!.Items;

    private static async Task<string[]> NamesAsync(PaymentsHost payments) =>
        [.. (await ListAsync(payments)).Select(report => $"{report.Provider} {report.Day:yyyy-MM-dd} {report.State} {report.Compared}").Order(StringComparer.Ordinal)];

    /// <summary>Falsifies somebody's books.</summary>
    private static async Task ChangeAsync(PaymentsHost payments, string system, string sql)
    {
        var changed = 0;
        foreach (var shard in payments.Host.StoreOf(system).Shards)
            changed += await shard.WriteAsync(tx => tx.ExecuteAsync(sql), WritePriority.Request, CancellationToken.None);
        Assert.NotEqual(0, changed);
    }
}
