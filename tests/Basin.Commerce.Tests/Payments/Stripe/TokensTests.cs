using System.Collections.Concurrent;
using System.Diagnostics;

namespace Basin.Commerce.Tests.Payments.Stripe;

/// <summary>The one door where a card's number comes in.</summary>
public sealed class TokensTests : IAsyncLifetime
{
    private const string Number = "4012888888881881";
    private const string Spaced = "4012 8888 8888 1881";
    private const string Code = "9137";
    private const string Good = $"card[number]={Number}&card[exp_month]=12&card[exp_year]=2030&card[cvc]=737";

    private StripeHost _stripe = null!;

    public async ValueTask InitializeAsync() => _stripe = await StripeHost.StartAsync();

    public ValueTask DisposeAsync() => _stripe.DisposeAsync();

    [Fact]
    public async Task A_card_becomes_a_token_that_shows_its_holder_only_to_who_asks_for_it()
    {
        var made = await _stripe.MakeAsync("/tokens", $"{Good}&card[name]=Ada+Keller&card[address_zip]=10115&card[address_city]=Berlin");
        Assert.Equal(("token", "card", false), (made.Text("object"), made.Text("type"), (bool)made["used"]!));
        Assert.Equal(
            ("card", "Visa", "1881", "12", "2030"),
            (made.Text("card.object"), made.Text("card.brand"), made.Text("card.last4"), made.Text("card.exp_month"), made.Text("card.exp_year")));
        Assert.Equal(("unchecked", "unchecked", null), (made.Text("card.cvc_check"), made.Text("card.address_zip_check"), made.Text("card.name")));

        var found = await _stripe.GetAsync($"/tokens/{made.Id}");
        Assert.Equal(("Ada Keller", "10115"), (found.Text("card.name"), found.Text("card.address_zip")));
        await _stripe.MakeAsync("/payment_methods", $"type=card&card[token]={made.Id}");
        Assert.True((bool)(await _stripe.GetAsync($"/tokens/{made.Id}"))["used"]!);
        (await _stripe.GetAsync("/tokens/tok_visa")).Refused(404, "resource_missing", "id");
    }

    [Theory]
    [InlineData("4242424242424241", "12", "2030", "123", "incorrect_number", "number")]
    [InlineData("4242", "12", "2030", "123", "invalid_number", "number")]
    [InlineData("not a number", "12", "2030", "123", "invalid_number", "number")]
    [InlineData(Number, "13", "2030", "123", "invalid_expiry_month", "exp_month")]
    [InlineData(Number, Spaced, "2030", "123", "invalid_expiry_month", "exp_month")]
    [InlineData(Number, "12", "2001", "123", "invalid_expiry_year", "exp_year")]
    [InlineData(Number, "12", "x" + Number, "123", "invalid_expiry_year", "exp_year")]
    [InlineData(Number, "12", "2030", "12", "invalid_cvc", "cvc")]
    [InlineData(Number, "12", "2030", Number, "invalid_cvc", "cvc")]
    public async Task A_card_that_cannot_be_is_refused_in_Stripe_s_words(
        string number, string month, string year, string cvc, string code, string param)
    {
        var form = $"card[number]={number}&card[exp_month]={month}&card[exp_year]={year}&card[cvc]={cvc}";
        var refused = (await _stripe.PostAsync("/tokens", form)).Refused(402, code, param, "card_error");
        AssertSilent(refused.Body.ToJsonString());
    }

