using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Ledger;
using Basin.Payments;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>What the console's pages of payments show and do.</summary>
public sealed class PaymentsConsoleTests
{
    [Fact]
    public async Task Sums_are_those_of_today_and_balances_those_of_all_days()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = "2" });
        await CapturedAsync(payments, "tok_bypassPending");
        await payments.Host.AdvanceAsync(TimeSpan.FromDays(1));
        await CapturedAsync(payments);
        await CapturedAsync(payments);
        await payments.RefundAsync(await CapturedAsync(payments), new { reason = "damaged" });
        await payments.Host.SettleAsync();

        var sums = await payments.Host.Get<PaymentsConsole>().SumAsync(PaymentsHost.Tenant, CancellationToken.None);

        Assert.Equal(new CurrencyOverview("EUR", 3, 3 * 1999, 3 * 88, 1999, 0, 1911 - 1999, 3 * 1911), Assert.Single(sums));
        Assert.Equal([new("sandbox", false), new("reserve", false)], payments.Host.Get<PaymentsConsole>().Providers);
        Assert.Empty(await payments.Host.Get<PaymentsConsole>().SumAsync(new Id<Kernel.Tenancy.Tenant>(9), CancellationToken.None));
    }

    [Fact]
    public async Task A_provider_that_fails_most_of_its_calls_is_shown_as_left_alone()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Payments:BreakerCalls"] = "2" });
        payments.Host.Faults.Throw("IPaymentProvider.CallAsync", times: 2);
        await payments.RequestAsync();
        await payments.RequestAsync();

        Assert.Contains(new ProviderOverview("sandbox", true), payments.Host.Get<PaymentsConsole>().Providers);
    }

    [Fact]
    public async Task Payments_are_listed_by_state()
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = "2" });
        var held = await payments.RequestAsync();
        var first = await CapturedAsync(payments);
        var second = await CapturedAsync(payments);

        var page = await payments.Host.Get<PaymentsConsole>().ListAsync(PaymentsHost.Tenant, PaymentState.Captured, new Paging(1, null), CancellationToken.None);
        var next = await payments.Host.Get<PaymentsConsole>().ListAsync(
            PaymentsHost.Tenant, PaymentState.Captured, Paging.Of(1, page.NextCursor), CancellationToken.None);
        var others = await payments.Host.Get<PaymentsConsole>().ListAsync(PaymentsHost.Tenant, PaymentState.Authorized, new Paging(10, null), CancellationToken.None);

        Assert.Equal([second, first, held], page.Items.Concat(next.Items).Concat(others.Items).Select(payment => payment.Id));
        Assert.Null(next.NextCursor);
    }

    [Fact]
    public async Task A_payment_is_shown_with_its_legs_in_the_ledger_and_without_them_when_the_ledger_is_away()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);
        payments.Host.Faults.Throw("on:ledger:basin.ledger.transfers-requested.v1", times: int.MaxValue);
        await payments.RefundAsync(id, new { reason = "damaged" });
        await payments.Host.SettleAsync();
        var details = (await FindAsync(payments, id))!;

        var legs = await payments.Host.Get<PaymentsConsole>().FindLegsAsync(details, CancellationToken.None);
        payments.Host.Faults.Throw("ILedger.FindAsync", failure: () => KernelProblems.SystemUnavailable.Refusal());
        var away = await payments.Host.Get<PaymentsConsole>().FindLegsAsync(details, CancellationToken.None);

        Assert.Equal(
            [
                ($"{id}.hold.1", "provider.sandbox.eur", PendingState.Posted), ($"{id}.capture", "provider.sandbox.eur", null),
                ($"{id}.fee", "fees.eur", null), ($"{details.Refunds[0].Id}", null, null),
            ],
            legs!.Select(leg => (leg.Expected.Id, leg.Booked?.Debit, leg.Booked?.State)));
        Assert.Null(away);
        Assert.Null(await payments.Host.Get<PaymentsConsole>().FindAsync(new Id<Kernel.Tenancy.Tenant>(9), id, CancellationToken.None));
    }

    [Fact]
    public async Task An_operator_gives_a_part_back_once_however_often_the_form_comes()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);

        var first = await RefundAsync(payments, id, "5", "key");
        var repeated = await RefundAsync(payments, id, "5", "key");
        await payments.Host.SettleAsync();
        var more = await RefundAsync(payments, id, "15.00");

        Assert.Equal((202, 202, "refund_too_large"), (first.Status, repeated.Status, more.Problem!.Code));
        Assert.True(repeated.IsRepeat);
        var details = (await FindAsync(payments, id))!;
        Assert.Equal((500, 1499), (details.Payment.RefundedMinor, details.RefundableMinor));
        Assert.Equal("One cup", Assert.Single(details.Refunds).Reason);
        await payments.AssertBooksAgreeAsync();
    }

    [Theory]
    [InlineData("", "One cup", "amount")]
    [InlineData("0", "One cup", "amount")]
    [InlineData("-5", "One cup", "amount")]
    [InlineData("5.001", "One cup", "amount")]
    [InlineData("1,000.00", "One cup", "amount")]
    [InlineData("99999999999999999999999999999", "One cup", "amount")]
    [InlineData("5", " ", "reason")]
    [InlineData("5", "4242 4242 4242 4242", "reason")]
    public async Task What_is_no_refund_is_refused_with_the_field_named(string amount, string reason, string field)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments);

        var answer = await RefundAsync(payments, id, amount, reason: reason);

        Assert.Equal(field, Assert.Single(answer.Problem!.Errors).Key);
        Assert.Empty((await FindAsync(payments, id))!.Refunds);
    }

    [Fact]
    public async Task Money_that_a_customers_bank_takes_back_is_not_given_back_as_well()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await CapturedAsync(payments, "tok_createDispute");

        var typed = await RefundAsync(payments, id, "5");
        using var asked = await payments.RefundAsync(id, new { reason = "damaged" });

        Assert.Equal("payment_disputed", typed.Problem!.Code);
        Assert.Contains("payment_disputed", await asked.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(0, (await FindAsync(payments, id))!.RefundableMinor);
    }

    [Theory]
    [InlineData("12.50", "EUR", 1250L)]
    [InlineData(" 12.5 ", "EUR", 1250L)]
    [InlineData("12", "JPY", 12L)]
    [InlineData("12.5", "JPY", null)]
    [InlineData("1.234", "KWD", 1234L)]
    [InlineData("twelve", "EUR", null)]
    public void Amounts_are_read_as_people_write_them(string text, string currency, long? minor) => Assert.Equal(minor, PaymentWords.MinorOf(text, currency));

    [Theory]
    [InlineData(1250, "EUR", "12.50")]
    [InlineData(12, "JPY", "12")]
    [InlineData(1234, "KWD", "1.234")]
    public void Amounts_are_written_as_they_are_read(long minor, string currency, string text)
    {
        Assert.Equal(text, PaymentWords.Typed(minor, currency));
        Assert.Equal(minor, PaymentWords.MinorOf(text, currency));
    }

    private static async Task<Id<Payment>> CapturedAsync(PaymentsHost payments, string token = "tok_visa")
    {
        var id = await payments.RequestAsync(token);
        await payments.CaptureAsync(id);
        return id;
    }

    private static async Task<PaymentDetails?> FindAsync(PaymentsHost payments, Id<Payment> id) =>
        await payments.Host.Get<PaymentsConsole>().FindAsync(PaymentsHost.Tenant, id, CancellationToken.None);

    private static async Task<Answer<PaymentView>> RefundAsync(
        PaymentsHost payments, Id<Payment> id, string amount, string? key = null, string reason = "One cup")
    {
        var payment = (await FindAsync(payments, id))!.Payment;
        var once = payments.Host.Get<OnceRegistry>().For(TestHost.DefaultCaller, key, "test");
        return await payments.Host.Get<PaymentsConsole>().RefundAsync(TestHost.DefaultCaller, payment, new RefundForm(amount, reason), once, CancellationToken.None);
    }
}
