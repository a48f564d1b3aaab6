using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Payments;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Payments in a whole host, with a provider that behaves.</summary>
public sealed class PaymentsTests
{
    [Theory]
    [InlineData("tok_visa")]
    [InlineData("tok_mastercard")]
    public async Task A_good_token_is_held_taken_and_given_back(string token)
    {
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync(token);
        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(id));
        await payments.CaptureAsync(id);
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));
        await payments.ReleaseAsync(id);

        var view = await payments.GetAsync(id);
        Assert.Equal((PaymentState.Refunded, 1999, 1999, 1999), (view.State, view.AuthorizedMinor, view.CapturedMinor, view.RefundedMinor));
        Assert.Equal(
            ["requested", "authorized", "capture_requested", "captured", "release_requested", "refunded"], view.History!.Select(step => step.What));
        Assert.Equal([new PaymentAuthorized(id, 1999, "EUR")], await payments.Host.PublishedAsync<PaymentAuthorized>());
        Assert.Equal([new PaymentCaptured(id, 1999, "EUR")], await payments.Host.PublishedAsync<PaymentCaptured>());
        Assert.Equal([new PaymentReleased(id, 1999)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertBooksAgreeAsync();
    }

    [Theory]
    [InlineData("tok_chargeDeclined", "card_declined")]
    [InlineData("tok_chargeDeclinedInsufficientFunds", "insufficient_funds")]
    [InlineData("tok_chargeDeclinedExpiredCard", "expired_card")]
    [InlineData("tok_nobodyKnowsThis", "invalid_token")]
    [InlineData("4242424242424242", "invalid_token")]
    public async Task A_bad_token_is_declined_and_nothing_is_held(string token, string code)
    {
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync(token);
        await payments.ReleaseAsync(id);

        Assert.Equal((PaymentState.Declined, code), ((await payments.GetAsync(id)).State, (await payments.GetAsync(id)).Code));
        Assert.Equal([new PaymentDeclined(id, code)], await payments.Host.PublishedAsync<PaymentDeclined>());
        Assert.Equal([new PaymentReleased(id, 0)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Empty(await payments.ChargesAsync(id));
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_capture_that_the_provider_refuses_leaves_the_money_held_until_it_is_released()
    {
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync("tok_captureFails");
        await payments.CaptureAsync(id);
        Assert.Equal([new PaymentCaptureFailed(id, "capture_failed")], await payments.Host.PublishedAsync<PaymentCaptureFailed>());
        Assert.False(Assert.Single(await payments.ChargesAsync(id)).Voided);
        await payments.ReleaseAsync(id);

        Assert.Equal(PaymentState.Voided, await payments.StateAsync(id));
        Assert.True(Assert.Single(await payments.ChargesAsync(id)).Voided);
        Assert.Equal([new PaymentReleased(id, 0)], await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task A_release_of_what_was_never_requested_is_answered_and_a_late_request_declined()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = payments.NewId();

        await payments.ReleaseAsync(id);
        await payments.ReleaseAsync(id);
        await payments.PublishAsync(new PaymentRequested(id, 500, "EUR", "tok_visa"));
        await payments.Host.SettleAsync();

        Assert.Equal([new PaymentReleased(id, 0)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Equal([new PaymentDeclined(id, "payment_released")], await payments.Host.PublishedAsync<PaymentDeclined>());
        Assert.Empty(await payments.ChargesAsync(id));
    }

    [Fact]
    public async Task Repeated_requests_change_nothing()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        await payments.CaptureAsync(id);
        await payments.ReleaseAsync(id);
        var before = await payments.GetAsync(id);

        await payments.PublishAsync(new PaymentRequested(id, 1_000_000, "USD", "tok_mastercard"));
        await payments.CaptureAsync(id);
        await payments.ReleaseAsync(id);

        var after = await payments.GetAsync(id);
        Assert.Equal(before with { History = null }, after with { History = null });
        Assert.Equal(before.History, after.History);
        Assert.Single(await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Single(await payments.ChargesAsync(id));
    }

    [Fact]
    public async Task An_operator_refunds_once_and_a_release_afterwards_is_answered_with_the_amount()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        await payments.CaptureAsync(id);

        var first = await payments.RefundAsync(id, new { reason = "damaged" }, "key-1");
        var repeated = await payments.RefundAsync(id, new { reason = "damaged" }, "key-1");
        var other = await payments.RefundAsync(id, new { reason = "damaged" }, "key-2");
        await payments.Host.SettleAsync();

        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await repeated.Content.ReadAsStringAsync());
        Assert.Equal("payment_already_refunded", await CodeOfAsync(other));
        Assert.Equal(PaymentState.Refunded, await payments.StateAsync(id));
        Assert.Empty(await payments.Host.PublishedAsync<PaymentReleased>());
        await payments.ReleaseAsync(id);
        Assert.Equal([new PaymentReleased(id, 1999)], await payments.Host.PublishedAsync<PaymentReleased>());
        Assert.Equal(1999, Assert.Single(await payments.ChargesAsync(id)).RefundedMinor);
        await payments.AssertBooksAgreeAsync();
    }

    [Fact]
    public async Task Only_captured_money_is_refunded()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();

        var refused = await payments.RefundAsync(id, new { reason = "why not" });

        Assert.Equal((HttpStatusCode.Conflict, "payment_not_captured"), (refused.StatusCode, await CodeOfAsync(refused)));
        Assert.Equal(PaymentState.Authorized, await payments.StateAsync(id));
    }

    [Theory]
    [InlineData("{}", "reason")]
    [InlineData("""{"reason":null}""", "reason")]
    [InlineData("""{"reason":""}""", "reason")]
    [InlineData("""{"reason":"   "}""", "reason")]
    [InlineData("""{"reason":5}""", "reason")]
    [InlineData("""{"reason":["a"]}""", "reason")]
    [InlineData("""{"reason":"a","amount":5}""", "amount")]
    [InlineData("""{"reason":"a","reason":"b"}""", "reason")]
    [InlineData("""{"reason":"card 4242 4242 4242 4242"}""", "reason")]
    [InlineData("""{"reason":"a""", null)]
    [InlineData("""["a"]""", null)]
    [InlineData("null", null)]
    [InlineData("", null)]
    public async Task Garbage_is_refused_with_the_member_named_and_changes_nothing(string body, string? member)
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        await payments.CaptureAsync(id);

        var answer = await payments.Host.Client.PostAsync(
            $"/v1/payments/{id}/refunds", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        if (member is not null)
            Assert.Equal([member], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(id));
    }

    [Fact]
    public async Task A_reason_is_at_most_200_characters_and_an_id_is_an_id()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();

        Assert.Equal(HttpStatusCode.BadRequest, (await payments.RefundAsync(id, new { reason = new string('x', 201) })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await payments.Host.Client.GetAsync("/v1/payments/ord_0000000000001")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await payments.Host.Client.GetAsync($"/v1/payments/{payments.NewId()}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await payments.RefundAsync(payments.NewId(), new { reason = "none" })).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await payments.Host.Client.GetAsync("/v1/payments?limit=0")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await payments.Host.Client.GetAsync("/v1/payments?cursor=!")).StatusCode);
    }

    [Fact]
    public async Task Nothing_of_a_card_number_is_stored_or_logged()
    {
        const string Card = "5555555555554444";
        await using var payments = await PaymentsHost.StartAsync();

        var id = await payments.RequestAsync("tok_" + Card);
        await payments.RefundAsync(id, new { reason = Card });
        await payments.RefundAsync(id, new { reason = "5555-5555-5555-4444" }, "key-1");
        await payments.Host.StopAsync();

        Assert.DoesNotContain(payments.Host.Log.Lines, line => line.ToString().Contains(Card));
        Assert.Contains("payments", await payments.Host.StoringAsync("EUR"));
        // The asker, who publishes requests in these tests, has it of course.
        Assert.DoesNotContain(await payments.Host.StoringAsync(Card), system => system is "payments" or "sandbox");
    }

    [Fact]
    public async Task A_tenant_sees_and_touches_only_its_own_payments()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var ours = await payments.RequestAsync();
        await payments.CaptureAsync(ours);
        var theirs = await payments.RequestAsync(tenant: new Id<Tenant>(2));
        var them = payments.Host.ClientOf(PaymentsHost.Somebody(2, "*"));

        Assert.Equal(HttpStatusCode.NotFound, (await them.GetAsync($"/v1/payments/{ours}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await them.PostAsJsonAsync($"/v1/payments/{ours}/refunds", new { reason = "mine" })).StatusCode);
        var list = await them.GetFromJsonAsync<JsonElement>("/v1/payments");
        Assert.Equal([theirs.ToString()], list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));

        // The id of another tenant's payment in a request of one's own: a payment of one's own, and a charge of one's own.
        await payments.PublishAsync(new PaymentReleaseRequested(ours), new Id<Tenant>(2));
        await payments.Host.SettleAsync();
        Assert.Equal(PaymentState.Captured, await payments.StateAsync(ours));
        Assert.Equal(1, (await payments.AssertBooksAgreeAsync()).Count);
    }

    [Fact]
    public async Task Keys_need_the_scope()
    {
        await using var payments = await PaymentsHost.StartAsync();
        var id = await payments.RequestAsync();
        var reader = payments.Host.ClientOf(PaymentsHost.Somebody(1, "payments:read"));
        var writer = payments.Host.ClientOf(PaymentsHost.Somebody(1, "payments:write"));
        var nobody = payments.Host.ClientOf(null);
        var refund = $"/v1/payments/{id}/refunds";

        Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync($"/v1/payments/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await reader.PostAsJsonAsync(refund, new { reason = "no" })).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await writer.GetAsync($"/v1/payments/{id}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await writer.GetAsync("/v1/payments")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await writer.PostAsJsonAsync(refund, new { reason = "not yet" })).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/payments")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.PostAsJsonAsync(refund, new { reason = "no" })).StatusCode);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("4")]
    public async Task The_list_goes_page_by_page_through_all_shards_newest_first(string shards)
    {
        await using var payments = await PaymentsHost.StartAsync(new() { ["Basin:Store:Shards:payments"] = shards, ["Basin:Store:Shards:sandbox"] = shards });
        var store = payments.Host.StoreOf("payments");
        var ids = Enumerable.Range(0, 25).Select(i => store.Shards[i % store.Shards.Count].Ids.Next<Payment>()).ToList();
        foreach (var id in ids)
            await payments.PublishAsync(new PaymentRequested(id, 100, "EUR", "tok_visa"));
        await payments.Host.SettleAsync();

        var (seen, cursor) = (new List<string>(), "");
        do
        {
            var page = await payments.Host.Client.GetFromJsonAsync<JsonElement>($"/v1/payments?limit=10{cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? $"&cursor={next.GetString()}" : null;
        }
        while (cursor is not null);

        Assert.Equal(ids.OrderDescending().Select(id => id.ToString()), seen);
        Assert.Equal(25, (await payments.AssertBooksAgreeAsync()).Count);
    }

    private static async Task<string?> CodeOfAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString();
}