    [Theory]
    [InlineData("", "card")]
    [InlineData($"card={Number}", "card")]
    [InlineData($"number={Number}", "card")]
    [InlineData($"card[]={Number}", "card[number]")]
    [InlineData($"{Good}&number={Number}", "number")]
    [InlineData($"{Good}&card[pan]={Number}", "card[pan]")]
    [InlineData($"{Good}&card[name]={Number}", "card[name]")]
    [InlineData($"{Good}&card[address_line1]={Spaced}", "card[address_line1]")]
    [InlineData($"{Good}&expand[]={Number}", "expand[0]")]
    [InlineData($"card[number][0]={Number}&card[exp_month]=1&card[exp_year]=2030", "card[number]")]
    [InlineData($"{Good}&{Good}", "card[number]")]
    [InlineData($"card[number]={Number}&card[exp_year]=2030", "card[exp_month]")]
    public async Task A_number_in_a_wrong_place_is_refused_and_not_repeated(string form, string param)
    {
        var refused = await _stripe.PostAsync("/tokens", form, key: "k");
        Assert.Equal((400, param), (refused.Status, (string?)refused.Body["error"]!["param"]));
        AssertSilent(refused.Body.ToJsonString());
        await AssertNowhereAsync(Number);
    }

    [Fact]
    public async Task A_number_in_the_address_or_in_the_key_is_refused()
    {
        foreach (var reply in (StripeReply[])
            [
                await _stripe.PostAsync($"/tokens?{Good}"), await _stripe.PostAsync($"/tokens?card[number]={Number}", "card[exp_month]=1"),
                await _stripe.PostAsync($"/tokens?x={Number}", Good), await _stripe.PostAsync("/tokens", Good, key: Number),
            ])
        {
            reply.Refused(400, null);
            AssertSilent(reply.Body.ToJsonString());
        }
        await AssertNowhereAsync(Number);
    }

    [Fact]
    public async Task A_repeat_gets_the_same_token_and_another_card_does_not()
    {
        var first = (await _stripe.PostAsync("/tokens", Good, key: "k")).Succeeded();
        Assert.Equal(first.Body.ToJsonString(), (await _stripe.PostAsync("/tokens", Good, key: "k")).Body.ToJsonString());
        // Of the code nothing is kept that could tell it from another.
        Assert.Equal(first.Id, (await _stripe.PostAsync("/tokens", Good.Replace("737", "738", StringComparison.Ordinal), key: "k")).Id);
        (await _stripe.PostAsync("/tokens", Good.Replace(Number, "4242424242424242", StringComparison.Ordinal), key: "k"))
            .Refused(400, null, type: "idempotency_error");
    }

    [Fact]
    public async Task Neither_number_nor_code_is_stored_logged_or_traced()
    {
        var spans = new ConcurrentBag<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity => spans.Add(
                string.Join(' ', [activity.DisplayName, .. activity.TagObjects, .. activity.Events.SelectMany(happened => happened.Tags)])),
        };
        ActivitySource.AddActivityListener(listener);
        var amex = $"card[number]=371449635398431&card[exp_month]=12&card[exp_year]=2030&card[cvc]={Code}";
        var token = (await _stripe.PostAsync("/tokens", amex, key: "k1")).Succeeded();
        await _stripe.PostAsync("/tokens", amex.Replace("2030", "2001", StringComparison.Ordinal), key: "k2");
        await _stripe.PostAsync("/tokens", $"{amex}&{amex}", key: "k3");
        await _stripe.PostAsync($"/tokens?{amex}", key: "k4");
        await _stripe.MakeAsync(
            "/payment_intents", $"amount=100&currency=eur&confirm=true&payment_method_data[type]=card&payment_method_data[card][token]={token.Id}");
        await _stripe.Host.SettleAsync();

        await AssertNowhereAsync("371449635398431");
        Assert.Empty(await _stripe.Host.StoringAsync($"\"{Code}\""));
        Assert.NotEmpty(spans);
        Assert.DoesNotContain(spans, span => span.Contains("371449635398431", StringComparison.Ordinal));
    }

    private async Task AssertNowhereAsync(string number)
    {
        Assert.Empty(await _stripe.Host.StoringAsync(number));
        // The web server's own lines, which the host does not write, name the address.
        Assert.DoesNotContain(
            _stripe.Host.Log.Lines.Where(line => !line.Category.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)),
            line => $"{line.Text} {line.Exception}".Contains(number, StringComparison.Ordinal));
    }

    private static void AssertSilent(string answer)
    {
        Assert.DoesNotContain(Number, answer);
        Assert.DoesNotContain(Spaced, answer);
    }
}
