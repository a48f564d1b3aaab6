using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Limits;
using Basin.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Basin.Engines.Tests.Limits;

/// <summary>Limits as a client meets them.</summary>
public sealed class LimitsHttpTests
{
    private const string Address = "X-Test-Address";

    private static readonly Dictionary<string, string?> Checkout = new()
    {
        ["Basin:Limits:Policies:checkout:Limits:0:Per:0"] = "Address",
        ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "3",
        ["Basin:Limits:Policies:checkout:Limits:0:Period"] = "00:01:00",
        ["Basin:Limits:Policies:checkout:Limits:1:Per:0"] = "Tenant",
        ["Basin:Limits:Policies:checkout:Limits:1:Algorithm"] = "FixedWindow",
        ["Basin:Limits:Policies:checkout:Limits:1:Permits"] = "5",
        ["Basin:Limits:Policies:checkout:Limits:1:Period"] = "00:01:00",
    };

    private static Task<TestHost> StartAsync(Dictionary<string, string?> settings, Func<Task>? work = null) => TestHost.StartAsync(
        builder => builder.AddLimits(),
        app =>
        {
            app.Use((http, next) =>
            {
                if (http.Request.Headers[Address].ToString() is { Length: > 0 } address)
                    http.Connection.RemoteIpAddress = IPAddress.Parse(address);
                return next(http);
            });
            app.UseLimits();
            app.MapGet("/v1/checkout", async () => await (work?.Invoke() ?? Task.CompletedTask)).RequireScope("test:read").RequireLimit("checkout");
            app.MapGet("/v1/report", () => "").RequireScope("test:read").RequireLimit("checkout", cost: 2);
            app.MapGet("/v1/other", () => "").RequireScope("test:read");
            app.MapGet("/v1/free", () => "").RequireScope("test:read").WithoutLimit();
        },
        new TestHostOptions { Settings = settings });

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path = "/v1/checkout", string address = "192.0.2.1")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { Address, address } } };
        return await client.SendAsync(request);
    }

    private static async Task<int> StatusAsync(HttpClient client, string path = "/v1/checkout", string address = "192.0.2.1")
    {
        using var answer = await GetAsync(client, path, address);
        return (int)answer.StatusCode;
    }

    [Fact]
    public async Task What_is_too_much_is_refused_with_the_time_to_come_back()
    {
        await using var host = await StartAsync(Checkout);
        using (var first = await GetAsync(host.Client))
        {
            Assert.Equal("\"address\";q=3;w=60, \"tenant\";q=5;w=60", first.Headers.GetValues("RateLimit-Policy").Single());
            Assert.Equal("\"address\";r=2;t=20, \"tenant\";r=4;t=60", first.Headers.GetValues("RateLimit").Single());
            Assert.Null(first.Headers.RetryAfter);
        }
        Assert.Equal(200, await StatusAsync(host.Client));
        Assert.Equal(200, await StatusAsync(host.Client));

        using var refused = await GetAsync(host.Client);
        var problem = (await refused.Content.ReadFromJsonAsync<JsonNode>())!;
        Assert.Equal((429, "too_many_requests"), ((int)refused.StatusCode, problem["code"]!.GetValue<string>()));
        Assert.Equal("The limit 'address' of the policy 'checkout' is reached.", problem["detail"]!.GetValue<string>());
        Assert.Equal(TimeSpan.FromSeconds(20), refused.Headers.RetryAfter!.Delta);
        Assert.Equal("\"address\";r=0;t=60", refused.Headers.GetValues("RateLimit").Single());

        host.Clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(429, await StatusAsync(host.Client));
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, await StatusAsync(host.Client));
    }

    [Fact]
    public async Task A_wider_limit_that_refuses_leaves_the_narrower_ones_as_they_were()
    {
        await using var host = await StartAsync(Checkout);
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await StatusAsync(host.Client, address: "192.0.2.1"));
        for (var i = 0; i < 2; i++)
            Assert.Equal(200, await StatusAsync(host.Client, address: "192.0.2.2"));
        for (var i = 0; i < 3; i++)
        {
            using var refused = await GetAsync(host.Client, address: "192.0.2.2");
            Assert.Equal("\"tenant\";r=0;t=60", refused.Headers.GetValues("RateLimit").Single());
        }
        // Another tenant has its own, and what is left of the address.
        var other = host.ClientOf(new Caller(new(77), "key_other", new HashSet<string> { "*" }));
        Assert.Equal(200, await StatusAsync(other, address: "192.0.2.2"));
        Assert.Equal(429, await StatusAsync(other, address: "192.0.2.2"));
    }

    [Fact]
    public async Task A_route_may_cost_more_and_others_have_what_all_have()
    {
        await using var host = await StartAsync(Checkout);
        Assert.Equal(200, await StatusAsync(host.Client, "/v1/report"));
        Assert.Equal(429, await StatusAsync(host.Client, "/v1/report"));
        Assert.Equal(200, await StatusAsync(host.Client));
        Assert.Equal(429, await StatusAsync(host.Client));
        using var other = await GetAsync(host.Client, "/v1/other");
        Assert.Equal("\"caller\";q=10000;w=2, \"tenant\";q=20000;w=2", other.Headers.GetValues("RateLimit-Policy").Single());
        using var free = await GetAsync(host.Client, "/v1/free");
        Assert.False(free.Headers.Contains("RateLimit"));
    }

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    public async Task Addresses_of_one_customer_count_as_one(string one, string other, bool areOne)
    {
        await using var host = await StartAsync(Checkout);
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await StatusAsync(host.Client, address: one));
        Assert.Equal(areOne ? 429 : 200, await StatusAsync(host.Client, address: other));
    }

    [Fact]
    public async Task Who_is_allowed_is_not_counted_and_a_dry_run_refuses_nobody()
    {
        await using (var host = await StartAsync(new(Checkout)
        {
            ["Basin:Limits:Policies:checkout:Allow:0"] = "192.0.2.0/24",
            ["Basin:Limits:Policies:checkout:Allow:1"] = "key_trusted",
        }))
        {
            for (var i = 0; i < 10; i++)
                Assert.Equal(200, await StatusAsync(host.Client, address: "192.0.2.7"));
            var trusted = host.ClientOf(new Caller(TestHost.DefaultCaller.Tenant, "key_trusted", new HashSet<string> { "*" }));
            for (var i = 0; i < 10; i++)
                Assert.Equal(200, await StatusAsync(trusted, address: "198.51.100.1"));
        }

        await using var dry = await StartAsync(new(Checkout) { ["Basin:Limits:Policies:checkout:DryRun"] = "true" });
        for (var i = 0; i < 10; i++)
            Assert.Equal(200, await StatusAsync(dry.Client));
    }

    [Fact]
    public async Task A_plan_allows_its_tenants_more()
    {
        await using var host = await StartAsync(new(Checkout)
        {
            ["Basin:Limits:Plans:gold"] = "2",
            [$"Basin:Limits:Tenants:{TestHost.DefaultCaller.Tenant}"] = "gold",
        });
        var allowed = 0;
        for (var i = 0; i < 30; i++)
            allowed += await StatusAsync(host.Client, address: $"192.0.2.{i}") == 200 ? 1 : 0;
        Assert.Equal(10, allowed);
    }

    [Fact]
    public async Task Only_so_many_are_inside_at_once()
    {
        var (inside, leave) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var host = await StartAsync(
            new()
            {
                ["Basin:Limits:Policies:checkout:Limits:0:Algorithm"] = "Concurrency",
                ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "2",
            },
            () =>
            {
                Interlocked.Increment(ref inside);
                return leave.Task;
            });
        var first = new[] { StatusAsync(host.Client), StatusAsync(host.Client) };
        await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref inside) == 2));

        using var refused = await GetAsync(host.Client);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter!.Delta));
        Assert.Equal("\"everybody\";q=2;qu=\"concurrent-requests\"", refused.Headers.GetValues("RateLimit-Policy").Single());
        leave.SetResult();
        var statuses = await Task.WhenAll(first);
        Assert.Equal([200, 200], statuses);
        for (var i = 0; i < 5; i++)
            Assert.Equal(200, await StatusAsync(host.Client));
    }

    [Fact]
    public async Task A_leaky_bucket_lets_requests_wait_for_their_turn()
    {
        await using var host = await StartAsync(new()
        {
            ["Basin:Limits:Policies:checkout:Limits:0:Algorithm"] = "LeakyBucket",
            ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "2",
            ["Basin:Limits:Policies:checkout:Limits:0:Burst"] = "3",
        });
        Assert.Equal(200, await StatusAsync(host.Client));
        var waiting = StatusAsync(host.Client);
        Assert.Equal(200, await StatusAsync(host.Client, "/v1/other"));
        Assert.False(waiting.IsCompleted);
        await Eventually.TrueAsync(() =>
        {
            host.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(waiting.IsCompleted);
        });
        Assert.Equal(200, await waiting);
    }

    [Theory]
    [InlineData("Basin:Limits:Policies:checkout:Limits:0:Permits", "-1", "permits")]
    [InlineData("Basin:Limits:Policies:checkout:Limits:0:Period", "00:00:00", "period")]
    [InlineData("Basin:Limits:Policies:checkout:Allow:0", "10.0.0.0/99", "A network such as")]
    [InlineData("Basin:Limits:Policies:empty:DryRun", "true", "1 to 8 items")]
    [InlineData("Basin:Limits:Tenants:tnt_0000000000001", "gold", "no plan 'gold'")]
    [InlineData("Basin:Limits:Ipv6Prefix", "8", "Ipv6Prefix")]
    [InlineData("Basin:Limits:Nonsense", "8", "Nonsense")]
    public async Task Settings_that_mean_nothing_refuse_the_start(string setting, string value, string sentence)
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var host = await StartAsync(new(Checkout) { [setting] = value });
        });
        Assert.Contains(sentence, $"{failure.Message} {failure.InnerException?.Message}", StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_route_that_asks_for_a_policy_that_there_is_not_refuses_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var host = await TestHost.StartAsync(
                builder => builder.AddLimits(),
                app =>
                {
                    app.UseLimits();
                    app.MapGet("/v1/checkout", () => "").RequireLimit("unheard-of");
                });
        });
        Assert.Contains("asks for the limit 'unheard-of'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_route_that_costs_more_than_there_ever_is_refuses_the_start()
    {
        var failure = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var host = await StartAsync(new(Checkout) { ["Basin:Limits:Policies:checkout:Limits:0:Permits"] = "1" });
        });
        Assert.Contains("A route costs 2 at once", failure.Message, StringComparison.Ordinal);
    }
}
