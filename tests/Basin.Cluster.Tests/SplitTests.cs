using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using static Microsoft.Playwright.Assertions;

namespace Basin.Cluster.Tests;

/// <summary>The processes share the systems out, and ask each other over HTTP.</summary>
[Collection(Cluster.OneAtATime)]
public sealed class SplitTests(SplitCluster cluster, ITestOutputHelper output) : IClassFixture<SplitCluster>
{
    private const int OrdersPerSecond = 50;

    private static readonly string[] Pages =
    [
        "/", "/cart", "/checkout", "/account/orders", "/notifications", "/sign-in", "/console", "/console/orders", "/console/mail", "/console/webhooks",
        "/console/dead-letters", "/problems",
    ];

    [Fact]
    public async Task Every_path_reaches_a_process_that_runs_its_system()
    {
        var description = await cluster.Client.GetFromJsonAsync<JsonNode>("/openapi/v1.json");
        var routes = description!["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => (Method: operation.Key, Path: path.Key.Replace('{', '_').Replace('}', '_'))))
            .ToList();
        Assert.Contains(("post", "/v1/ids"), routes);

        // Nothing is changed: a write without a body is refused, but only by the process that runs its system.
        foreach (var (method, path) in routes.Concat(Pages.Select(page => (Method: "get", Path: page))))
        {
            using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
            using var answer = await cluster.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.True(
                answer.StatusCode is not (HttpStatusCode.MisdirectedRequest or >= HttpStatusCode.InternalServerError), $"{method} {path}: {answer.StatusCode}");
        }
    }

    [Theory]
    [InlineData("/internal/catalog/find-offers")]
    [InlineData("/INTERNAL/catalog/find-offers")]
    [InlineData("/%69nternal/catalog/find-offers")]
    public async Task Nobody_outside_reaches_what_processes_ask_each_other(string path)
    {
        using var answer = await cluster.Client.PostAsJsonAsync(path, new { tenant = "1", skus = Array.Empty<string>() });

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_shop_sells_whose_systems_are_in_three_processes()
    {
        using var load = new OrderLoad(cluster.NewClient(), OrdersPerSecond);
        await load.DuringAsync(async () =>
        {
            await using var browser = await Browser.StartAsync();
            await using var tab = await browser.OpenAsync(cluster.Address, Look.Light);
            await tab.Page.BuyAsync("tea");
            await Expect(tab.Page.Locator("order-tracker[data-state=delivered]")).ToBeVisibleAsync(new() { Timeout = 60_000 });
            await Expect(tab.Page.Locator("notification-bell .count")).ToHaveTextAsync("3", new() { Timeout = 60_000 });
            await tab.Page.GotoAsync("/cart");
            await Expect(tab.Page.Locator("main")).ToContainTextAsync("empty");
            Assert.Empty(tab.Errors);
        });
        await Audit.AssertAgreesAsync(cluster.Client, load.Acknowledged);
    }

    [Theory]
    [InlineData("kill-basin", "start-basin")]
    [InlineData("pause-basin", "resume-basin")]
    public async Task What_needs_a_system_that_is_gone_says_so_and_goes_on_by_itself(string harm, string mend)
    {
        using var load = new OrderLoad(cluster.NewClient(), OrdersPerSecond);
        var known = await load.OrderAsync();

        await cluster.RunAsync(harm, SplitCluster.Shop);
        JsonNode refusal;
        using (var refused = await cluster.Client.OrderAsync(number: 0))
        {
            refusal = (await refused.Content.ReadFromJsonAsync<JsonNode>())!;
            Assert.Equal((503, "system_unavailable"), ((int)refused.StatusCode, refusal.Text("code")));
            Assert.True(refused.Headers.RetryAfter?.Delta > TimeSpan.Zero);
        }
        Assert.Equal("It is catalog.", refusal.Text("detail"));
        using var found = await cluster.Client.GetAsync($"/v1/orders/{known}");
        Assert.Equal(HttpStatusCode.OK, found.StatusCode);
        using var page = await cluster.Client.GetAsync("/account/orders");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        await cluster.RunAsync(mend, SplitCluster.Shop);
        var began = RealTime.Clock.GetTimestamp();
        await load.OrderAsync();
        output.WriteLine($"Orders are taken {RealTime.Clock.GetElapsedTime(began).TotalSeconds:0.0} s after Catalog is ready again");
        await Audit.AssertAgreesAsync(cluster.Client, load.Acknowledged);
    }

    [Fact]
    public async Task Orders_are_taken_while_what_they_need_later_is_gone()
    {
        using var load = new OrderLoad(cluster.NewClient(), OrdersPerSecond);
        await cluster.RunAsync("kill-basin", SplitCluster.Rest);
        for (var i = 0; i < 20; i++)
            await load.OrderAsync();
        using var page = await cluster.Client.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        await cluster.RunAsync("start-basin", SplitCluster.Rest);

        await Audit.AssertAgreesAsync(cluster.Client, load.Acknowledged);
    }
}
