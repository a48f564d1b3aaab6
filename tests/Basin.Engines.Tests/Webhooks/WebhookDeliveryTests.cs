using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Webhooks;
using State = Basin.Webhooks.WebhookDeliveryState;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>What follows from a try, without a host.</summary>
public sealed class WebhookDeliveryTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlyList<TimeSpan> Schedule = new WebhooksOptions().Schedule;
    private static readonly WebhookDelivery First = WebhookDelivery.New(new(1), new(2), new(3), "pi_1", last: null, Now);

    private static WebhookAttempt Answered(int? status) => new(1, Now, 5, status, null, null);

    [Fact]
    public void The_first_of_an_object_is_ready_and_the_next_is_behind()
    {
        Assert.Equal((State.Ready, 1), (First.State, First.Place));
        var second = WebhookDelivery.New(new(4), new(2), new(5), "pi_1", last: 7, Now);
        Assert.Equal((State.Behind, 8), (second.State, second.Place));
    }

    [Theory]
    [InlineData(200, State.Delivered)]
    [InlineData(204, State.Delivered)]
    [InlineData(299, State.Delivered)]
    [InlineData(199, State.Retrying)]
    [InlineData(301, State.Retrying)]
    [InlineData(404, State.Retrying)]
    [InlineData(410, State.Failed)]
    [InlineData(429, State.Retrying)]
    [InlineData(500, State.Retrying)]
    [InlineData(null, State.Retrying)]
    public void Only_2xx_is_success(int? status, State expected) =>
        Assert.Equal(expected, First.Send().After(Answered(status), Schedule, null, 0.5, Now).State);

    [Fact]
    public void The_waits_are_those_of_standard_webhooks_and_last_three_days()
    {
        var (delivery, now, waits) = (First.Send(), Now, new List<TimeSpan>());
        while ((delivery = delivery.After(Answered(500), Schedule, null, chance: 0.5, now)).State == State.Retrying)
        {
            waits.Add(delivery.NextAt!.Value - now);
            now = delivery.NextAt.Value;
            delivery = delivery.BeReady().Send();
        }

        Assert.Equal(Schedule, waits);
        Assert.Equal(new TimeSpan(75, 35, 5), now - Now);
        Assert.Equal((State.Failed, 10, now), (delivery.State, delivery.Attempts, delivery.EndedAt));
    }

    [Theory]
    [InlineData(0, 4.5)]
    [InlineData(0.5, 5)]
    [InlineData(1, 5.5)]
    public void What_failed_together_does_not_come_back_together(double chance, double seconds) =>
        Assert.Equal(Now.AddSeconds(seconds), First.Send().After(Answered(500), Schedule, null, chance, Now).NextAt);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(60, 60)]
    [InlineData(1_000_000, 86_400)]
    [InlineData(-5, 5)]
    public void An_endpoint_is_left_alone_as_it_asks_but_never_less_than_planned_nor_for_more_than_a_day(int asked, int waited) =>
        Assert.Equal(Now.AddSeconds(waited), First.Send().After(Answered(503), Schedule, TimeSpan.FromSeconds(asked), 0.5, Now).NextAt);

    [Fact]
    public void What_is_cancelled_under_way_is_not_tried_again_but_may_have_arrived()
    {
        var cancelled = First.Send() with { State = State.Cancelled, EndedAt = Now };

        Assert.Equal(State.Cancelled, cancelled.After(Answered(500), Schedule, null, 0.5, Now).State);
        Assert.Equal(State.Delivered, cancelled.After(Answered(200), Schedule, null, 0.5, Now).State);
    }

    [Theory]
    [InlineData(State.Behind, null)]
    [InlineData(State.Ready, null)]
    [InlineData(State.Sending, null)]
    [InlineData(State.Retrying, State.Ready)]
    [InlineData(State.Delivered, State.Ready)]
    [InlineData(State.Failed, State.Ready)]
    [InlineData(State.Cancelled, State.Ready)]
    public void A_replay_begins_again_unless_it_is_under_way(State state, State? expected)
    {
        var delivery = First with { State = state, Tries = 5, Attempts = 5 };

        if (expected is null)
            Assert.Equal(WebhooksProblems.UnderWay.Code, Assert.Throws<ProblemException>(() => delivery.Replay(last: null)).Problem.Code);
        else
            Assert.Equal(expected, delivery.Replay(last: null).State);
    }

    [Fact]
    public void A_replay_waits_behind_what_is_open_of_its_object()
    {
        var replayed = (First with { State = State.Failed, Tries = 10, Attempts = 10, EndedAt = Now }).Replay(last: 4);

        Assert.Equal((State.Behind, 5L, 0, 10, null), (replayed.State, replayed.Place, replayed.Tries, replayed.Attempts, replayed.EndedAt));
    }
}

