using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Resilience;
using Basin.Kernel.Tenancy;
using Basin.Limits;
using Basin.Limits.Regions;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;

namespace Basin.Engines.Tests.Limits;

/// <summary>Two installations that count a policy together.</summary>
public sealed class RegionsHttpTests
{
    private const string Settlements = "/v1/limits/settlements";

    private static readonly TimeSpan SettleEvery = TimeSpan.FromMilliseconds(100);

    private static readonly Caller Customer = new(new Basin.Kernel.Ids.Id<Tenant>(7), "ada", new HashSet<string> { "test:read" });

    /// <summary>Forty at once, of which each region may have twenty that the other does not know of.</summary>
    private static Task<TestHost> StartAsync(string here, string there, Uri? address = null, string key = "none") => TestHost.StartAsync(
        builder => builder.AddLimits(),
        app =>
        {
            app.UseLimits();
            app.MapGet("/v1/checkout", () => "").RequireScope("test:read").RequireLimit("checkout");
            app.MapLimits();
            app.MapAccess();
        },
        new TestHostOptions
        {
            Settings = new()
            {
                ["Basin:Limits:Policies:checkout:Regional"] = "true",
                ["Basin:Limits:Policies:checkout:Limits:0:Per:0"] = "Caller",
                ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "40",
                ["Basin:Limits:Policies:checkout:Limits:0:Period"] = "01:00:00",
                ["Basin:Limits:Regions:Here"] = here,
                ["Basin:Limits:Regions:UnsettledPercent"] = "50",
                ["Basin:Limits:Regions:SettleEvery"] = $"{SettleEvery}",
                [$"Basin:Limits:Regions:Others:{there}:Address"] = $"{address ?? new Uri("http://127.0.0.1:9")}",
                [$"Basin:Limits:Regions:Others:{there}:Key"] = key,
            },
        });

    private static HttpClient OperatorOf(TestHost host, string scope) =>
        host.ClientOf(new Caller(host.Get<Tenants>().Main, "operator", new HashSet<string> { scope }));

    private static async Task<string> KeyForOthersAsync(TestHost host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/keys")
        {
            Content = JsonContent.Create(new { name = "us", scopes = new[] { "limits:settle" } }),
            Headers = { { "Idempotency-Key", "us" } },
        };
        using var answer = await OperatorOf(host, "*").SendAsync(request);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!["key"]!.GetValue<string>();
    }

    /// <summary>One asks and the other answers. In three rounds what was let in is told, and confirmed, and promised anew.</summary>
    private static async Task SettleAsync(TestHost asking, TestHost answering)
    {
        var before = Settled();
        await Eventually.TrueAsync(() =>
        {
            asking.Clock.Advance(SettleEvery);
            return Settled() >= before + 3;
        });
        Assert.True(asking.Get<Region>().HasAll && answering.Get<Region>().HasAll);

        long Settled() => asking.Get<Dependencies>().Look().Single(each => each.Name == "limits/region-eu").LastMinute!.Calls;
    }

    private static async Task<int> AllowedAsync(HttpClient client, int tries)
    {
        var allowed = 0;
        for (var i = 0; i < tries; i++)
        {
            using var answer = await client.GetAsync("/v1/checkout");
            allowed += answer.IsSuccessStatusCode ? 1 : 0;
        }
        return allowed;
    }

    [Fact]
    public async Task What_one_region_lets_in_the_other_does_not()
    {
        await using var eu = await StartAsync("eu", "us");
        await using var us = await StartAsync("us", "eu", eu.Address, await KeyForOthersAsync(eu));
        await SettleAsync(us, eu);

        Assert.Equal(20, await AllowedAsync(us.ClientOf(Customer), 30));
        await SettleAsync(us, eu);
        Assert.Equal(20, await AllowedAsync(eu.ClientOf(Customer), 30));
        await SettleAsync(us, eu);
        Assert.Equal(0, await AllowedAsync(us.ClientOf(Customer), 5));
        Assert.Equal(0, await AllowedAsync(eu.ClientOf(Customer), 5));
    }

    [Fact]
    public async Task A_region_that_does_not_answer_is_seen_among_the_dependencies()
    {
        await using var eu = await StartAsync("eu", "us");
        await Eventually.TrueAsync(() =>
        {
            eu.Clock.Advance(SettleEvery);
            return eu.Get<Dependencies>().Look().Single(each => each.Name == "limits/region-us").State != DependencyState.Ok;
        });
        Assert.False(eu.Get<Region>().HasAll);
    }

