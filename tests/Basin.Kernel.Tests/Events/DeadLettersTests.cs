using System.Net;
using System.Net.Http.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Events;

public sealed class DeadLettersTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_replayed_event_takes_effect_and_lets_the_next_of_its_key_go()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1, 2);
        Assert.Equal([("dead", 1), ("blocked", 2)], (await ListAsync(host)).Select(letter => (letter.State, ValueOf(letter))));

        host.Faults.Disarm("on:listener:basin.walker.stepped.v1");
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, (await ListAsync(host))[0].Id, "replay"));
        await host.SettleAsync();

        Assert.Empty(await ListAsync(host));
        Assert.Equal([1, 2], (await Effects.OfAsync(host.StoreOf("listener"))).Select(effect => effect.Value));
    }

    [Fact]
    public async Task A_discarded_event_never_takes_effect_and_lets_the_next_of_its_key_go()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1, 2);
        host.Faults.Disarm("on:listener:basin.walker.stepped.v1");

        var id = (await ListAsync(host))[0].Id;
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, id, "discard"));
        await host.SettleAsync();

        Assert.Equal([2], (await Effects.OfAsync(host.StoreOf("listener"))).Select(effect => effect.Value));
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(host, id, "discard"));
    }

    [Fact]
    public async Task An_event_that_waits_behind_another_is_not_replayed()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1, 2);

        Assert.Equal(HttpStatusCode.Conflict, await SendAsync(host, (await ListAsync(host))[1].Id, "replay"));
        Assert.Equal(["dead", "blocked"], (await ListAsync(host)).Select(letter => letter.State));
    }

    [Fact]
    public async Task A_replayed_event_that_fails_again_has_all_its_tries_again()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1);

        await SendAsync(host, (await ListAsync(host))[0].Id, "replay");
        await host.SettleAsync();

        Assert.Equal(("waiting", 1), ((await ListAsync(host))[0].State, (await ListAsync(host))[0].Attempts));
    }

    [Fact]
    public async Task A_dead_job_can_be_replayed_or_discarded()
    {
        await using var host = await StartAsync();
        var walker = host.Get<Walker>();
        walker.OnCall = (_, _, _) => throw new InvalidOperationException("nobody answers");
        await walker.ScheduleAsync(walker.NewThing(), 1, host.Clock.GetUtcNow());
        await walker.ScheduleAsync(walker.NewThing(), 2, host.Clock.GetUtcNow());
        await host.SettleAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
        var dead = await ListAsync(host);
        Assert.Equal([("job", "nobody answers", 2), ("job", "nobody answers", 2)], dead.Select(letter => (letter.Kind, letter.Error!, letter.Attempts)));

        walker.OnCall = null;
        var (replayed, discarded) = (dead.Single(letter => ValueOf(letter) == 1).Id, dead.Single(letter => ValueOf(letter) == 2).Id);
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, replayed, "replay"));
        Assert.Equal(HttpStatusCode.NoContent, await SendAsync(host, discarded, "discard"));
        await host.SettleAsync();

        Assert.Equal([1], (await Effects.OfAsync(host.StoreOf("walker"))).Select(effect => effect.Value));
        Assert.Empty(await ListAsync(host));
    }

    [Fact]
    public async Task The_same_key_replays_once()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1);
        var id = (await ListAsync(host))[0].Id;

        var first = await SendAsync(host, id, "discard", key: "k1");
        var second = await SendAsync(host, id, "discard", key: "k1");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent), (first, second));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("listener.9.job.1")]
    [InlineData("listener.0.job.x")]
    [InlineData("nobody.0.job.1")]
    [InlineData("listener.0.event.walker.0.99999")]
    public async Task An_unknown_letter_is_not_found(string id)
    {
        await using var host = await StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, await SendAsync(host, id, "replay"));
    }

    [Fact]
    public async Task Another_tenant_sees_and_changes_nothing()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1);
        using var other = host.ClientOf(new Caller(new Id<Tenant>(2), "key_b", new HashSet<string> { "*" }));

        Assert.Empty((await other.GetFromJsonAsync<Page<Letter>>("/v1/dead-letters", Cancelled))!.Items);
        var refused = await other.PostAsync($"/v1/dead-letters/{(await ListAsync(host))[0].Id}/discard", null, Cancelled);

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Single(await ListAsync(host));
    }

    [Fact]
    public async Task Pages_go_through_events_and_jobs_of_all_systems()
    {
        await using var host = await StartAsync();
        await FailAsync(host, 1, 2);
        await FailAsync(host, 3);
        var walker = host.Get<Walker>();
        walker.OnCall = (_, _, _) => throw new InvalidOperationException("no");
        await walker.ScheduleAsync(walker.NewThing(), 4, host.Clock.GetUtcNow());
        await walker.ScheduleAsync(walker.NewThing(), 5, host.Clock.GetUtcNow());
        await host.SettleAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));

        var seen = new List<int>();
        string? cursor = null;
        do
        {
            var page = await host.Client.GetFromJsonAsync<Page<Letter>>(
                "/v1/dead-letters?limit=1" + (cursor is null ? "" : $"&cursor={cursor}"), Cancelled);
            seen.Add(ValueOf(Assert.Single(page!.Items)));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        Assert.Equal([1, 2, 3, 4, 5], seen.Order());
    }

    /// <summary>As it arrives; a client reads no more of a letter than it needs.</summary>
    private sealed record Letter(string Id, string Kind, string State, int Attempts, string? Error, System.Text.Json.JsonElement Data);

    private static int ValueOf(Letter letter) => letter.Data.GetProperty("Value").GetInt32();

    private static async Task<IReadOnlyList<Letter>> ListAsync(TestHost host) =>
        (await host.Client.GetFromJsonAsync<Page<Letter>>("/v1/dead-letters", Cancelled))!.Items;

    private static async Task<HttpStatusCode> SendAsync(TestHost host, string id, string what, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/dead-letters/{id}/{what}");
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return (await host.Client.SendAsync(request, Cancelled)).StatusCode;
    }

    /// <summary>Steps of one thing, the first of which is given up.</summary>
    private static async Task FailAsync(TestHost host, params int[] values)
    {
        host.Faults.Throw("on:listener:basin.walker.stepped.v1", times: 1000);
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), values);
        await host.SettleAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder => builder.AddWalkerAndListener(),
        app => app.MapKernel(),
        new TestHostOptions { Settings = { ["Basin:Events:MaxAttempts"] = "2" } });
}
