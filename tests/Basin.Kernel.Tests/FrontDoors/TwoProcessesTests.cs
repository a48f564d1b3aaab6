using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Telemetry;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Tests.FrontDoors;

/// <summary>The walker runs in one process and the listener in another, on the same database.</summary>
public sealed class TwoProcessesTests : IAsyncLifetime
{
    private static readonly Call<Asked, Dictionary<string, Told>> Hear = new("listener", "hear", MayRepeat: true);

    private readonly string _prefix = PostgresServer.NewPrefix();
    private TestHost _walking = null!;
    private TestHost _listening = null!;

    private sealed record Asked(Id<Thing> Thing, IReadOnlyCollection<string> Words);

    private sealed record Told(int Length, string? Remark);

    public async ValueTask InitializeAsync()
    {
        _listening = await StartAsync("listener", new Uri("http://127.0.0.1:9"));
        _walking = await StartAsync("walker", _listening.Address);
    }

    private Task<TestHost> StartAsync(string here, Uri others) => TestHost.StartAsync(
        builder => builder.AddWalkerAndListener(),
        app =>
        {
            app.MapPost("/v1/listener/ears", () => TypedResults.Ok(2));
            app.MapPost("/v1/walker/feet", () => TypedResults.Ok(2));
            app.MapCall<Listener, Asked, Dictionary<string, Told>>(Hear, (_, asked, _) => asked.Words.Contains("")
                ? throw KernelProblems.Invalid.At("words", "A word is expected.").Refusal()
                : ValueTask.FromResult(asked.Words.ToDictionary(word => word, word => new Told(word.Length, null))));
        },
        new TestHostOptions
        {
            Backend = Backend.Postgres,
            Settings =
            {
                ["Basin:Postgres:SchemaPrefix"] = _prefix,
                ["Basin:Systems:Here"] = here,
                ["Basin:Systems:Address"] = others.ToString(),
            },
        });

    [Fact]
    public async Task A_question_is_answered_by_the_other_process()
    {
        var thing = _walking.Get<Walker>().NewThing();

        var told = await _walking.Get<Peers>().AskAsync(Hear, new Asked(thing, ["left", "right"]), TestContext.Current.CancellationToken);

        Assert.Equal(new Dictionary<string, Told> { ["left"] = new(4, null), ["right"] = new(5, null) }, told);
    }

    [Fact]
    public async Task A_refusal_names_what_is_wrong()
    {
        var asking = _walking.Get<Peers>().AskAsync(Hear, new Asked(_walking.Get<Walker>().NewThing(), [""]), TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<ProblemException>(async () => await asking);

        Assert.Equal(["A word is expected."], refused.Problem.Errors["words"]);
    }

    [Fact]
    public async Task Nobody_else_may_ask()
    {
        var route = new Uri(_listening.Address, "/internal/listener/hear");
        using var stranger = new HttpClient();
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsJsonAsync(route, new { }, TestContext.Current.CancellationToken)).StatusCode);
        // Whoever has an API key is nobody here, whatever it opens elsewhere.
        Assert.Equal(HttpStatusCode.Unauthorized, (await _listening.Client.PostAsJsonAsync(route, new { }, TestContext.Current.CancellationToken)).StatusCode);

        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basin-Peer", _listening.Get<PeerSeal>().TokenFor("walker"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.PostAsJsonAsync(route, new { }, TestContext.Current.CancellationToken)).StatusCode);

        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basin-Peer", _walking.Get<PeerSeal>().TokenFor("listener"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await stranger.PostAsJsonAsync(route, new { words = 5 }, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_route_of_a_system_that_runs_elsewhere_is_misdirected()
    {
        using var own = await _walking.Client.PostAsync("/v1/walker/feet", null, TestContext.Current.CancellationToken);
        using var foreign = await _walking.Client.PostAsync("/v1/listener/ears", null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
        Assert.Equal(HttpStatusCode.MisdirectedRequest, foreign.StatusCode);
        var problem = await foreign.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken);
        Assert.Equal(("misdirected", "It is listener's."), ((string?)problem!["code"], (string?)problem["detail"]));
    }

    [Fact]
    public async Task Events_and_jobs_are_handled_where_their_system_runs()
    {
        var walker = _walking.Get<Walker>();
        var thing = walker.NewThing();
        await walker.StepAsync(thing, 1, 2, 3);
        // Published by a process that does not run the walker, whose jobs are the other's all the same.
        await _listening.Get<Walker>().ScheduleAsync(thing, 7, _walking.Time.GetUtcNow());

        await Eventually.TrueAsync(async () => (await Effects.OfAsync(_walking.StoreOf("listener"))).Count == 3);
        await Eventually.TrueAsync(() => walker.Called.Count == 1);

        Assert.Equal(3, _listening.Get<Listener>().Heard.Count);
        Assert.Empty(_walking.Get<Listener>().Heard);
        Assert.Empty(_listening.Get<Walker>().Called);
    }

    [Fact]
    public async Task The_pulse_of_one_process_is_that_of_both()
    {
        TestHost[] both = [_walking, _listening];
        foreach (var host in both)
            await host.Get<PulseSampler>().SampleAsync(CancellationToken.None);
        await Eventually.TrueAsync(async () =>
        {
            // Only the process that has answered a request counts it.
            using var answer = await _listening.Client.PostAsync("/v1/listener/ears", null, TestContext.Current.CancellationToken);
            foreach (var host in both.Reverse())
            {
                host.Clock.Advance(TimeSpan.FromMilliseconds(100));
                await host.Get<PulseSampler>().SampleAsync(CancellationToken.None);
            }
            return _walking.Get<PulseSampler>().Latest is { Processes: 2 } pulse && pulse.Systems.Any(system => system is { Name: "listener", RatePerSecond: > 0 });
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _walking.DisposeAsync();
        await _listening.DisposeAsync();
    }
}
