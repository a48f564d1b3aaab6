using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Basin.Kernel.Access;
using Basin.Kernel.Load;
using Basin.Kernel.Tenancy;
using Basin.Limits;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Engines.Tests.Limits.Shedding;

/// <summary>Load shedding as clients meet it, in a host that works on one request at a time.</summary>
public sealed class SheddingHttpTests
{
    private static readonly Dictionary<string, string?> OneAtATime = new()
    {
        ["Basin:Shedding:MostInFlight"] = "1",
        ["Basin:Shedding:FirstInFlight"] = "1",
        ["Basin:Shedding:LeastInFlight"] = "1",
        ["Basin:Shedding:MostWaiting"] = "1",
        ["Basin:Shedding:MostStaying"] = "2",
    };

    private static readonly DegradedMode Mode = new("lights_off", "It is dark.", EnterAt: 0.9, LeaveBelow: 0.5);

    /// <summary>Handlers that have begun, and what they wait for.</summary>
    private sealed class Work
    {
        private readonly Channel<bool> _begun = Channel.CreateUnbounded<bool>();
        private readonly Channel<bool> _mayEnd = Channel.CreateUnbounded<bool>();
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public async Task RunAsync()
        {
            Interlocked.Increment(ref _count);
            _begun.Writer.TryWrite(true);
            await _mayEnd.Reader.ReadAsync();
        }

        public ValueTask<bool> BegunAsync() => _begun.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public void End(int count = 1)
        {
            for (var ended = 0; ended < count; ended++)
                _mayEnd.Writer.TryWrite(true);
        }
    }

    private static Task<TestHost> StartAsync(Work work, Dictionary<string, string?>? settings = null) => TestHost.StartAsync(
        builder =>
        {
            builder.AddShedding();
            builder.Services.AddSingleton(Mode);
            builder.Services.AddSingleton<RefusalPage>(() => Task.FromResult("<h1>Many people are here</h1>"));
        },
        app =>
        {
            app.UseShedding();
            app.MapShedding();
            app.MapPost("/v1/orders", work.RunAsync).RequireScope("test:write").ServeAs(RequestClass.Checkout);
            app.MapGet("/look", work.RunAsync);
            app.MapGet("/v1/live", work.RunAsync).RequireScope("test:read").ServeAs(RequestClass.Browse, stays: true);
            app.MapGet("/v1/vital", () => "").RequireScope("test:read").ServeAs(RequestClass.Essential);
        },
        new TestHostOptions { Settings = settings ?? OneAtATime });

    private static Task<HttpResponseMessage> OrderAsync(TestHost host, CancellationToken cancellation = default) =>
        host.Client.PostAsync("/v1/orders", null, cancellation);

    /// <summary>One is worked on, and one waits.</summary>
    private static async Task<(Task<HttpResponseMessage> In, Task<HttpResponseMessage> Waiting)> FillAsync(TestHost host, Work work)
    {
        var first = OrderAsync(host);
        await work.BegunAsync();
        var second = OrderAsync(host);
        await Eventually.TrueAsync(() => Task.FromResult(host.Get<LoadMonitor>().Latest.Waiting == 1 || host.Get<Gate>().State.Waiting == 1));
        return (first, second);
    }

    [Fact]
    public async Task What_cannot_be_let_in_is_refused_with_a_time_to_come_back()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var (first, second) = await FillAsync(host, work);

