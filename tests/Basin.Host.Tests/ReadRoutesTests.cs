using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing.Api;

namespace Basin.Host.Tests;

/// <summary>Every route that reads, out of the host's own description, so that none is forgotten.</summary>
public abstract class ReadRoutesChecks(SampleHost shop)
{
    [Fact]
    public async Task Nobody_and_a_key_without_the_scope_read_nothing()
    {
        var others = await shop.ClientAsync(shop.Sample.Client, null, "nothing:read");

        await Assert.AllAsync(Cases, row => (row with { Status = 401, Code = "unauthenticated" }).RunAsync(shop.Nobody));
        await Assert.AllAsync(Cases, row => (row with { Status = 403, Code = "forbidden" }).RunAsync(others));
    }

    [Theory]
    [InlineData("limit", "x")]
    [InlineData("limit", "0")]
    [InlineData("limit", "201")]
    [InlineData("limit", "99999999999")]
    [InlineData("cursor", "")]
    [InlineData("cursor", "!!")]
    public async Task A_page_that_cannot_be_is_refused_with_the_parameter_named(string parameter, string value)
    {
        var lists = Reads.Where(route => route.Parameters.Any(known => known.Name == parameter)).Select(CaseOf).ToList();

        Assert.NotEmpty(lists);
        await Assert.AllAsync(lists, row => (row with
        {
            Path = $"{row.Path}{(row.Path.Contains('?') ? '&' : '?')}{parameter}={Uri.EscapeDataString(value)}",
            Status = 400,
            Code = "invalid_request",
            ErrorFields = [parameter],
        }).RunAsync(shop.Operator));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("PATCH")]
    public Task A_method_that_no_route_takes_is_refused_with_those_that_it_takes(string method) =>
        Assert.AllAsync(shop.Routes.GroupBy(route => route.Path, route => route.Method), async taken =>
        {
            using var answer = await new ApiCase(taken.Key, method, shop.Sample.Fill(taken.Key)).SendAsync(shop.Operator);

            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
            Assert.Subset(answer.Content.Headers.Allow.ToHashSet(), taken.ToHashSet());
            Assert.DoesNotContain(method, answer.Content.Headers.Allow);
        });

    [Fact]
    public async Task Every_dependency_says_what_it_is_for_what_limits_it_and_what_users_see_without_it()
    {
        var answer = (await shop.Operator.GetFromJsonAsync<JsonNode>("/v1/dependencies"))!["data"]!.AsArray();
        var names = answer.Select(each => each!["name"]!.GetValue<string>()).ToList();

        Assert.Subset(names.ToHashSet(), new HashSet<string> { "payments/reserve", "payments/sandbox", "shipping/carrier", "vault/sandbox", "webhooks/endpoints" });
        Assert.All(answer, each =>
        {
            Assert.All((string[])["purpose", "whenDown"], text => Assert.NotEmpty(each![text]!.GetValue<string>()));
            Assert.All((string[])["timeout", "retries", "breaker", "bulkhead"], rule => Assert.NotEmpty(each!["rules"]![rule]!.GetValue<string>()));
        });
    }

    private IEnumerable<ApiRoute> Reads => shop.Routes.Where(route => !route.Writes);

    private IEnumerable<ApiCase> Cases => Reads.Select(CaseOf);

    private ApiCase CaseOf(ApiRoute route) => new(route.Name, route.Method, shop.Sample.Fill(route.PathAndQuery));
}

public sealed class ReadRoutesTests(SampleHost shop) : ReadRoutesChecks(shop), IClassFixture<SampleHost>;

public sealed class MovedReadRoutesTests(MovedHost shop) : ReadRoutesChecks(shop), IClassFixture<MovedHost>;
