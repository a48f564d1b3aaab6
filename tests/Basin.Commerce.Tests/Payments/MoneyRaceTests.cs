using Basin.Payments;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Many who want the same money at the same time.</summary>
public sealed class MoneyRaceTests
{
    private const int Many = 100;
    private const string Call = "IPaymentProvider.CallAsync";

    [Theory]
    [InlineData("", PaymentsHost.Amount)]
    [InlineData("amount_to_capture=1500", 1500)]
    public async Task A_hundred_captures_at_once_take_the_money_once(string form, long taken)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var held = await payments.HoldAsync();

        var replies = await AtOnceAsync(_ => payments.PostAsync($"payment_intents/{held.Id}/capture", form));

        var won = Assert.Single(replies, reply => reply.Status == 200);
        Assert.Equal(("succeeded", taken), (won.Text("status"), won.Number("amount_received")));
        Assert.Equal(Many - 1, replies.Count(reply => (reply.Status, reply.Code) == (400, "payment_intent_unexpected_state")));
        Assert.Equal(taken, Assert.Single(await payments.ChargesAsync(held.Payment)).CapturedMinor);
        Assert.Equal(2, payments.Host.Faults.Met(Call));
        Assert.Equal(taken, Assert.Single(await payments.ListLinesAsync()).AmountMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Captures_and_cancellations_at_once_end_in_one_of_the_two()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var held = await payments.HoldAsync();

        var replies = await AtOnceAsync(i => payments.PostAsync($"payment_intents/{held.Id}/{(i % 2 == 0 ? "capture" : "cancel")}"));

        var won = Assert.Single(replies, reply => reply.Status == 200);
        Assert.All(replies, reply => Assert.True(reply == won || reply.Code == "payment_intent_unexpected_state", reply.Body.ToJsonString()));
        await payments.AssertMoneyAgreesAsync();
        var charge = Assert.Single(await payments.ChargesAsync(held.Payment));
        Assert.Equal(won.Text("status") == "succeeded", (charge.CapturedMinor, charge.Voided) == (PaymentsHost.Amount, false));
        Assert.Equal(won.Text("status") == "canceled", (charge.CapturedMinor, charge.Voided) == (0, true));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(1000)]
    [InlineData(1999)]
    public async Task A_hundred_refunds_at_once_never_give_back_more_than_was_taken(long amount)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var paid = await payments.PayAsync();

        var replies = await AtOnceAsync(_ => payments.PostAsync("refunds", $"payment_intent={paid.Id}&amount={amount}"));

