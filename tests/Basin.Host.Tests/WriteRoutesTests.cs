using System.Text.Json.Nodes;
using Basin.Testing.Api;

namespace Basin.Host.Tests;

/// <summary>Whatever is sent to a route that writes: it gets in only by what is right.</summary>
public abstract class WriteRoutesChecks(SampleHost shop)
{
    private static readonly string[] Scopes = [.. WriteRoute.All.Select(route => route.Scope).Distinct()];

    public static IEnumerable<TheoryDataRow<string>> Names => WriteRoute.All.Select(route => new TheoryDataRow<string>(route.Name));

    public static IEnumerable<TheoryDataRow<string, string>> BadKeys =>
        from route in WriteRoute.All
        where !route.IsStream
        from key in (string[])["", "\"\"", new string('k', 256)]
        select new TheoryDataRow<string, string>(route.Name, key) { TestDisplayName = $"{route.Name}, a key of {key.Length} characters" };

    [Fact]
    public void Every_route_that_writes_has_a_sample()
    {
        var described = shop.Routes.Where(route => route.Writes);

        Assert.Equal(described.Select(route => route.Name).Order(), WriteRoute.All.Select(route => route.Name).Order());
        Assert.All(described, AssertWhole);
    }

    [Fact]
    public void The_description_names_the_status_that_each_route_answers() => Assert.All(
        shop.Routes.Where(route => route.Writes),
        route => Assert.Equal([WriteRoute.Named(route.Name).Status], route.Successes));

    /// <summary>Otherwise garbage could be refused for what is wrong with the sample itself.</summary>
    [Fact]
    public async Task Every_sample_is_taken_from_a_key_with_no_other_scope()
    {
        var sample = await shop.MakeMainAsync("main");

        foreach (var route in WriteRoute.All)
            await route.Case(sample).RunAsync(await shop.ClientAsync(shop.Operator, null, route.Scope));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Garbage_is_refused_with_the_member_named_and_changes_nothing(string name)
    {
        var before = await shop.LookAsync();

        await Assert.AllAsync(GarbageFor(WriteRoute.Named(name)), row => row.RunAsync(shop.Sample.Client));

        Assert.Equal(before, await shop.LookAsync());
    }

    [Theory]
    [MemberData(nameof(BadKeys))]
    public async Task A_malformed_key_of_idempotency_is_refused_and_changes_nothing(string name, string key)
    {
        var before = await shop.LookAsync();
        var row = WriteRoute.Named(name).Case(shop.Sample);

        await (Refused(row, 400, "invalid_request", "Idempotency-Key") with
        {
            Headers = new Dictionary<string, string>(row.Headers) { ["Idempotency-Key"] = key },
        }).RunAsync(shop.Sample.Client);

        Assert.Equal(before, await shop.LookAsync());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Nobody_and_a_key_without_the_scope_change_nothing(string name)
    {
        var route = WriteRoute.Named(name);
        var others = await shop.ClientAsync(shop.Sample.Client, null, Scopes.Where(scope => scope != route.Scope));
        var before = await shop.LookAsync();
        var row = route.Case(shop.Sample);

        await Refused(row, 401, "unauthenticated").RunAsync(shop.Nobody);
        var refusal = await Refused(row, 403, "forbidden").RunAsync(others);

        Assert.Contains(route.Scope, refusal);
        Assert.Equal(before, await shop.LookAsync());
    }

    /// <summary>A member that the sample leaves out would be a member without garbage.</summary>
    private static void AssertWhole(ApiRoute described)
    {
        var body = WriteRoute.Named(described.Name).Body;
        var members = body is null ? null : JsonNode.Parse(body)!.AsObject().Select(member => member.Key).Order();
        Assert.Equal(described.Members?.Order(), members);
    }

    private IEnumerable<ApiCase> GarbageFor(WriteRoute route)
    {
        var row = route.Case(shop.Sample);
        var inPath = from place in PlacesIn(route.Path)
                     select Refused(row, 400, "invalid_request", place) with { Name = place, Path = Misplace(route, place) };
        var inQuery = from parameter in shop.Routes.Single(described => described.Name == route.Name).Parameters
                      from value in (string[])["x", "-1", "0", "99999999999"]
                      let query = $"{parameter.Name}={value}"
                      select Refused(row, 400, "invalid_request", parameter.Name) with { Name = query, Path = $"{row.Path}?{query}" };
        return [.. route.Garbage(shop.Sample), .. route.TakesAnyId ? [] : inPath, .. inQuery];
    }

    private static IEnumerable<string> PlacesIn(string path) =>
        path.Split('/').Where(step => step.StartsWith('{')).Select(step => step.Trim('{', '}'));

    private string Misplace(WriteRoute route, string place)
    {
        var steps = route.Path.Split('/').Zip(shop.Sample.Fill(route.Path).Split('/'));
        return string.Join('/', steps.Select(step => step.First == $"{{{place}}}" ? new string('x', 300) : step.Second));
    }

    private static ApiCase Refused(ApiCase row, int status, string code, params string[] fields) =>
        row with { Status = status, Code = code, ErrorFields = fields };
}

public sealed class WriteRoutesTests(SampleHost shop) : WriteRoutesChecks(shop), IClassFixture<SampleHost>;

public sealed class MovedWriteRoutesTests(MovedHost shop) : WriteRoutesChecks(shop), IClassFixture<MovedHost>;