/// <summary>What an endpoint gets, and when it gets nothing any more.</summary>
public sealed class WebhookEndpointTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromDays(5);

    private static WebhookEndpoint With(params string[] types) =>
        WebhookEndpoint.New(new Id<WebhookEndpoint>(1), new NewWebhookEndpoint("https://shop.example/", types), Now);

    private static WebhookAttempt Answered(int? status) => new(1, Now, 5, status, null, null);

    [Theory]
    [InlineData("*", "payment_intent.succeeded", true)]
    [InlineData("payment_intent.succeeded", "payment_intent.succeeded", true)]
    [InlineData("payment_intent.succeeded", "payment_intent.created", false)]
    [InlineData("payment_intent.*", "payment_intent.succeeded", true)]
    [InlineData("payment_intent.*", "payment_intent.a.b", true)]
    [InlineData("payment_intent.*", "payment_intent", false)]
    [InlineData("payment_intent.*", "payment_intents.succeeded", false)]
    [InlineData("payment.*", "payment_intent.succeeded", false)]
    [InlineData("a.b.*", "a.b.c", true)]
    [InlineData("a.b.*", "a.c", false)]
    public void A_type_is_taken_whole_or_by_its_beginning(string enabled, string type, bool taken) =>
        Assert.Equal(taken, With("other", enabled).Takes(type));

    [Fact]
    public void Nothing_is_taken_while_it_is_disabled() =>
        Assert.False(With("*").Disable(WebhookDisabledReason.Requested, Now).Takes("a"));

    [Fact]
    public void It_is_disabled_when_it_has_only_failed_for_long()
    {
        var failing = With("*").After(Answered(500), Patience, Now);
        Assert.Equal((true, Now), (failing.Enabled, failing.FailingSince));

        Assert.True(failing.After(Answered(null), Patience, Now + Patience - TimeSpan.FromMilliseconds(1)).Enabled);
        Assert.Equal(WebhookDisabledReason.Failing, failing.After(Answered(null), Patience, Now + Patience).DisabledReason);
    }

    [Fact]
    public void One_success_begins_the_count_anew()
    {
        var mended = With("*").After(Answered(500), Patience, Now).After(Answered(200), Patience, Now.AddDays(4));

        Assert.Equal((null, Now.AddDays(4)), (mended.FailingSince, mended.LastSuccessAt));
        Assert.True(mended.After(Answered(500), Patience, Now.AddDays(6)).Enabled);
    }

    [Fact]
    public void Whoever_says_to_be_gone_is_disabled_at_once() =>
        Assert.Equal(WebhookDisabledReason.Gone, With("*").After(Answered(410), Patience, Now).DisabledReason);

    [Fact]
    public void What_a_change_does_not_name_stays()
    {
        var endpoint = WebhookEndpoint.New(
            new Id<WebhookEndpoint>(1),
            new NewWebhookEndpoint("https://shop.example/", ["a"], "Shop", "2026-01-01", new Dictionary<string, string> { ["team"] = "x" }), Now);

        Assert.Equal(endpoint, endpoint.Change(new WebhookEndpointChange(), Now.AddDays(1)));
        var emptied = endpoint.Change(new WebhookEndpointChange(Description: "", ApiVersion: "", Metadata: new Dictionary<string, string>()), Now);
        Assert.Equal((null, null, 0), (emptied.Description, emptied.ApiVersion, emptied.Metadata.Count));
        Assert.Equal(["b", "c"], endpoint.Change(new WebhookEndpointChange(EnabledTypes: ["b", "c", "b"]), Now).EnabledTypes);
        var failing = endpoint.Disable(WebhookDisabledReason.Failing, Now) with { FailingSince = Now };
        var enabled = failing.Change(new WebhookEndpointChange(Enabled: true), Now.AddDays(1));
        Assert.Equal((true, null, Now.AddDays(1)), (enabled.Enabled, enabled.FailingSince, enabled.StatusSince));
    }
}
