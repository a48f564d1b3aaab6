using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Payments.Customers;

namespace Basin.Commerce.Tests.Payments.Stripe;

public sealed class PaymentMethodsTests : IAsyncLifetime
{
    private StripeHost _stripe = null!;

    public async ValueTask InitializeAsync() => _stripe = await StripeHost.StartAsync();

    public ValueTask DisposeAsync() => _stripe.DisposeAsync();

    [Fact]
    public async Task A_method_is_made_of_a_token_once()
    {
        var token = await _stripe.MakeAsync(
            "/tokens", "card[number]=5555555555554444&card[exp_month]=3&card[exp_year]=2030&card[cvc]=123&card[name]=Ada&card[address_zip]=10115");
        var made = await _stripe.MakeAsync(
            "/payment_methods", $"type=card&card[token]={token.Id}&billing_details[email]=a%40b.c&metadata[k]=v&allow_redisplay=always");
        Assert.Equal(("payment_method", "card", "always", "v"), (made.Text("object"), made.Text("type"), made.Text("allow_redisplay"), made.Text("metadata.k")));
        Assert.Equal(
            ("mastercard", "4444", "3", "2030"),
            (made.Text("card.brand"), made.Text("card.last4"), made.Text("card.exp_month"), made.Text("card.exp_year")));
        Assert.Equal(
            ("Ada", "a@b.c", "10115"),
            (made.Text("billing_details.name"), made.Text("billing_details.email"), made.Text("billing_details.address.postal_code")));
        Assert.Equal(made.Body.ToJsonString(), (await _stripe.GetAsync($"/payment_methods/{made.Id}")).Body.ToJsonString());
        (await _stripe.PostAsync("/payment_methods", $"type=card&card[token]={token.Id}")).Refused(400, "token_already_used", "card[token]");
    }

    [Theory]
    [InlineData("", "type", "parameter_missing")]
    [InlineData("type=sepa_debit", "type", null)]
    [InlineData("type=card", "card", "parameter_missing")]
    [InlineData("type=card&card[number]=4242424242424242", "card[number]", null)]
    [InlineData("type=card&card[token]=tok_nobody", "card[token]", "resource_missing")]
    [InlineData("type=card&card[token]=tok_visa&allow_redisplay=never", "allow_redisplay", null)]
    [InlineData("type=card&card[token]=tok_visa&billing_details[email]=a", "billing_details[email]", "email_invalid")]
    public async Task What_is_wrong_is_named_and_nothing_is_made(string form, string param, string? code)
    {
        var refused = (await _stripe.PostAsync("/payment_methods", form)).Refused(400, code, param);
        Assert.DoesNotContain("4242424242424242", refused.Body.ToJsonString());
        Assert.Empty((await _stripe.GetAsync("/payment_methods"))["data"]!.AsArray());
    }

    [Fact]
    public async Task A_method_has_one_customer_and_none_after_that()
    {
        var (ada, bob) = (await _stripe.MakeAsync("/customers"), await _stripe.MakeAsync("/customers"));
        var method = await _stripe.MakeAsync("/payment_methods", "type=card&card[token]=tok_visa");
        (await _stripe.PostAsync($"/payment_methods/{method.Id}/detach")).Refused(400, "payment_method_unexpected_state");
        (await _stripe.PostAsync($"/payment_methods/{method.Id}", "metadata[a]=b")).Refused(400, "payment_method_unexpected_state");
        (await _stripe.PostAsync($"/payment_methods/{method.Id}/attach")).Refused(400, "parameter_missing", "customer");
        (await _stripe.PostAsync($"/payment_methods/{method.Id}/attach", "customer=cus_1")).Refused(400, "resource_missing", "customer");

        for (var i = 0; i < 2; i++)
            Assert.Equal(ada.Id, (await _stripe.MakeAsync($"/payment_methods/{method.Id}/attach", $"customer={ada.Id}")).Text("customer"));
        (await _stripe.PostAsync($"/payment_methods/{method.Id}/attach", $"customer={bob.Id}")).Refused(400, "payment_method_unexpected_state");
        await _stripe.MakeAsync($"/customers/{ada.Id}", $"invoice_settings[default_payment_method]={method.Id}");

        Assert.Null((await _stripe.MakeAsync($"/payment_methods/{method.Id}/detach"))["customer"]);
        Assert.Null((await _stripe.GetAsync($"/customers/{ada.Id}"))["invoice_settings"]!["default_payment_method"]);
        (await _stripe.PostAsync($"/payment_methods/{method.Id}/attach", $"customer={ada.Id}")).Refused(400, "payment_method_unexpected_state", "id");
        (await _stripe.PostAsync("/payment_intents", $"amount=100&currency=eur&payment_method={method.Id}&confirm=true"))
            .Refused(400, "payment_method_unexpected_state", "payment_method");
        Assert.Equal(["payment_method.attached", "payment_method.detached"], await _stripe.ToldAsync(method.Id));
    }

