using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Payments;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Money that a customer's bank has taken back is not given back a second time.</summary>
public sealed class DisputeTests
{
    private const string Answer = "IPaymentProvider.AnswerDisputeAsync";

    [Fact]
    public async Task A_disputed_order_is_refunded_by_nobody_and_its_release_gives_nothing()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync("tok_createDispute");
        await payments.CaptureAsync(id);
        await payments.Host.SettleAsync();

        Assert.Equal("charge_disputed", (await payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}")).Code);
        using var byHand = await payments.RefundAsync(id, new { reason = "damaged" });
        Assert.Equal(409, (int)byHand.StatusCode);
        await payments.ReleaseAsync(id);

        Assert.Equal([new PaymentReleased(id, 0)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Equal(0, Assert.Single(await payments.ChargesAsync(id)).RefundedMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_question_takes_no_money_and_may_be_answered_by_a_refund()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var paid = await payments.PayAsync("createDisputeInquiry");
        await payments.Host.SettleAsync();

        Assert.Equal(200, (await payments.PostAsync("refunds", $"payment_intent={paid.Id}&amount=500")).Status);
        using var byHand = await payments.RefundAsync(paid.Payment, new { reason = "asked for" });
        Assert.Equal(202, (int)byHand.StatusCode);
        await payments.AssertMoneyAgreesAsync();
        Assert.Equal(PaymentsHost.Amount, Assert.Single(await payments.ChargesAsync(paid.Payment)).RefundedMinor);
    }

    [Fact]
    public async Task Evidence_is_brought_through_an_outage_of_hours()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.PayAsync("createDispute");
        await payments.Host.SettleAsync();
        var disputes = (await payments.Host.Client.GetFromJsonAsync<JsonNode>("/stripe/v1/disputes"))!["data"]!;
        var id = disputes[0]!["id"]!.GetValue<string>();
        payments.Host.Faults.Throw(Answer, int.MaxValue, () => new IOException("The connection broke."));

        await payments.PostAsync($"disputes/{id}", "evidence[uncategorized_text]=winning_evidence");
        for (var hour = 0; hour < 3; hour++)
            await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));
        payments.Host.Faults.Disarm(Answer);
        await payments.Host.AdvanceAsync(TimeSpan.FromHours(1));

        Assert.Equal([-PaymentsHost.Amount, PaymentsHost.Amount], (await payments.ListLinesAsync())
            .Where(line => line.Kind is MovementKind.Dispute or MovementKind.DisputeWon).OrderBy(line => line.Id).Select(line => line.AmountMinor));
    }

    [Fact]
    public async Task Lists_that_leave_something_out_are_full_all_the_same()
    {
        await using var payments = await PaymentsHost.StartAsync();
        await payments.PayAsync("bypassPending");
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await payments.PostAsync("payouts", "amount=100&currency=eur")).Status);
        await payments.Host.AdvanceAsync(TimeSpan.FromDays(3));
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await payments.PostAsync("payouts", "amount=100&currency=eur")).Status);
        await payments.PayAsync("createDispute");
        await payments.Host.SettleAsync();

        var paid = await ListAsync("payouts?status=paid&limit=2");
        Assert.Equal((2, true), paid);
        Assert.Equal((3, false), await ListAsync("payouts?status=pending&limit=3"));
        Assert.Equal((1, false), await ListAsync("balance_transactions?type=adjustment"));
        Assert.Equal((0, false), await ListAsync("balance_transactions?type=refund_failure"));

        async Task<(int Count, bool HasMore)> ListAsync(string path)
        {
            var page = (await payments.Host.Client.GetFromJsonAsync<JsonNode>($"/stripe/v1/{path}"))!;
            return (page["data"]!.AsArray().Count, page["has_more"]!.GetValue<bool>());
        }
    }
}