    /// <summary>Half of the forty an hour, as soon as the promise to the other is over.</summary>
    [Fact]
    public async Task A_region_whose_other_is_gone_lets_in_its_part_of_the_rate()
    {
        await using var eu = await StartAsync("eu", "us");
        var customer = eu.ClientOf(Customer);
        var allowed = 0;
        for (var minute = 0; minute < 60; minute++)
        {
            for (var part = 0; part < 6; part++)
            {
                eu.Clock.Advance(TimeSpan.FromSeconds(10));
                await Eventually.TrueAsync(() => !eu.Get<Region>().HasAll);
            }
            allowed += await AllowedAsync(customer, 1);
        }
        Assert.InRange(allowed, 18, 20);
    }

    [Fact]
    public async Task Only_operators_settle_and_only_what_can_be_meant()
    {
        await using var eu = await StartAsync("eu", "us");
        var settling = OperatorOf(eu, "limits:settle");
        object right = new { from = "us", run = "1", round = 1, spent = Array.Empty<object>(), stamp = 0, promisedUs = 0 };

        Assert.Equal((200, ""), await PostAsync(settling, right));
        Assert.Equal((401, ""), await PostAsync(eu.ClientOf(null), right));
        Assert.Equal((403, ""), await PostAsync(OperatorOf(eu, "limits:write"), right));
        Assert.Equal((403, ""), await PostAsync(eu.ClientOf(Customer with { Scopes = new HashSet<string> { "limits:settle" } }), right));
        Assert.Equal((400, "from"), await PostAsync(settling, new { from = "moon", run = "1", round = 1, spent = Array.Empty<object>(), stamp = 0, promisedUs = 0 }));
        Assert.Equal((400, "round"), await PostAsync(settling, new { from = "us", run = "1", round = 0, spent = Array.Empty<object>(), stamp = 0, promisedUs = 0 }));
        Assert.Equal((400, "promisedUs"), await PostAsync(settling, new { from = "us", run = "1", round = 1, spent = Array.Empty<object>(), stamp = 0, promisedUs = -1 }));
        Assert.Equal(
            (400, "spent[0].permits"),
            await PostAsync(settling, new { from = "us", run = "1", round = 1, spent = new[] { new { limit = "x", key = "y", permits = -5 } }, stamp = 0, promisedUs = 0 }));

        static async Task<(int Status, string Member)> PostAsync(HttpClient client, object told)
        {
            using var answer = await client.PostAsJsonAsync(Settlements, told);
            var errors = answer.StatusCode == HttpStatusCode.BadRequest ? (await answer.Content.ReadFromJsonAsync<JsonNode>())!["errors"] : null;
            return ((int)answer.StatusCode, errors?.AsObject().First().Key ?? "");
        }
    }

    [Theory]
    [InlineData("Basin:Limits:Regions:Here", "")]
    [InlineData("Basin:Limits:Regions:Here", "us")]
    [InlineData("Basin:Limits:Regions:UnsettledPercent", "51")]
    [InlineData("Basin:Limits:Regions:LostAfter", "00:00:04")]
    [InlineData("Basin:Limits:Regions:Others:us:Address", "ftp://us.example")]
    [InlineData("Basin:Limits:Regions:Others:us:Key", "")]
    [InlineData("Basin:Limits:Policies:checkout:Shared", "true")]
    [InlineData("Basin:Limits:Policies:checkout:Limits:0:Algorithm", "FixedWindow")]
    public async Task What_cannot_be_counted_over_regions_refuses_the_start(string name, string value)
    {
        await using var eu = await StartAsync("eu", "us");
        eu.Settings[name] = value;
        await Assert.ThrowsAnyAsync<Exception>(eu.RestartAsync);
    }

    [Fact]
    public async Task A_regional_policy_without_regions_refuses_the_start()
    {
        await using var eu = await StartAsync("eu", "us");
        foreach (var name in eu.Settings.Keys.Where(name => name.StartsWith("Basin:Limits:Regions", StringComparison.Ordinal)).ToList())
            eu.Settings.Remove(name);
        Assert.Contains("checkout", (await Assert.ThrowsAsync<InvalidOperationException>(eu.RestartAsync)).Message, StringComparison.Ordinal);
    }
}
