using Basin.Kernel.Http;
using Basin.Payments;
using Basin.Payments.Customers;
using Basin.Testing;
using Basin.Vault;

namespace Basin.Commerce.Tests.Payments;

/// <summary>What may not happen to an intent while its payment is on its way.</summary>
public sealed class IntentTests
{
    private const string Call = "IPaymentProvider.CallAsync";

    /// <summary>When a request that has heard nothing looks at its watch.</summary>
    private static readonly TimeSpan LooksAgain = TimeSpan.FromSeconds(1);

    private static Dictionary<string, string?> Impatient => new()
    {
        ["Basin:Payments:AnswerPatience"] = "00:00:00.1",
        ["Basin:Payments:FirstWait"] = "00:00:10",
    };

    private static ProblemException Refused() => new Problem(402, "over_the_limit", "The bank says no.").Refusal();

    [Fact]
    public async Task The_sum_stays_what_it_is_while_the_customer_proves_who_they_are()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var asked = await payments.PayAsync("threeDSecure2Required", "&return_url=https://shop.example/back");

        foreach (var change in new[] { "amount=5000", "currency=usd", "capture_method=manual", "payment_method=pm_card_visa" })
            Assert.Equal("payment_intent_unexpected_state", (await payments.PostAsync($"payment_intents/{asked.Id}", change)).Code);
        Assert.Equal(200, (await payments.PostAsync($"payment_intents/{asked.Id}", "description=tea")).Status);
        await payments.ProveAsync(await payments.OnlyPaymentAsync());

        var paid = await payments.PostAsync($"payment_intents/{asked.Id}", "description=green tea");
        Assert.Equal((PaymentsHost.Amount, PaymentsHost.Amount), (paid.Number("amount"), paid.Number("amount_received")));
        await payments.AssertMoneyAgreesAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_hold_that_could_not_grow_leaves_the_sum_as_it_was(bool isRefused)
    {
        await using var payments = await PaymentsHost.StartAsync(Impatient);
        var held = await payments.HoldAsync();
        payments.Host.Faults.Throw(Call, failure: isRefused ? Refused : () => new IOException("The connection broke."));

        var asking = payments.PostAsync($"payment_intents/{held.Id}/increment_authorization", "amount=2500", "more");
        await Eventually.TrueAsync(async () => (await payments.StepsAsync(held.Payment))[^1] is "increment_refused" or "increment_unanswered");
        payments.Host.Clock.Advance(LooksAgain);
        var asked = await asking;

        // While nobody knows, that is no refusal.
        Assert.Equal(isRefused ? (402, "card_declined") : (200, null), (asked.Status, asked.Code));
        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));
        var after = await payments.PostAsync($"payment_intents/{held.Id}", "description=tea");
        Assert.Equal(isRefused ? PaymentsHost.Amount : 2500, after.Number("amount"));
        await payments.PostAsync($"payment_intents/{held.Id}/capture");
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task What_could_not_be_taken_is_let_go_when_another_method_is_tried()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var authorizing = payments.Host.Faults.Hold(Call);
        var paying = payments.PayAsync();
        await authorizing.Arrived;
        payments.Host.Faults.Throw(Call, failure: Refused);
        authorizing.Release();
        var failed = await paying;
        Assert.Equal(402, failed.Status);
        var intent = failed.Body["error"]!["payment_intent"]!["id"]!.GetValue<string>();

        var paid = await payments.PostAsync($"payment_intents/{intent}/confirm", "payment_method=pm_card_mastercard");
        Assert.Equal("succeeded", paid.Text("status"));
        await payments.Host.SettleAsync();

        Assert.Equal([PaymentState.Captured, PaymentState.Voided], (await payments.ListAsync()).Select(payment => payment.State));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_method_is_kept_for_later_though_the_customer_proves_who_they_are_when_nobody_waits_any_more()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var ada = (await payments.PostAsync("customers", "name=Ada")).Id;
        var asked = await payments.PayAsync(
            "authenticationRequiredOnSetup", $"&customer={ada}&setup_future_usage=off_session&return_url=https://shop.example/back");
        Assert.Equal("requires_action", asked.Text("status"));
        await payments.ProveAsync(await payments.OnlyPaymentAsync());

        var method = (await payments.PostAsync($"payment_intents/{asked.Id}", "description=tea")).Text("payment_method");
        var again = await payments.PostAsync(
            "payment_intents", $"amount=700&currency=eur&confirm=true&off_session=true&customer={ada}&payment_method={method}");
        Assert.Equal((200, "succeeded"), (again.Status, again.Text("status")));
        await payments.AssertMoneyAgreesAsync();
    }

    [Fact]
    public async Task A_method_may_be_told_first_and_confirmed_later()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var made = await payments.PostAsync(
            "payment_intents", "amount=700&currency=eur&payment_method_data[type]=card&payment_method_data[card][token]=tok_visa");
        Assert.Equal("requires_confirmation", made.Text("status"));
        Assert.Equal("succeeded", (await payments.PostAsync($"payment_intents/{made.Id}/confirm")).Text("status"));
    }

    [Fact]
    public async Task A_server_that_wants_to_confirm_after_the_proof_is_refused()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var refused = await payments.PostAsync("payment_intents", "amount=700&currency=eur&confirmation_method=manual");
        Assert.Equal((400, "confirmation_method"), (refused.Status, refused.Body["error"]!["param"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_card_that_is_erased_while_the_outcome_is_unknown_does_not_hide_what_the_provider_holds()
    {
        await using var payments = await PaymentsHost.StartAsync(Impatient);
        payments.Host.Faults.Throw(Call + Faults.After, failure: () => new IOException("The connection broke."));
        var paying = payments.PayAsync();
        await Eventually.TrueAsync(async () => (await payments.ListAsync()) is [{ OutcomeUnknown: true }]);
        payments.Host.Clock.Advance(LooksAgain);
        await paying;
        var methods = await Records.ListAsync<PaymentMethod>(
            payments.Host.StoreOf("payments"), PaymentsHost.Tenant, new RecordQuery(0, long.MaxValue, 10), CancellationToken.None);
        var card = Kernel.Ids.Id<Card>.Parse(Assert.Single(methods).VaultCard!, null);
        await payments.Host.Get<IVault>().EraseAsync(PaymentsHost.Tenant, card, CancellationToken.None);

        await payments.Host.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(await payments.OnlyPaymentAsync()));
        await payments.AssertMoneyAgreesAsync();
    }
}