    [Fact]
    public void A_method_that_was_taken_off_its_customer_meanwhile_is_nobody_s_for_good()
    {
        var card = new CardSummary("visa", "4242", 12, 2030, null, "credit", "US");
        var method = new PaymentMethod { Id = new(1), Tenant = new(1), Card = card };
        var attached = method.AttachTo(new Id<Customer>(7));
        Assert.Equal(attached, attached.AttachTo(new Id<Customer>(7)));
        Assert.Throws<ProblemException>(() => attached.AttachTo(new Id<Customer>(8)));
        Assert.Throws<ProblemException>(() => attached.Detach().AttachTo(new Id<Customer>(7)));
        Assert.Throws<ProblemException>(() => attached.Detach().Detach());
    }

    [Fact]
    public async Task What_is_said_of_a_method_changes()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var method = await _stripe.MakeAsync("/payment_methods/pm_card_visa/attach", $"customer={ada.Id}");
        var changed = await _stripe.MakeAsync(
            $"/payment_methods/{method.Id}",
            "billing_details[name]=Ada&billing_details[address][city]=Berlin&card[exp_month]=4&card[exp_year]=2031&metadata[a]=b"
            + "&allow_redisplay=limited");
        Assert.Equal(("4", "2031", "limited"), (changed.Text("card.exp_month"), changed.Text("card.exp_year"), changed.Text("allow_redisplay")));
        var again = await _stripe.MakeAsync($"/payment_methods/{method.Id}", "billing_details[address]=");
        Assert.Equal(("Ada", null), (again.Text("billing_details.name"), again.Text("billing_details.address.city")));
        Assert.Equal(["payment_method.attached", "payment_method.updated", "payment_method.updated"], await _stripe.ToldAsync(method.Id));

        var path = $"/payment_methods/{method.Id}";
        (await _stripe.PostAsync(path, "card[exp_month]=13")).Refused(402, "invalid_expiry_month", "exp_month", "card_error");
        (await _stripe.PostAsync(path, "card[exp_year]=2001")).Refused(402, "invalid_expiry_year", "exp_year", "card_error");
        (await _stripe.PostAsync(path, "card[number]=4242424242424242")).Refused(400, "parameter_unknown", "card[number]");
        Assert.Equal(again.Body.ToJsonString(), (await _stripe.GetAsync($"/payment_methods/{method.Id}")).Body.ToJsonString());
    }

    [Fact]
    public async Task A_card_that_fails_when_it_is_charged_can_be_kept()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var method = await _stripe.MakeAsync("/payment_methods/pm_card_chargeCustomerFail/attach", $"customer={ada.Id}");
        var setup = await _stripe.MakeAsync("/setup_intents", $"customer={ada.Id}&payment_method={method.Id}&confirm=true");
        Assert.Equal("succeeded", setup.Text("status"));
        (await _stripe.PostAsync("/payment_intents", $"amount=100&currency=eur&customer={ada.Id}&payment_method={method.Id}&confirm=true"))
            .Refused(402, "card_declined", type: "card_error");
    }

    [Fact]
    public async Task A_test_s_method_is_attached_once_per_key()
    {
        var ada = await _stripe.MakeAsync("/customers");
        var first = await _stripe.PostAsync("/payment_methods/pm_card_visa/attach", $"customer={ada.Id}", key: "once");
        var again = await _stripe.PostAsync("/payment_methods/pm_card_visa/attach", $"customer={ada.Id}", key: "once");
        Assert.Equal(first.Succeeded().Id, again.Succeeded().Id);
        Assert.Single((await _stripe.GetAsync($"/customers/{ada.Id}/payment_methods"))["data"]!.AsArray());
        (await _stripe.PostAsync("/payment_methods/pm_card_nobody/attach", $"customer={ada.Id}")).Refused(404, "resource_missing", "id");
    }
}
