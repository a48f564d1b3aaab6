using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>Endpoints are told what happens: over real HTTP, on a clock that the test moves.</summary>
public sealed class WebhooksTests : IAsyncLifetime
{
    /// <summary>A little more than the first wait with the most that chance adds.</summary>
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5.6);

    private WebhooksHost _host = null!;

    private Receiver Receiver => _host.Receiver;

    private FakeClock Clock => _host.Host.Clock;

    public async ValueTask InitializeAsync() => _host = await WebhooksHost.StartAsync();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_message_arrives_as_it_was_published_and_signed_in_both_schemes()
    {
        const string Payload = """{ "id":"evt_1",  "text":"Grüße, \u00e9 \"quoted\" <>&+" }""";
        var endpoint = await _host.ListenAsync("hook");

        await _host.TellAsync("evt_1", payload: Payload);

        var received = Assert.Single(Receiver.All);
        var seconds = Clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        Assert.Equal(("/hook", Payload), (received.Path, received.Body));
        Assert.Equal("application/json; charset=utf-8", received.Headers["Content-Type"]);
        Assert.Equal("Basin/1.0 (+webhooks)", received.Headers["User-Agent"]);
        Assert.Equal(("evt_1", seconds), (received.MessageId, received.Headers["webhook-timestamp"]));
        Assert.Equal(StripeOf(endpoint.Secret!, seconds, Payload), received.Headers["Stripe-Signature"]);
        Assert.Equal(StandardOf(endpoint.Secret!, $"evt_1.{seconds}.{Payload}"), received.Headers["webhook-signature"]);
        Assert.DoesNotContain("traceparent", received.Headers.Keys);
        var delivery = await _host.DeliveryAsync("evt_1");
        Assert.Equal((WebhookDeliveryState.Delivered, 1, Payload), (delivery.State, delivery.Attempts, delivery.Payload));
        Assert.Equal(Clock.GetUtcNow(), (await _host.FindAsync(endpoint.Id)).LastSuccessAt);
    }

    [Fact]
    public async Task Only_those_who_listen_to_a_type_are_told()
    {
        await _host.ListenAsync("all");
        await _host.ListenAsync("some", "payment_intent.*");
        await _host.ListenAsync("one", "charge.refunded", "payment_intent.succeeded");
        var off = await _host.ListenAsync("off");
        await _host.PutAsync(off, enabled: false);

        await _host.TellAsync("evt_1", type: "payment_intent.created");
        await _host.TellAsync("evt_2", type: "charge.refunded");
        await _host.PublishAsync("evt_3", tenant: new Id<Tenant>(99));
        await _host.Host.SettleAsync();

        Assert.Equal(["evt_1", "evt_2"], Receiver.IdsAt("all"));
        Assert.Equal(["evt_1"], Receiver.IdsAt("some"));
        Assert.Equal(["evt_2"], Receiver.IdsAt("one"));
        Assert.Empty(Receiver.IdsAt("off"));
    }

    [Fact]
    public async Task A_message_that_is_published_twice_is_told_once()
    {
        await _host.ListenAsync("hook");

        await _host.TellAsync("evt_1");
        await _host.TellAsync("evt_1", payload: """{"another":true}""");

        Assert.Equal("""{"a":1}""", Assert.Single(Receiver.All).Body);
    }

    [Fact]
    public async Task Messages_of_an_object_wait_for_the_one_before_and_those_of_others_do_not()
    {
        await _host.ListenAsync("hook");
        Receiver.Answer = (received, response) => Receiver.AnswerAsync(response, received.MessageId == "evt_1" ? 500 : 200);

        await _host.TellAsync("evt_1", "pi_1");
        await _host.TellAsync("evt_2", "pi_1");
        await _host.TellAsync("evt_3", "pi_2");
        await _host.TellAsync("evt_4", "pi_1");

        Assert.Equal(["evt_1", "evt_3"], Receiver.IdsAt("hook"));
        Assert.Equal(
            [WebhookDeliveryState.Retrying, WebhookDeliveryState.Behind, WebhookDeliveryState.Delivered, WebhookDeliveryState.Behind],
            (await _host.DeliveriesAsync()).Select(delivery => delivery.State));
        Receiver.Say(200);
        await _host.Host.AdvanceAsync(FirstRetry);
        Assert.Equal(["evt_1", "evt_3", "evt_1", "evt_2", "evt_4"], Receiver.IdsAt("hook"));
    }

    [Fact]
    public async Task A_message_is_tried_for_three_days_and_then_the_next_of_its_object_has_its_turn()
    {
        var endpoint = await _host.ListenAsync("hook");
        Receiver.Answer = (received, response) => Receiver.AnswerAsync(response, received.MessageId == "evt_1" ? 503 : 200, "not now");
        await _host.TellAsync("evt_1");
        await _host.TellAsync("evt_2");

        foreach (var wait in new WebhooksOptions().Schedule)
        {
            Assert.DoesNotContain("evt_2", Receiver.IdsAt("hook"));
            await _host.Host.AdvanceAsync(wait * 0.89);
            var before = Receiver.All.Count;
            await _host.Host.AdvanceAsync(wait * 0.22);
            Assert.Equal(before + 1, Receiver.All.TakeWhile(received => received.MessageId == "evt_1").Count());
        }

        var failed = await _host.DeliveryAsync("evt_1");
        Assert.Equal((WebhookDeliveryState.Failed, 10), (failed.State, failed.Attempts));
        Assert.All(failed.Tries!, attempt => Assert.Equal((503, "not now"), (attempt.Status!.Value, attempt.Answer)));
        Assert.Equal(WebhookDeliveryState.Delivered, (await _host.DeliveryAsync("evt_2")).State);
        Assert.Null((await _host.FindAsync(endpoint.Id)).FailingSince);
    }

    [Fact]
    public async Task An_endpoint_that_only_fails_for_five_days_is_disabled_and_that_is_told()
    {
        var endpoint = await _host.ListenAsync("hook");
        Receiver.Say(500);
        await _host.TellAsync("evt_1", "pi_1");
        var since = Clock.GetUtcNow();

        await _host.Host.AdvanceAsync(TimeSpan.FromDays(4));
        await _host.TellAsync("evt_2", "pi_2");
        Assert.True((await _host.FindAsync(endpoint.Id)).Enabled);
        await _host.Host.AdvanceAsync(TimeSpan.FromDays(1));

        var disabled = await _host.FindAsync(endpoint.Id);
        Assert.Equal((false, WebhookDisabledReason.Failing, since), (disabled.Enabled, disabled.DisabledReason, disabled.FailingSince));
        Assert.All(await _host.DeliveriesAsync(), delivery => Assert.Equal(WebhookDeliveryState.Cancelled, delivery.State));
        Assert.Equal(
            [new WebhookEndpointDisabled(endpoint.Id, endpoint.Url, WebhookDisabledReason.Failing, since)],
            await _host.Host.PublishedAsync<WebhookEndpointDisabled>());
        var tried = Receiver.All.Count;
        await _host.TellAsync("evt_3");
        await _host.Host.AdvanceAsync(TimeSpan.FromDays(4));
        Assert.Equal(tried, Receiver.All.Count);
    }

    [Fact]
    public async Task An_endpoint_that_is_gone_is_disabled_at_once()
    {
        var endpoint = await _host.ListenAsync("hook");
        Receiver.Say(410);

        await _host.TellAsync("evt_1");
        await _host.TellAsync("evt_2");

        Assert.Equal(["evt_1"], Receiver.IdsAt("hook"));
        Assert.Equal(WebhookDisabledReason.Gone, (await _host.FindAsync(endpoint.Id)).DisabledReason);
        Assert.Equal(WebhookDeliveryState.Failed, Assert.Single(await _host.DeliveriesAsync()).State);
        Assert.Equal(WebhookDisabledReason.Gone, Assert.Single(await _host.Host.PublishedAsync<WebhookEndpointDisabled>()).Reason);
    }

    [Fact]
    public async Task Retry_after_is_honoured()
    {
        await _host.ListenAsync("hook");
        Receiver.Answer = (_, response) =>
        {
            response.Headers.RetryAfter = "3600";
            return Receiver.AnswerAsync(response, 429);
        };
        await _host.TellAsync("evt_1");

        await _host.Host.AdvanceAsync(TimeSpan.FromMinutes(59));
        Assert.Single(Receiver.All);
        await _host.Host.AdvanceAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(2, Receiver.All.Count);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await _host.ListenAsync("hook");
        Receiver.Answer = (_, response) =>
        {
            response.Headers.Location = Receiver.UrlOf("elsewhere");
            return Receiver.AnswerAsync(response, 302);
        };

        await _host.TellAsync("evt_1");

        Assert.Equal("/hook", Assert.Single(Receiver.All).Path);
        var attempt = Assert.Single((await _host.DeliveryAsync("evt_1")).Tries!);
        Assert.Equal((302, "Redirects are not followed."), (attempt.Status!.Value, attempt.Error));
    }

    [Fact]
    public async Task Of_a_long_answer_the_beginning_is_kept_and_what_cannot_be_shown_is_replaced()
    {
        await _host.ListenAsync("hook");
        Receiver.Answer = (_, response) => Receiver.AnswerAsync(response, 200, "\0a\u0001\n" + new string('x', 10_000_000));

        await _host.TellAsync("evt_1");

        var attempt = Assert.Single((await _host.DeliveryAsync("evt_1")).Tries!);
        Assert.Equal("\uFFFDa\uFFFD\n" + new string('x', 1020), attempt.Answer);
    }

    [Fact]
    public async Task An_endpoint_that_breaks_off_or_is_not_there_is_tried_again()
    {
        await _host.ListenAsync("cut");
        var nobody = new NewWebhookEndpoint("http://127.0.0.1:9/", ["*"]);
        await _host.PostAsync<EndpointView>("/v1/webhooks/endpoints", nobody, HttpStatusCode.Created);
        Receiver.Answer = (_, response) =>
        {
            response.HttpContext.Abort();
            return Task.CompletedTask;
        };

        await _host.TellAsync("evt_1");

        var deliveries = await _host.DeliveriesAsync();
        Assert.Equal(2, deliveries.Count);
        Assert.All(deliveries, delivery => Assert.Equal((WebhookDeliveryState.Retrying, 1), (delivery.State, delivery.Attempts)));
        var tries = await Task.WhenAll(deliveries.Select(delivery => _host.GetAsync<DeliveryView>($"/v1/webhooks/deliveries/{delivery.Id}")));
        Assert.Equal(
            ["The answer was cut off, or is not HTTP.", "There was no connection."],
            tries.Select(delivery => delivery.Tries![0].Error).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_endpoint_that_does_not_answer_in_time_does_not_delay_another()
    {
        var silence = new TaskCompletionSource();
        await _host.ListenAsync("slow");
        await _host.ListenAsync("quick");
        Receiver.Answer = async (received, response) =>
        {
            if (received.Path == "/slow")
                await silence.Task;
            await Receiver.AnswerAsync(response, 200);
        };

        for (var i = 0; i < 20; i++)
            await _host.PublishAsync($"evt_{i}", $"pi_{i}");
        await Eventually.TrueAsync(() => Receiver.IdsAt("quick").Length == 20 && Receiver.IdsAt("slow").Length == 8);

        // Each of the eight has its time, and then makes room for another.
        Clock.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => Receiver.IdsAt("slow").Length == 16);
        var late = (await _host.DeliveriesAsync("&state=retrying")).First();
        var attempt = Assert.Single((await _host.GetAsync<DeliveryView>($"/v1/webhooks/deliveries/{late.Id}")).Tries!);
        Assert.Equal((null, "There was no answer within 10 s.", 10_000), (attempt.Status, attempt.Error, attempt.DurationMs));
        silence.SetResult();
        await Eventually.TrueAsync(async () => (await _host.DeliveriesAsync("&state=delivered")).Count == 32);
    }

    [Fact]
    public async Task What_was_under_way_when_the_host_ended_is_told_after_the_start_under_the_same_id()
    {
        var endpoint = await _host.ListenAsync("hook");
        using var held = new SemaphoreSlim(0);
        Receiver.Answer = (_, response) => held.WaitAsync(response.HttpContext.RequestAborted);
        await _host.PublishAsync("evt_1");
        await _host.PublishAsync("evt_2");
        await Eventually.TrueAsync(() => Receiver.All.Count == 1);

        await _host.Host.StopAsync();
        Receiver.Say(200);
        await _host.Host.StartAgainAsync();
        await _host.Host.SettleAsync();

        Assert.Equal(["evt_1", "evt_1", "evt_2"], Receiver.IdsAt("hook"));
        Assert.All(await _host.DeliveriesAsync(), delivery => Assert.Equal(WebhookDeliveryState.Delivered, delivery.State));
        Assert.NotNull((await _host.FindAsync(endpoint.Id)).LastSuccessAt);
    }

    [Fact]
    public async Task An_effect_that_is_not_committed_is_told_again_and_kept_once()
    {
        await _host.ListenAsync("hook");
        var obstacle = await Obstacle.OnUpdatesAsync(_host.Host.StoreOf(WebhooksSystem.Name).Shards[0], "endpoint");
        await _host.PublishAsync("evt_1");
        await Eventually.TrueAsync(async () => await CountAsync("basin_job WHERE attempts > 0") == 1);

        await obstacle.RemoveAsync();
        await Eventually.TrueAsync(async () =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return (await _host.DeliveriesAsync("&state=delivered")).Count == 1;
        });

        Assert.True(Receiver.All.Count >= 2);
        Assert.All(Receiver.All, received => Assert.Equal("evt_1", received.MessageId));
        Assert.Single((await _host.DeliveryAsync("evt_1")).Tries!);
    }

    [Fact]
    public async Task A_delivery_that_has_ended_is_sent_again_when_it_is_asked_for()
    {
        await _host.ListenAsync("hook");
        await _host.TellAsync("evt_1");
        var delivery = await _host.DeliveryAsync("evt_1");

        var replayed = await ReplayAsync(delivery);
        await _host.Host.SettleAsync();

        Assert.Equal(delivery.Id, replayed.Id);
        Assert.Equal(["evt_1", "evt_1"], Receiver.IdsAt("hook"));
        Assert.Equal([1, 2], (await _host.DeliveryAsync("evt_1")).Tries!.Select(attempt => attempt.Number));
    }

    [Fact]
    public async Task A_delivery_that_would_be_tried_later_is_tried_now_and_not_twice()
    {
        await _host.ListenAsync("hook");
        Receiver.Say(500);
        await _host.TellAsync("evt_1");
        await _host.TellAsync("evt_2");
        Receiver.Say(200);
        var (first, second) = (await _host.DeliveryAsync("evt_1"), await _host.DeliveryAsync("evt_2"));

        await RefuseAsync(HttpStatusCode.Conflict, "webhook_delivery_under_way", second);
        await ReplayAsync(first);
        await _host.Host.SettleAsync();
        await _host.Host.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(["evt_1", "evt_1", "evt_2"], Receiver.IdsAt("hook"));
    }

    [Fact]
    public async Task A_try_that_was_planned_before_a_replay_is_not_made_beside_it()
    {
        await _host.ListenAsync("hook");
        Receiver.Say(500);
        await _host.TellAsync("evt_1");
        var answers = HoldAnswers();
        await ReplayAsync(await _host.DeliveryAsync("evt_1"));
        await Eventually.TrueAsync(() => Receiver.All.Count == 2);

        Clock.Advance(FirstRetry);
        await _host.PublishAsync("evt_2", "pi_2");
        await Eventually.TrueAsync(() => Receiver.All.Count == 3);
        answers[0].SetResult(200);
        answers[1].SetResult(200);
        await _host.Host.SettleAsync();

        Assert.Equal(["evt_1", "evt_1", "evt_2"], Receiver.IdsAt("hook"));
    }

    [Fact]
    public async Task What_a_try_that_is_out_of_date_has_led_to_changes_nothing()
    {
        var endpoint = await _host.ListenAsync("hook");
        var answers = HoldAnswers();
        await _host.PublishAsync("evt_1");
        await Eventually.TrueAsync(() => Receiver.All.Count == 1);
        await _host.PutAsync(endpoint, enabled: false);
        await _host.PutAsync(endpoint, enabled: true);
        await ReplayAsync(await _host.DeliveryAsync("evt_1"));
        await Eventually.TrueAsync(() => Receiver.All.Count == 2);

        answers[0].SetResult(500);
        await _host.PublishAsync("evt_2", "pi_2");
        await Eventually.TrueAsync(() => Receiver.All.Count == 3);
        Assert.Equal(WebhookDeliveryState.Sending, (await _host.DeliveryAsync("evt_1")).State);
        answers[1].SetResult(200);
        answers[2].SetResult(200);
        await _host.Host.SettleAsync();

        var delivery = await _host.DeliveryAsync("evt_1");
        Assert.Equal((WebhookDeliveryState.Delivered, 1), (delivery.State, delivery.Attempts));
    }

    /// <summary>The statuses of the requests from now on, in their order.</summary>
    private TaskCompletionSource<int>[] HoldAnswers()
    {
        var answers = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();
        var asked = -1;
        Receiver.Answer = async (_, response) => await Receiver.AnswerAsync(response, await answers[Interlocked.Increment(ref asked)].Task);
        return answers;
    }

    [Fact]
    public async Task What_an_endpoint_has_missed_is_replayed_once_it_is_enabled()
    {
        var endpoint = await _host.ListenAsync("hook");
        Receiver.Say(500);
        await _host.TellAsync("evt_1");
        await _host.PutAsync(endpoint, enabled: false);
        Receiver.Say(200);
        var cancelled = await _host.DeliveryAsync("evt_1");
        Assert.Equal(WebhookDeliveryState.Cancelled, cancelled.State);
        await _host.Host.AdvanceAsync(FirstRetry);
        Assert.Single(Receiver.All);

        await RefuseAsync(HttpStatusCode.Conflict, "webhook_endpoint_disabled", cancelled);
        await _host.PutAsync(endpoint, enabled: true);
        await ReplayAsync(cancelled);
        await _host.Host.SettleAsync();

        Assert.Equal(WebhookDeliveryState.Delivered, (await _host.DeliveryAsync("evt_1")).State);
    }

    [Fact]
    public async Task A_deleted_endpoint_is_told_nothing_and_what_it_was_told_can_still_be_read()
    {
        var endpoint = await _host.ListenAsync("hook");
        Receiver.Say(500);
        await _host.TellAsync("evt_1");

        Assert.Equal(HttpStatusCode.NoContent, (await _host.Client.DeleteAsync($"/v1/webhooks/endpoints/{endpoint.Id}", Token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Client.DeleteAsync($"/v1/webhooks/endpoints/{endpoint.Id}", Token)).StatusCode);
        await _host.TellAsync("evt_2");
        await _host.Host.AdvanceAsync(FirstRetry);

        Assert.Single(Receiver.All);
        Assert.Equal(WebhookDeliveryState.Cancelled, (await _host.DeliveryAsync("evt_1")).State);
    }

    [Fact]
    public async Task A_test_message_goes_to_one_endpoint_whatever_it_listens_to()
    {
        var endpoint = await _host.ListenAsync("hook", "payment_intent.succeeded");
        await _host.ListenAsync("other");

        var delivery = await _host.PostAsync<DeliveryView>($"/v1/webhooks/endpoints/{endpoint.Id}/test-messages", null, HttpStatusCode.Created);
        await _host.Host.SettleAsync();

        var received = Assert.Single(Receiver.All);
        Assert.Equal(("/hook", delivery.MessageId), (received.Path, received.MessageId));
        Assert.Equal("webhooks.test", (string?)JsonNode.Parse(received.Body)!["type"]);
        Assert.Equal(WebhookDeliveryState.Delivered, (await _host.DeliveryAsync(delivery.MessageId)).State);
    }

    [Fact]
    public async Task A_former_secret_signs_for_a_day_beside_the_new_one()
    {
        var endpoint = await _host.ListenAsync("hook");
        var rotations = $"/v1/webhooks/endpoints/{endpoint.Id}/secret-rotations";
        var rolled = await _host.PostAsync<SecretView>(rotations, null, HttpStatusCode.OK);
        Assert.Equal(Clock.GetUtcNow().AddDays(1), rolled.FormerUntil);
        Assert.NotEqual(endpoint.Secret, rolled.Secret);

        await _host.TellAsync("evt_1", "pi_1");
        AssertSigned(Receiver.All[^1], rolled.Secret!, endpoint.Secret!);
        Assert.Equal(rolled, await _host.GetAsync<SecretView>($"/v1/webhooks/endpoints/{endpoint.Id}/secret"));
        await _host.Host.AdvanceAsync(TimeSpan.FromDays(1));
        await _host.TellAsync("evt_2", "pi_2");
        AssertSigned(Receiver.All[^1], rolled.Secret!);
        Assert.Equal(rolled with { FormerUntil = null }, await _host.GetAsync<SecretView>($"/v1/webhooks/endpoints/{endpoint.Id}/secret"));

        for (var i = 0; i < 4; i++)
            await _host.PostAsync<SecretView>(rotations, null, HttpStatusCode.OK);
        await _host.TellAsync("evt_3", "pi_3");
        Assert.Equal(6, Receiver.All[^1].Headers["Stripe-Signature"].Split(',').Length);
        using var refused = await _host.Client.PostAsync(rotations, null, Token);
        Assert.Equal((HttpStatusCode.Conflict, "webhook_secrets_too_many"), await RefusalAsync(refused));
    }

    [Fact]
    public async Task A_secret_is_shown_to_no_repeat_and_stored_nowhere_in_the_open()
    {
        using var request = NewRequest();
        using var again = NewRequest();
        using var first = await _host.Client.SendAsync(request, Token);
        using var second = await _host.Client.SendAsync(again, Token);
        var made = (await first.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        var repeated = (await second.Content.ReadFromJsonAsync<JsonNode>(Token))!;
        var secret = (string)made["secret"]!;

        Assert.Equal((string?)made["id"], (string?)repeated["id"]);
        Assert.Null(repeated["secret"]);
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(secret["whsec_".Length..]).Length);
        Assert.Equal(secret, (await _host.GetAsync<SecretView>($"/v1/webhooks/endpoints/{made["id"]}/secret")).Secret);
        await _host.Host.RestartAsync();
        Assert.Equal(secret, (await _host.GetAsync<SecretView>($"/v1/webhooks/endpoints/{made["id"]}/secret")).Secret);
        Assert.Empty(await _host.Host.StoringAsync(secret["whsec_".Length..][..40]));

        HttpRequestMessage NewRequest() => new(HttpMethod.Post, "/v1/webhooks/endpoints")
        {
            Content = JsonContent.Create(new NewWebhookEndpoint(Receiver.UrlOf("hook"), ["*"])),
            Headers = { { Once.Header, "one" } },
        };
    }

    [Fact]
    public async Task What_an_endpoint_is_made_of_can_be_read_replaced_and_listed()
    {
        var request = new NewWebhookEndpoint(
            Receiver.UrlOf("hook"), ["a.b", "a.*", "a.b"], "Our shop", "2026-01-01", new Dictionary<string, string> { ["team"] = "payments" });
        var made = await _host.PostAsync<EndpointView>("/v1/webhooks/endpoints", request, HttpStatusCode.Created);
        var found = await _host.FindAsync(made.Id);
        Assert.Equal(
            (request.Url, "Our shop", "2026-01-01", true, null), (found.Url, found.Description, found.ApiVersion, found.Enabled, found.Secret));
        Assert.Equal(["a.b", "a.*"], found.EnabledTypes);
        Assert.Equal("payments", found.Metadata["team"]);

        var replaced = await _host.PutAsync(made, url: Receiver.UrlOf("new"), types: "c");
        Assert.Equal((Receiver.UrlOf("new"), null, null, 0), (replaced.Url, replaced.Description, replaced.ApiVersion, replaced.Metadata.Count));
        Assert.Equal(["c"], replaced.EnabledTypes);

        var second = await _host.ListenAsync("hook");
        var page = await _host.GetAsync<Page<EndpointView>>("/v1/webhooks/endpoints?limit=1");
        Assert.Equal(second.Id, Assert.Single(page.Items).Id);
        var rest = await _host.GetAsync<Page<EndpointView>>($"/v1/webhooks/endpoints?limit=1&cursor={page.NextCursor}");
        Assert.Equal((made.Id, null), (Assert.Single(rest.Items).Id, rest.NextCursor));
    }

    [Fact]
    public async Task A_tenant_has_sixteen_endpoints_at_most()
    {
        for (var i = 0; i < 16; i++)
            await _host.ListenAsync($"hook{i}");

        using var refused = await _host.Client.PostAsJsonAsync(
            "/v1/webhooks/endpoints", new NewWebhookEndpoint(Receiver.UrlOf("one-more"), ["*"]), Token);

        Assert.Equal((HttpStatusCode.Conflict, "webhook_endpoints_too_many"), await RefusalAsync(refused));
    }

    [Theory]
    [InlineData("https://10.0.0.1/", "A host on the public internet is expected.")]
    [InlineData("https://169.254.169.254/latest", "A host on the public internet is expected.")]
    [InlineData("http://shop.example/", "A URL that begins with https:// is expected.")]
    [InlineData("https://ada:secret@shop.example/", "A URL without user and password is expected.")]
    public async Task A_url_that_may_not_be_called_is_refused_with_its_name(string url, string sentence)
    {
        var endpoint = await _host.ListenAsync("hook");

        using var made = await _host.Client.PostAsJsonAsync("/v1/webhooks/endpoints", new NewWebhookEndpoint(url, ["*"]), Token);
        using var changed = await _host.Client.PutAsJsonAsync($"/v1/webhooks/endpoints/{endpoint.Id}", new ReplaceEndpoint(url, ["*"]), Token);

        foreach (var answer in (HttpResponseMessage[])[made, changed])
        {
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal(sentence, (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!["errors"]!["url"]![0]);
        }
        Assert.Equal(endpoint.Url, (await _host.FindAsync(endpoint.Id)).Url);
    }

    [Fact]
    public async Task Messages_that_ended_long_ago_are_forgotten_with_all_that_belongs_to_them()
    {
        await _host.ListenAsync("hook");
        for (var i = 0; i < 250; i++)
            await _host.PublishAsync($"evt_{i}", $"pi_{i}");
        await _host.Host.SettleAsync();
        await _host.Host.AdvanceAsync(TimeSpan.FromDays(29.9));
        await _host.TellAsync("evt_late");
        Assert.Equal(251, await CountAsync("message"));

        await _host.Host.AdvanceAsync(TimeSpan.FromDays(0.2));
        await Eventually.TrueAsync(async () => await CountAsync("message") == 1);

        Assert.Equal("evt_late", Assert.Single(await _host.DeliveriesAsync()).MessageId);
        Assert.Equal((1, 1), (await CountAsync("delivery"), await CountAsync("attempt")));
        // An id that is forgotten is new again.
        await _host.TellAsync("evt_1");
        Assert.Equal(2, Receiver.IdsAt("hook").Count(id => id == "evt_1"));
    }

    [Theory]
    [InlineData("evt.1", "a", "pi_1", "{}")]
    [InlineData("", "a", "pi_1", "{}")]
    [InlineData("evt_1", "a..b", "pi_1", "{}")]
    [InlineData("evt_1", "a.*", "pi_1", "{}")]
    [InlineData("evt_1", "a", "", "{}")]
    [InlineData("evt_1", "a", "pi_1", "")]
    [InlineData("evt_1", "a", "pi_1", "too large")]
    public async Task A_message_that_breaks_a_limit_becomes_a_dead_letter_and_others_go_on(string id, string type, string objectKey, string payload)
    {
        await _host.ListenAsync("hook");

        await _host.PublishAsync(id, objectKey, type, payload == "too large" ? new string('1', WebhookMessage.MaxPayloadBytes + 1) : payload);
        await _host.TellAsync("evt_2", "pi_2", payload: new string('1', WebhookMessage.MaxPayloadBytes));
        await Eventually.TrueAsync(async () =>
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            return (await _host.Host.Get<DeadLetters>().ListAsync(null, Paging.Of(null, null), Token)).Items.Any(letter => letter.State == "dead");
        });

        Assert.Equal(["evt_2"], Receiver.IdsAt("hook"));
        Assert.Equal(WebhookMessage.MaxPayloadBytes, Receiver.All[0].Body.Length);
    }

    [Fact]
    public async Task Another_tenant_sees_and_changes_nothing()
    {
        var endpoint = await _host.ListenAsync("hook");
        await _host.TellAsync("evt_1");
        var delivery = await _host.DeliveryAsync("evt_1");
        var other = _host.Host.ClientOf(new Caller(new Id<Tenant>(2), "key_of_another", new HashSet<string> { "*" }));

        var (ofEndpoint, ofDelivery) = ($"endpoints/{endpoint.Id}", $"deliveries/{delivery.Id}");
        foreach (var path in (string[])[ofEndpoint, $"{ofEndpoint}/secret", ofDelivery])
            Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/v1/webhooks/{path}", Token)).StatusCode);
        foreach (var path in (string[])[$"{ofEndpoint}/secret-rotations", $"{ofEndpoint}/test-messages", $"{ofDelivery}/replays"])
            Assert.Equal(HttpStatusCode.NotFound, (await other.PostAsync($"/v1/webhooks/{path}", null, Token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.DeleteAsync($"/v1/webhooks/{ofEndpoint}", Token)).StatusCode);
        Assert.DoesNotContain("evt_1", await other.GetStringAsync($"/v1/webhooks/deliveries?endpoint={endpoint.Id}", Token));
        Assert.DoesNotContain(endpoint.Url, await other.GetStringAsync("/v1/webhooks/endpoints", Token));
    }

    [Fact]
    public async Task An_endpoint_that_is_asked_for_again_under_the_same_key_is_made_once()
    {
        var webhooks = _host.Host.Get<IWebhooks>();
        var asked = new NewWebhookEndpoint(Receiver.UrlOf("hook"), ["*"]);

        var first = await webhooks.CreateAsync(WebhooksHost.Tenant, asked, "key", Token);
        var again = await webhooks.CreateAsync(WebhooksHost.Tenant, asked, "key", Token);
        var another = await webhooks.CreateAsync(WebhooksHost.Tenant, asked, null, Token);

        Assert.Equal((first.Endpoint.Id, first.Secret), (again.Endpoint.Id, again.Secret));
        Assert.NotEqual(first.Endpoint.Id, another.Endpoint.Id);
        var wrong = asked with { EnabledTypes = ["a b"] };
        var refused = await Assert.ThrowsAsync<ProblemException>(
            async () => await webhooks.CreateAsync(WebhooksHost.Tenant, wrong, null, Token));
        Assert.Equal(["enabledTypes[0]"], refused.Problem.Errors.Keys);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Task<DeliveryView> ReplayAsync(DeliveryView delivery) =>
        _host.PostAsync<DeliveryView>($"/v1/webhooks/deliveries/{delivery.Id}/replays", null, HttpStatusCode.Accepted);

    private async Task RefuseAsync(HttpStatusCode status, string code, DeliveryView delivery)
    {
        using var refused = await _host.Client.PostAsync($"/v1/webhooks/deliveries/{delivery.Id}/replays", null, Token);
        Assert.Equal((status, code), await RefusalAsync(refused));
    }

    private static async Task<(HttpStatusCode Status, string? Code)> RefusalAsync(HttpResponseMessage answer) =>
        (answer.StatusCode, (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!["code"]);

    private async Task<long> CountAsync(string table) => (await _host.Host.StoreOf(WebhooksSystem.Name).ReadAsync(
        ShardKey.First, snapshot => snapshot.NumberAsync($"SELECT COUNT(*) FROM {table}"), Token))!.Value;

    private static void AssertSigned(Received received, params string[] secrets)
    {
        var seconds = received.Headers["webhook-timestamp"];
        Assert.Equal(
            $"t={seconds},{string.Join(',', secrets.Select(secret => StripeOf(secret, seconds, received.Body).Split(',')[1]))}",
            received.Headers["Stripe-Signature"]);
        Assert.Equal(
            string.Join(' ', secrets.Select(secret => StandardOf(secret, $"{received.MessageId}.{seconds}.{received.Body}"))),
            received.Headers["webhook-signature"]);
    }

    private static string StripeOf(string secret, string seconds, string body) =>
        $"t={seconds},v1={Convert.ToHexStringLower(HmacOf(Encoding.UTF8.GetBytes(secret), $"{seconds}.{body}"))}";

    private static string StandardOf(string secret, string signed) =>
        $"v1,{Convert.ToBase64String(HmacOf(Convert.FromBase64String(secret["whsec_".Length..]), signed))}";

    private static byte[] HmacOf(byte[] key, string signed) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed));
}