        using var refused = await OrderAsync(host);
        var problem = (await refused.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded", "application/problem+json"),
            (refused.StatusCode, problem["code"]!.GetValue<string>(), refused.Content.Headers.ContentType!.MediaType));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 2, 6);
        Assert.True(refused.Headers.CacheControl!.NoStore);

        work.End(2);
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK], [(await first).StatusCode, (await second).StatusCode]);
        Assert.Equal(2, work.Count);
    }

    [Fact]
    public async Task Those_who_are_refused_together_do_not_come_back_together()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var (first, second) = await FillAsync(host, work);

        var waits = new List<double>();
        for (var request = 0; request < 40; request++)
        {
            using var refused = await OrderAsync(host);
            waits.Add(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        }

        // Four seconds to choose from, and each takes about a quarter.
        Assert.Equal([3, 4, 5, 6], waits.Distinct().Order());
        Assert.All(waits.CountBy(wait => wait), same => Assert.InRange(same.Value, 8, 12));
        work.End(2);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task A_person_sees_a_page_that_comes_again_by_itself()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var (first, second) = await FillAsync(host, work);

        using var request = new HttpRequestMessage(HttpMethod.Get, "/look") { Headers = { { "Accept", "text/html" } } };
        var waiting = host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(() => Task.FromResult(host.Get<Gate>().State.Waiting == 2));
        using var again = new HttpRequestMessage(HttpMethod.Get, "/look") { Headers = { { "Accept", "text/html" } } };
        using var refused = await host.Client.SendAsync(again, TestContext.Current.CancellationToken);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/html"), (refused.StatusCode, refused.Content.Headers.ContentType!.MediaType));
        Assert.Equal("<h1>Many people are here</h1>", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(refused.Headers.RetryAfter!.ToString(), refused.Headers.GetValues("Refresh").Single());
        Assert.Contains("default-src 'self'", refused.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        work.End(3);
        await Task.WhenAll(first, second, waiting);
    }

    [Fact]
    public async Task What_is_essential_is_answered_while_all_else_waits()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var (first, second) = await FillAsync(host, work);

        using var vital = await host.Client.GetAsync("/v1/vital", TestContext.Current.CancellationToken);
        var operators = host.ClientOf(new Caller(host.Get<Tenants>().Main, "operator", new HashSet<string> { "*" }));
        var load = (await operators.GetFromJsonAsync<JsonNode>("/v1/load", TestContext.Current.CancellationToken))!;

        Assert.Equal(HttpStatusCode.OK, vital.StatusCode);
        Assert.Equal(["checkout", "cart", "browse", "background"], load["classes"]!.AsArray().Select(each => each!["class"]!.GetValue<string>()));
        Assert.Equal("lights_off", load["modes"]![0]!["name"]!.GetValue<string>());
        work.End(2);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task A_client_that_has_gone_while_it_waited_is_not_served()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var first = OrderAsync(host);
        await work.BegunAsync();
        using var leaves = new CancellationTokenSource();
        var second = OrderAsync(host, leaves.Token);
        await Eventually.TrueAsync(() => Task.FromResult(host.Get<Gate>().State.Waiting == 1));

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await Eventually.TrueAsync(() => Task.FromResult(host.Get<Gate>().State.Classes[(int)RequestClass.Checkout].Gone == 1));
        work.End();
        await first;

        Assert.Equal(1, work.Count);
    }

    [Fact]
    public async Task Live_answers_are_no_work_and_have_a_bound_of_their_own()
    {
        var work = new Work();
        await using var host = await StartAsync(work);
        var live = new[] { host.Client.GetAsync("/v1/live"), host.Client.GetAsync("/v1/live") };
        await work.BegunAsync();
        await work.BegunAsync();

        using var third = await host.Client.GetAsync("/v1/live", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, third.StatusCode);
        var order = OrderAsync(host);
        await work.BegunAsync();

        work.End(3);
        await Task.WhenAll([.. live, order]);
        Assert.Equal((0, 0), (host.Get<Gate>().State.InFlight, host.Get<Gate>().State.Staying));
    }

    [Fact]
    public async Task Switched_off_nobody_is_refused()
    {
        var work = new Work();
        await using var host = await StartAsync(work, new(OneAtATime) { ["Basin:Shedding:Enabled"] = "false" });
        var orders = Enumerable.Range(0, 10).Select(_ => OrderAsync(host)).ToList();
        for (var order = 0; order < orders.Count; order++)
            await work.BegunAsync();

        work.End(orders.Count);
        Assert.All(await Task.WhenAll(orders), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }

    [Theory]
    [InlineData("LeastInFlight", "2000")]
    [InlineData("MostInFlight", "0")]
    [InlineData("Target", "00:00:00")]
    [InlineData("BrowseWaits", "00:01:00")]
    public async Task An_option_that_cannot_be_refuses_the_start(string option, string value)
    {
        var refusal = await Assert.ThrowsAnyAsync<Exception>(
            () => StartAsync(new Work(), new Dictionary<string, string?> { [$"Basin:Shedding:{option}"] = value }));
        Assert.Contains(option, refusal.ToString(), StringComparison.Ordinal);
    }
}