        var given = Math.Min(Many, PaymentsHost.Amount / amount);
        Assert.Equal(given, replies.Count(reply => reply.Status == 200 && reply.Text("status") == "succeeded"));
        Assert.Equal(Many - given, replies.Count(reply => reply.Code is "amount_too_large" or "charge_already_refunded"));
        Assert.Equal(given * amount, Assert.Single(await payments.ChargesAsync(paid.Payment)).RefundedMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("visa", 1)]
    [InlineData("visa", 2)]
    [InlineData("pendingRefund", 3)]
    public async Task Refunds_and_a_release_at_once_give_everything_back_once(string card, int seed)
    {
        await using var payments = await PaymentsHost.StartAsync(seed: seed);
        var id = await payments.RequestAsync($"tok_{card}");
        await payments.CaptureAsync(id);

        var releases = AtOnceAsync(_ => payments.PublishAsync(new PaymentReleaseRequested(id)), 3);
        var replies = await AtOnceAsync(i => payments.PostAsync("refunds", $"charge={Charge.IdOf(id)}&amount={7 + i}"));
        await releases;
        await payments.Host.SettleAsync();

        Assert.All(
            replies,
            reply => Assert.True(reply.Status == 200 || reply.Code is "amount_too_large" or "charge_already_refunded", reply.Body.ToJsonString()));
        Assert.Equal(PaymentState.Refunded, await payments.StateAsync(id));
        Assert.Equal(PaymentsHost.Amount, Assert.Single(await payments.ChargesAsync(id)).RefundedMinor);
        Assert.Equal([new PaymentReleased(id, PaymentsHost.Amount)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Refunds_by_both_dialects_at_once_never_exceed_the_charge()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var paid = await payments.PayAsync();

        var replies = await AtOnceAsync(async i =>
        {
            if (i % 2 == 0)
                return (await payments.PostAsync("refunds", $"charge={paid.Text("latest_charge")}&amount=100")).Status;
            using var answer = await payments.RefundAsync(paid.Payment, new { reason = "damaged" });
            return (int)answer.StatusCode;
        });

        Assert.Contains(202, replies);
        Assert.DoesNotContain(replies, status => status >= 500);
        await payments.Host.SettleAsync();
        Assert.Equal(PaymentsHost.Amount, Assert.Single(await payments.ChargesAsync(paid.Payment)).RefundedMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData("visa", 200)]
    [InlineData("chargeDeclined", 402)]
    public async Task Retries_under_one_key_at_once_make_one_payment_and_get_one_answer(string card, int status)
    {
        await using var payments = await PaymentsHost.StartAsync(
            new() { ["Basin:Store:Shards:payments"] = "4", ["Basin:Store:Shards:sandbox"] = "4" });

        var replies = await AtOnceAsync(_ => RetryAsync(() => payments.PayAsync(card, key: "order-17")));

        Assert.All(replies, reply => Assert.Equal(status, reply.Status));
        Assert.Single(replies.Select(reply => reply.Body.ToJsonString()).Distinct());
        var payment = Assert.Single(await payments.ListAsync());
        Assert.Equal(status == 200 ? 1 : 0, (await payments.ChargesAsync(payment.Id)).Count);
        Assert.Equal(status == 200 ? 2 : 1, payments.Host.Faults.Met(Call));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Retried_refunds_under_fewer_keys_than_requests_give_back_once_per_key()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var paid = await payments.PayAsync();

        var replies = await AtOnceAsync(i => RetryAsync(
            () => payments.PostAsync("refunds", $"payment_intent={paid.Id}&amount=100", $"refund-{i % 10}")));

        Assert.All(replies, reply => Assert.Equal(200, reply.Status));
        Assert.Equal(10, replies.Select(reply => reply.Id).Distinct().Count());
        Assert.Equal(1000, Assert.Single(await payments.ChargesAsync(paid.Payment)).RefundedMinor);
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Increments_one_after_the_other_are_each_held_by_the_provider()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var held = await payments.HoldAsync();

        foreach (var amount in new[] { 2500, 3000, 3500 })
        {
            var more = await payments.PostAsync($"payment_intents/{held.Id}/increment_authorization", $"amount={amount}");
            Assert.Equal((200, amount), (more.Status, more.Number("amount_capturable")));
            Assert.Equal(amount, Assert.Single(await payments.ChargesAsync(held.Payment)).AuthorizedMinor);
        }
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task Increments_captures_and_refunds_at_once_leave_books_that_agree()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var held = await payments.HoldAsync();

        var replies = await AtOnceAsync(i => (i % 3) switch
        {
            0 => payments.PostAsync($"payment_intents/{held.Id}/increment_authorization", $"amount={2000 + i}"),
            1 => payments.PostAsync($"payment_intents/{held.Id}/capture"),
            _ => payments.PostAsync("refunds", $"payment_intent={held.Id}&amount=10"),
        });

        Assert.All(replies, reply => Assert.True(reply.Status is 200 or 400, reply.Body.ToJsonString()));
        await payments.AssertMoneyAgreesAsync();
        var charge = Assert.Single(await payments.ChargesAsync(held.Payment));
        Assert.Equal(charge.AuthorizedMinor, charge.CapturedMinor);
    }

    /// <summary>As a client does while the first request still runs.</summary>
    private static async Task<StripeReply> RetryAsync(Func<Task<StripeReply>> ask)
    {
        StripeReply reply = await ask();
        await Eventually.TrueAsync(async () => reply.Code != "idempotency_key_in_use" || (reply = await ask()).Code != "idempotency_key_in_use");
        return reply;
    }

    private static Task<T[]> AtOnceAsync<T>(Func<int, Task<T>> ask) => Task.WhenAll(Enumerable.Range(0, Many).Select(i => Task.Run(() => ask(i))));

    private static Task AtOnceAsync(Func<int, Task> ask, int times) => Task.WhenAll(Enumerable.Range(0, times).Select(i => Task.Run(() => ask(i))));
}
