using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;
using static Microsoft.Playwright.Assertions;

namespace Basin.Host.Tests;

/// <summary>Load shedding in the whole program: which class each route has, and what the refused see.</summary>
public sealed class SheddingTests(SheddingTests.Full host) : IClassFixture<SheddingTests.Full>
{
    private static readonly string[] Essential =
    [
        "GET /console/load", "GET /console/load/live", "GET /console/sign-in", "GET /health/live", "GET /health/ready", "GET /v1/load",
        "POST /console/load", "POST /console/sign-in",
    ];

    private static readonly string[] Background =
    [
        "GET /metrics", "GET /openapi/{documentName}.json", "GET /v1/events", "GET /v1/load/routes", "GET /v1/products/export",
        "POST /v1/payments/reconciliations", "POST /v1/products/import",
    ];

    private static readonly string[] Stays =
    [
        "GET /console/live", "GET /inbox/live", "GET /orders/{id}/live", "GET /v1/orders/{id}/events", "GET /v1/products/export", "POST /v1/products/import",
    ];

    private static readonly string[] Paying =
    [
        "POST /v1/orders", "POST /v1/orders/{id}/cancel", "POST /orders/{id}/cancel", "POST /checkout", "GET /checkout", "POST /payments/notices/{provider}",
        "POST /v1/payments/{id}/refunds", "POST /stripe/v1/payment_intents", "POST /stripe/v1/payment_intents/{id}/confirm", "POST /stripe/v1/tokens",
        "POST /v1/ledger/transfers",
    ];

    /// <summary>A new route that is never refused, or always first, is a decision that somebody takes here too.</summary>
    [Fact]
    public async Task Every_route_has_the_class_that_it_should_have()
    {
        var routes = await host.RoutesAsync();

        Assert.Equal(Essential, Named(routes, route => route.Class == "essential" && !route.Route.StartsWith("/internal/", StringComparison.Ordinal)));
        Assert.Equal(Background, Named(routes, route => route.Class == "background"));
        Assert.Equal(Stays, Named(routes, route => route.Stays));
        Assert.Subset(Named(routes, route => route.Class == "checkout").ToHashSet(), Paying.ToHashSet());
        Assert.All(routes.Where(route => route.Class == "browse"), route => Assert.Equal("GET", route.Method));
        Assert.All(
            routes.Where(route => route.Route.StartsWith("/console", StringComparison.Ordinal)), route => Assert.Contains(route.Class, (string[])["essential", "checkout"]));
    }

    private static List<string> Named(IEnumerable<Classed> routes, Func<Classed, bool> which) =>
        [.. routes.Where(which).Select(route => $"{route.Method} {route.Route}").Distinct().Order(StringComparer.Ordinal)];

    /// <summary>A wrong key would be 401.</summary>
    [Fact]
    public async Task A_refusal_comes_before_anybody_asks_who_it_is()
    {
        using var refused = await host.Process.ClientOf("no such key").GetAsync("/v1/orders/ord_0000000000001/events", TestContext.Current.CancellationToken);
        var problem = (await refused.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "overloaded"), (refused.StatusCode, problem["code"]!.GetValue<string>()));
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.Contains("nosniff", refused.Headers.GetValues("X-Content-Type-Options"));
    }

    [Theory]
    [InlineData("light")]
    [InlineData("dark")]
    [InlineData("phone")]
    public async Task Whoever_is_refused_sees_a_page_of_the_shop(string look)
    {
        await using var browser = await Browser.StartAsync();
        await using var tab = await browser.OpenAsync(host.Process.Client.BaseAddress!, Look.Named(look));

        var answer = await tab.Page.GotoAsync("/inbox/live");

        Assert.Equal(503, answer!.Status);
        await Expect(tab.Page.Locator("main strong")).ToHaveTextAsync("Many people are here at the moment");
        await tab.Page.ScreenshotAsync(new() { Path = Path.Combine(PagesTests.Screenshots, $"overloaded-{look}.png") });
        Assert.True(await tab.OverhangAsync() <= 0);
        // The status itself is the one thing that the browser complains about.
        Assert.All(tab.Errors, error => Assert.Contains("503", error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Modes_and_classes_are_shown_to_operators()
    {
        var load = (await host.Process.ClientOf().GetFromJsonAsync<JsonNode>("/v1/load", TestContext.Current.CancellationToken))!;

        Assert.Equal(
            ["cached_lists", "demo_paused", "email_later", "suggestions_off"],
            load["modes"]!.AsArray().Select(mode => mode!["name"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.Equal(1, load["staying"]!.GetValue<int>());
    }

    internal sealed record Classed(string Method, string Route, string Class, bool Stays);

    /// <summary>A host that keeps one live answer open, and has one.</summary>
    public sealed class Full : IAsyncLifetime
    {
        private readonly CancellationTokenSource _ending = new();
        private Task _stays = Task.CompletedTask;

        internal HostProcess Process { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Process = await HostProcess.StartAsync("--Basin:Shedding:MostStaying=1");
            _stays = Process.Client.GetAsync("/inbox/live", HttpCompletionOption.ResponseHeadersRead, _ending.Token);
            var client = Process.ClientOf();
            await Eventually.TrueAsync(async () => (await client.GetFromJsonAsync<JsonNode>("/v1/load"))!["staying"]!.GetValue<int>() == 1);
        }

        internal async Task<List<Classed>> RoutesAsync()
        {
            var list = (await Process.ClientOf().GetFromJsonAsync<JsonNode>("/v1/load/routes"))!;
            return
            [
                .. list["items"]!.AsArray().Select(route => new Classed(
                    route!["method"]!.GetValue<string>(), route["route"]!.GetValue<string>(), route["class"]!.GetValue<string>(), route["stays"]!.GetValue<bool>())),
            ];
        }

        public async ValueTask DisposeAsync()
        {
            await _ending.CancelAsync();
            await _stays.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Process.DisposeAsync();
            _ending.Dispose();
        }
    }
}
