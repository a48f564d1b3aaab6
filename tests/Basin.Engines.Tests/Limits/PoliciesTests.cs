using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Tenancy;
using Basin.Limits;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;

namespace Basin.Engines.Tests.Limits;

/// <summary>Policies that operators change, and those that processes share.</summary>
public sealed class PoliciesTests
{
    private const string Route = "/v1/limits/policies/checkout";

    private static readonly Dictionary<string, string?> ThreeAMinute = new()
    {
        ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "3",
        ["Basin:Limits:Policies:checkout:Limits:0:Period"] = "00:01:00",
    };

    /// <summary>Of a checkout.</summary>
    private int _cost = 1;

    private Task<TestHost> StartAsync(Dictionary<string, string?> settings, Backend backend = Backend.Sqlite) => TestHost.StartAsync(
        builder => builder.AddLimits(),
        app =>
        {
            app.UseLimits();
            app.MapGet("/v1/checkout", () => "").RequireScope("test:read").RequireLimit("checkout", _cost);
            app.MapLimits();
        },
        new TestHostOptions { Settings = settings, Backend = backend });

    private static HttpClient OperatorOf(TestHost host) =>
        host.ClientOf(new Caller(host.Get<Tenants>().Main, "operator", new HashSet<string> { "*" }));

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

    private static async Task<HttpResponseMessage> PutAsync(HttpClient client, string policy, string version = "*")
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, Route)
        {
            Content = new StringContent(policy, mediaType: new("application/json")),
            Headers = { { "If-Match", version } },
        };
        return await client.SendAsync(request);
    }

    private static string Permits(int permits, string more = "") => $$"""{"limits":[{"permits":{{permits}},"period":"00:01:00"}]{{more}}}""";

    [Fact]
    public async Task A_change_is_in_force_at_once_and_after_a_restart_until_it_is_taken_back()
    {
        await using var host = await StartAsync(ThreeAMinute);
        Assert.Equal(3, await AllowedAsync(host.Client, 5));

        var operators = OperatorOf(host);
        using (var changed = await PutAsync(operators, Permits(5), "\"0\""))
        {
            var view = (await changed.Content.ReadFromJsonAsync<JsonNode>())!;
            Assert.Equal((HttpStatusCode.OK, "\"1\""), (changed.StatusCode, changed.Headers.ETag!.Tag));
            Assert.Equal(("operator", "operator"), (view["source"]!.GetValue<string>(), view["changedBy"]!.GetValue<string>()));
        }
        Assert.Equal(5, await AllowedAsync(host.Client, 8));

        await host.RestartAsync();
        Assert.Equal(5, await AllowedAsync(host.Client, 8));

        using var request = new HttpRequestMessage(HttpMethod.Delete, Route) { Headers = { { "If-Match", "\"1\"" } } };
        using var taken = await OperatorOf(host).SendAsync(request);
        Assert.Equal("configuration", (await taken.Content.ReadFromJsonAsync<JsonNode>())!["source"]!.GetValue<string>());
        Assert.Equal(3, await AllowedAsync(host.Client, 5));
    }

    [Fact]
    public async Task What_was_counted_stays_where_the_rule_stays()
    {
        await using var host = await StartAsync(ThreeAMinute);
        Assert.Equal(3, await AllowedAsync(host.Client, 5));
        using var changed = await PutAsync(OperatorOf(host), Permits(3, ""","allow":["192.0.2.0/24"]"""));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(0, await AllowedAsync(host.Client, 2));
    }

    [Fact]
    public async Task A_change_of_something_that_has_changed_is_refused()
    {
        await using var host = await StartAsync(ThreeAMinute);
        var operators = OperatorOf(host);
        using var first = await PutAsync(operators, Permits(5), "\"0\"");
        using var second = await PutAsync(operators, Permits(6), "\"0\"");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.PreconditionFailed), (first.StatusCode, second.StatusCode));
        Assert.Equal(5, await AllowedAsync(host.Client, 8));
    }

    [Theory]
    [InlineData("""{"limits":[]}""", "limits")]
    [InlineData("""{"limits":[{"permits":-1}]}""", "limits[0].permits")]
    [InlineData("""{"limits":[{"permits":1,"period":"00:00:00"}]}""", "limits[0].period")]
    [InlineData("""{"limits":[{"permits":1,"per":["route","route"]}]}""", "limits[0].per")]
    [InlineData("""{"limits":[{"permits":1,"burst":11,"algorithm":"leaky_bucket"}]}""", "limits[0].burst")]
    [InlineData("""{"limits":[{"permits":1,"burst":1000000000,"period":"31.00:00:00"}]}""", "limits[0].permits", "gold")]
    [InlineData("""{"limits":[{"permits":1}],"allow":["10.0.0.0/99"]}""", "allow[0]")]
    [InlineData("""{"limits":[{"permits":1}],"shared":true}""", "shared")]
    [InlineData("""{"limits":[{"permits":1,"algorithm":"sliding_log"}],"shared":true}""", "limits[0].algorithm")]
    public async Task What_cannot_be_counted_is_refused_and_changes_nothing(string policy, string member, string? plan = null)
    {
        await using var host = await StartAsync(plan is null ? ThreeAMinute : new(ThreeAMinute) { [$"Basin:Limits:Plans:{plan}"] = "1000" });
        using var answer = await PutAsync(OperatorOf(host), policy);
        var problem = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(member, problem["errors"]!.AsObject().Select(error => error.Key));
        Assert.Equal(3, await AllowedAsync(host.Client, 5));
    }

    [Fact]
    public async Task Only_operators_see_and_change_policies_and_only_those_that_there_are()
    {
        await using var host = await StartAsync(ThreeAMinute);
        var stranger = host.ClientOf(new Caller(new(77), "key_other", new HashSet<string> { "*" }));
        Assert.Equal(HttpStatusCode.Forbidden, (await stranger.GetAsync("/v1/limits/policies")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await PutAsync(stranger, Permits(100))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await OperatorOf(host).GetAsync("/v1/limits/policies/unheard-of")).StatusCode);
        Assert.Equal(3, await AllowedAsync(host.Client, 5));
    }

    [Fact]
    public async Task A_change_that_a_route_no_longer_fits_leaves_the_host_as_it_is_configured()
    {
        await using var host = await StartAsync(ThreeAMinute);
        using (var changed = await PutAsync(OperatorOf(host), Permits(1)))
            Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        _cost = 2;
        await host.RestartAsync();
        // Of three that are configured, one request takes two.
        Assert.Equal(1, await AllowedAsync(host.Client, 3));
    }

    [Fact]
    public async Task Processes_count_together_and_by_themselves_while_the_server_is_gone()
    {
        using var redis = await RedisServer.StartAsync();
        Dictionary<string, string?> settings = new(ThreeAMinute)
        {
            ["Basin:Limits:Policies:checkout:Shared"] = "true",
            ["Basin:Redis:Host"] = "127.0.0.1",
            ["Basin:Redis:Port"] = $"{redis.Port}",
        };
        await using var one = await StartAsync(settings);
        await using var other = await StartAsync(settings);
        Assert.Equal(3, await AllowedAsync(one.Client, 2) + await AllowedAsync(other.Client, 4));

        redis.Kill();
        Assert.Equal(3, await AllowedAsync(one.Client, 5));
        Assert.Equal(3, await AllowedAsync(other.Client, 5));
    }

    [Fact]
    public async Task A_limit_that_must_not_be_passed_lets_nobody_in_while_the_server_is_gone()
    {
        using var redis = await RedisServer.StartAsync();
        await using var host = await StartAsync(new(ThreeAMinute)
        {
            ["Basin:Limits:Policies:checkout:Shared"] = "true",
            ["Basin:Limits:Policies:checkout:WhenUnreachable"] = "Refuse",
            ["Basin:Redis:Host"] = "127.0.0.1",
            ["Basin:Redis:Port"] = $"{redis.Port}",
        });
        Assert.Equal(1, await AllowedAsync(host.Client, 1));
        redis.Kill();
        using var refused = await host.Client.GetAsync("/v1/checkout");
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter!.Delta));
    }

    [Fact]
    public async Task A_shared_limit_that_lets_in_gives_back_what_a_wider_one_refuses()
    {
        using var redis = await RedisServer.StartAsync();
        await using var host = await StartAsync(new()
        {
            ["Basin:Limits:Policies:checkout:Shared"] = "true",
            ["Basin:Limits:Policies:checkout:Limits:0:Per:0"] = "Caller",
            ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "2",
            ["Basin:Limits:Policies:checkout:Limits:0:Period"] = "1.00:00:00",
            ["Basin:Limits:Policies:checkout:Limits:1:Permits"] = "3",
            ["Basin:Limits:Policies:checkout:Limits:1:Period"] = "1.00:00:00",
            ["Basin:Redis:Host"] = "127.0.0.1",
            ["Basin:Redis:Port"] = $"{redis.Port}",
        });
        var other = host.ClientOf(TestHost.DefaultCaller with { Subject = "other" });
        Assert.Equal(2, await AllowedAsync(host.Client, 3));
        Assert.Equal(1, await AllowedAsync(other, 4));
        // Each of the three that were refused by the wider limit was given back by the narrower one.
        using var refused = await other.GetAsync("/v1/checkout");
        Assert.StartsWith("\"everybody\";r=0", refused.Headers.GetValues("RateLimit").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_processes_share_without_a_server_refuses_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var host = await StartAsync(new(ThreeAMinute) { ["Basin:Limits:Policies:checkout:Shared"] = "true" });
        });
        Assert.Contains("Basin:Redis:Host names no server", $"{failure.Message} {failure.InnerException?.Message}", StringComparison.Ordinal);
    }
}
