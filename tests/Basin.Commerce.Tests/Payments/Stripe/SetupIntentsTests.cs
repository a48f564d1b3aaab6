using Basin.Payments.Providers;

namespace Basin.Commerce.Tests.Payments.Stripe;

public sealed class SetupIntentsTests : IAsyncLifetime
{
    private StripeHost _stripe = null!;

    public async ValueTask InitializeAsync() => _stripe = await StripeHost.StartAsync();

    public ValueTask DisposeAsync() => _stripe.DisposeAsync();

    [Fact]
    public async Task A_method_is_kept_for_a_customer_step_by_step()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var made = await _stripe.MakeAsync(
            "/setup_intents", $"customer={ada.Id}&usage=on_session&description=card&automatic_payment_methods[enabled]=true");
        Assert.Equal(("setup_intent", "requires_payment_method", "on_session"), (made.Text("object"), made.Text("status"), made.Text("usage")));
        Assert.StartsWith($"{made.Id}_secret_", made.Text("client_secret"));
        Assert.True((bool)made["automatic_payment_methods"]!["enabled"]!);
        (await _stripe.PostAsync($"/setup_intents/{made.Id}/confirm")).Refused(400, "setup_intent_unexpected_state");

        var chosen = await _stripe.MakeAsync($"/setup_intents/{made.Id}", "payment_method=pm_card_visa&metadata[a]=b");
        Assert.Equal(("requires_confirmation", "b"), (chosen.Text("status"), chosen.Text("metadata.a")));

        var done = await _stripe.MakeAsync($"/setup_intents/{made.Id}/confirm", "return_url=https://example.com");
        Assert.Equal(("succeeded", chosen.Text("payment_method")), (done.Text("status"), done.Text("payment_method")));
        Assert.Equal(ada.Id, (await _stripe.GetAsync($"/payment_methods/{done.Text("payment_method")}")).Text("customer"));
        Assert.Equal(["setup_intent.created", "setup_intent.succeeded"], await _stripe.ToldAsync(made.Id));
        (await _stripe.PostAsync($"/setup_intents/{made.Id}/confirm")).Refused(400, "setup_intent_unexpected_state");
        (await _stripe.PostAsync($"/setup_intents/{made.Id}/cancel")).Refused(400, "setup_intent_unexpected_state");
        (await _stripe.PostAsync($"/setup_intents/{made.Id}", "payment_method=pm_card_visa")).Refused(400, "setup_intent_unexpected_state");

        (await _stripe.GetAsync($"/setup_intents/{made.Id}?client_secret={made.Text("client_secret")}")).Succeeded();
        (await _stripe.GetAsync($"/setup_intents/{made.Id}?client_secret=x")).Refused(400, null, "client_secret");
    }

    [Theory]
    [InlineData("chargeDeclined", "card_declined", "generic_decline")]
    [InlineData("chargeDeclinedExpiredCard", "expired_card", null)]
    [InlineData("radarBlock", "card_declined", "fraudulent")]
    public async Task A_card_that_is_declined_leaves_its_error_and_another_may_follow(string card, string code, string? decline)
    {
        var refused = await _stripe.PostAsync("/setup_intents", $"payment_method=pm_card_{card}&confirm=true");
        var error = refused.Body["error"]!;
        Assert.Equal(
            (402, "card_error", code, decline),
            (refused.Status, (string)error["type"]!, (string)error["code"]!, (string?)error["decline_code"]));
        Assert.NotNull(error["payment_method"]!["card"]);
        var id = (string)error["setup_intent"]!["id"]!;

        var after = await _stripe.GetAsync($"/setup_intents/{id}");
        Assert.Equal(("requires_payment_method", null, code), (after.Text("status"), after.Text("payment_method"), after.Text("last_setup_error.code")));
        Assert.Equal(["setup_intent.created", "setup_intent.setup_failed"], await _stripe.ToldAsync(id));

        var done = await _stripe.MakeAsync(
            $"/setup_intents/{id}/confirm", "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa");
        Assert.Equal("succeeded", done.Text("status"));
        Assert.Null(done["last_setup_error"]);
    }

    [Fact]
    public async Task A_card_whose_bank_asks_is_ready_when_the_customer_has_answered()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var asked = await _stripe.MakeAsync(
            "/setup_intents",
            $"customer={ada.Id}&payment_method=pm_card_authenticationRequiredOnSetup&confirm=true&return_url=https://shop.example/back");
        Assert.Equal(("requires_action", "redirect_to_url"), (asked.Text("status"), asked.Text("next_action.type")));
        Assert.Equal("https://shop.example/back", asked.Text("next_action.redirect_to_url.return_url"));
        Assert.Null((await _stripe.GetAsync($"/payment_methods/{asked.Text("payment_method")}"))["customer"]);

        await _stripe.ProveAsync(asked, succeeds: true);
        await _stripe.ProveAsync(asked, succeeds: false);

        var done = await _stripe.GetAsync($"/setup_intents/{asked.Id}");
        Assert.Equal("succeeded", done.Text("status"));
        Assert.Null(done["next_action"]);
        Assert.Equal(["setup_intent.created", "setup_intent.requires_action", "setup_intent.succeeded"], await _stripe.ToldAsync(asked.Id));
        var paid = await _stripe.MakeAsync(
            "/payment_intents",
            $"amount=100&currency=eur&customer={ada.Id}&payment_method={done.Text("payment_method")}&confirm=true&off_session=true");
        Assert.Equal("succeeded", paid.Text("status"));
    }

    [Fact]
    public async Task A_customer_who_does_not_prove_who_they_are_leaves_an_error()
    {
        var asked = await _stripe.MakeAsync("/setup_intents", "payment_method=pm_card_threeDSecure2Required&confirm=true");
        Assert.Equal("use_stripe_sdk", asked.Text("next_action.type"));

        await _stripe.ProveAsync(asked, succeeds: false);

        var failed = await _stripe.GetAsync($"/setup_intents/{asked.Id}");
        Assert.Equal(("requires_payment_method", "setup_intent_authentication_failure"), (failed.Text("status"), failed.Text("last_setup_error.code")));
        Assert.Equal(["setup_intent.created", "setup_intent.requires_action", "setup_intent.setup_failed"], await _stripe.ToldAsync(asked.Id));
    }

    [Fact]
    public async Task An_intent_that_is_cancelled_stays_so_whatever_the_customer_proves()
    {
        var asked = await _stripe.MakeAsync("/setup_intents", "payment_method=pm_card_threeDSecure2Required&confirm=true");
        var gone = await _stripe.MakeAsync($"/setup_intents/{asked.Id}/cancel", "cancellation_reason=abandoned");
        Assert.Equal(("canceled", "abandoned"), (gone.Text("status"), gone.Text("cancellation_reason")));

        await _stripe.ProveAsync(asked, succeeds: true);

        Assert.Equal(gone.Body.ToJsonString(), (await _stripe.GetAsync($"/setup_intents/{asked.Id}")).Body.ToJsonString());
        (await _stripe.PostAsync($"/setup_intents/{asked.Id}/cancel")).Refused(400, "setup_intent_unexpected_state");
        Assert.Equal(["setup_intent.created", "setup_intent.requires_action", "setup_intent.canceled"], await _stripe.ToldAsync(asked.Id));
    }

    [Fact]
    public async Task An_intent_that_is_cancelled_while_the_provider_is_asked_stays_so()
    {
        var made = await _stripe.MakeAsync("/setup_intents", "payment_method=pm_card_threeDSecure2Required");
        var asking = _stripe.Host.Faults.Hold($"{nameof(IPaymentProvider)}.{nameof(IPaymentProvider.SetUpAsync)}:after");
        var confirming = _stripe.PostAsync($"/setup_intents/{made.Id}/confirm");
        await asking.Arrived;
        await _stripe.MakeAsync($"/setup_intents/{made.Id}/cancel");
        asking.Release();

        Assert.Equal("canceled", (await confirming).Text("status"));
        Assert.Equal(["setup_intent.created", "setup_intent.canceled"], await _stripe.ToldAsync(made.Id));
    }

    [Fact]
    public async Task Another_method_ends_what_was_asked_of_the_customer()
    {
        var asked = await _stripe.MakeAsync("/setup_intents", "payment_method=pm_card_threeDSecure2Required&confirm=true");
        var changed = await _stripe.MakeAsync($"/setup_intents/{asked.Id}", "payment_method=pm_card_visa");
        Assert.Equal("requires_confirmation", changed.Text("status"));

        await _stripe.ProveAsync(asked, succeeds: true);

        Assert.Equal("requires_confirmation", (await _stripe.GetAsync($"/setup_intents/{asked.Id}")).Text("status"));
    }

    [Fact]
    public async Task Lists_show_the_intents_of_a_customer_and_of_a_method()
    {
        var ada = await _stripe.MakeAsync("/customers", "payment_method=pm_card_visa");
        var method = (string)(await _stripe.GetAsync($"/customers/{ada.Id}/payment_methods"))["data"]![0]!["id"]!;
        var first = await _stripe.MakeAsync("/setup_intents", $"customer={ada.Id}&payment_method={method}");
        _stripe.Host.Clock.Jump(TimeSpan.FromSeconds(1));
        var second = await _stripe.MakeAsync("/setup_intents", $"customer={ada.Id}");
        _stripe.Host.Clock.Jump(TimeSpan.FromSeconds(1));
        var third = await _stripe.MakeAsync("/setup_intents", "payment_method=pm_card_visa");

        Assert.Equal([third.Id, second.Id, first.Id], await IdsAsync(""));
        Assert.Equal([second.Id, first.Id], await IdsAsync($"?customer={ada.Id}"));
        Assert.Equal([first.Id], await IdsAsync($"?customer={ada.Id}&payment_method={method}"));
        Assert.Equal([third.Id], await IdsAsync($"?payment_method={third.Text("payment_method")}"));
        Assert.Empty(await IdsAsync($"?customer={ada.Id}&payment_method={third.Text("payment_method")}"));
        (await _stripe.GetAsync("/setup_intents?payment_method=pm_1")).Refused(400, "resource_missing", "payment_method");
        (await _stripe.PostAsync("/setup_intents", $"payment_method={method}")).Refused(400, "payment_method_customer_mismatch", "payment_method");
    }

    [Theory]
    [InlineData("usage=never", "usage", null)]
    [InlineData("customer=cus_1", "customer", "resource_missing")]
    [InlineData("payment_method=pm_1", "payment_method", "resource_missing")]
    [InlineData("payment_method_types[]=ideal", "payment_method_types", null)]
    [InlineData("return_url=https://example.com", "return_url", null)]
    [InlineData("confirm=true", null, "setup_intent_unexpected_state")]
    [InlineData("payment_method_data[type]=card&payment_method_data[card][number]=4242424242424242", "payment_method_data[card][number]", null)]
    public async Task What_is_wrong_is_named_and_nothing_is_made(string form, string? param, string? code)
    {
        (await _stripe.PostAsync("/setup_intents", form)).Refused(400, code, param);
        Assert.Empty(await IdsAsync(""));
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_leaves_nothing_and_a_repeat_goes_on()
    {
        const string form = "payment_method=pm_card_visa&confirm=true";
        var point = $"{nameof(IPaymentProvider)}.{nameof(IPaymentProvider.SetUpAsync)}";
        _stripe.Host.Faults.Throw(point);
        var away = await _stripe.PostAsync("/setup_intents", form, key: "k");
        Assert.Equal((503, "api_error"), (away.Status, (string)away.Body["error"]!["type"]!));
        Assert.Equal("requires_confirmation", (await _stripe.GetAsync($"/setup_intents/{Assert.Single(await IdsAsync(""))}")).Text("status"));

        _stripe.Host.Faults.Throw($"{point}:after");
        Assert.Equal(503, (await _stripe.PostAsync("/setup_intents", form, key: "k")).Status);
        var done = (await _stripe.PostAsync("/setup_intents", form, key: "k")).Succeeded();

        Assert.Equal("succeeded", done.Text("status"));
        Assert.Equal([done.Id], await IdsAsync(""));
        Assert.Equal(["setup_intent.created", "setup_intent.succeeded"], await _stripe.ToldAsync(done.Id));
    }

    private async Task<List<string>> IdsAsync(string query) =>
        [.. (await _stripe.GetAsync($"/setup_intents{query}")).Succeeded()["data"]!.AsArray().Select(each => (string)each!["id"]!)];
}
