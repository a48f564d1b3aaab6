using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Events;

public sealed class EventFeedTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_are_CloudEvents_newest_first()
    {
        await using var host = await StartAsync();
        var thing = host.Get<Walker>().NewThing();
        await host.Get<Walker>().StepAsync(thing, 1);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.Get<Walker>().StepAsync(thing, 2);

        var response = await host.Client.GetAsync("/v1/events?system=walker", Cancelled);

        Assert.Equal("application/cloudevents-batch+json", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadFromJsonAsync<JsonElement[]>(Cancelled))!;
        Assert.Equal([2, 1], events.Select(ValueOf));
        string? Of(string name) => events[0].GetProperty(name).GetString();
        Assert.Equal(("1.0", "/walker/0", "basin.walker.stepped.v1"), (Of("specversion"), Of("source"), Of("type")));
        Assert.Equal((thing.ToString(), "application/json"), (Of("subject"), Of("datacontenttype")));
    }

    [Fact]
    public async Task Pages_neither_skip_nor_repeat_whatever_is_published_meanwhile_and_whatever_the_clock_does()
    {
        await using var host = await StartAsync(shards: 3);
        var walker = host.Get<Walker>();
        for (var i = 1; i <= 20; i++)
        {
            await walker.StepAsync(walker.NewThing(i % 3), i);
            host.Clock.StepWall(TimeSpan.FromSeconds(i % 2 == 0 ? -7 : 5));
        }
        var seen = new List<int>();
        var next = "/v1/events?system=walker&limit=3";
        while (next is not null)
        {
            var response = await host.Client.GetAsync(next, Cancelled);
            seen.AddRange((await response.Content.ReadFromJsonAsync<JsonElement[]>(Cancelled))!.Select(ValueOf));
            next = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : null;
            await walker.StepAsync(walker.NewThing(1), 1000);
        }
        Assert.Equal(Enumerable.Range(1, 20), seen.Order());
    }

    [Fact]
    public async Task A_subject_and_a_type_choose()
    {
        await using var host = await StartAsync();
        var walker = host.Get<Walker>();
        var (one, other) = (walker.NewThing(), walker.NewThing());
        await walker.StepAsync(one, 1);
        await walker.StepAsync(other, 2);
        await walker.RestAsync(one, 3);

        Assert.Equal([3, 1], await ListAsync(host.Client, $"?subject={one}"));
        Assert.Equal([3], await ListAsync(host.Client, $"?subject={one}&type=basin.walker.rested.v1"));
    }

    [Theory]
    [InlineData("?system=nobody", "system")]
    [InlineData("?subject=nonsense", "subject")]
    [InlineData("?cursor=1.x", "cursor")]
    [InlineData("?cursor=-1", "cursor")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=many", "limit")]
    public async Task What_cannot_be_read_is_refused_by_name(string query, string member)
    {
        await using var host = await StartAsync();
        var response = await host.Client.GetAsync($"/v1/events{query}", Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<JsonElement>(Cancelled)).GetProperty("errors").TryGetProperty(member, out _));
    }

    [Fact]
    public async Task Another_tenant_sees_nothing_and_a_key_needs_the_scope()
    {
        await using var host = await StartAsync();
        await host.Get<Walker>().StepAsync(host.Get<Walker>().NewThing(), 1);

        using var other = host.ClientOf(new Caller(new Id<Tenant>(2), "key_b", new HashSet<string> { "events:read" }));
        using var without = host.ClientOf(new Caller(new Id<Tenant>(1), "key_c", new HashSet<string> { "orders:read" }));
        using var nobody = host.ClientOf(null);

        Assert.Empty(await ListAsync(other, ""));
        Assert.Equal(HttpStatusCode.Forbidden, (await without.GetAsync("/v1/events", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/v1/events", Cancelled)).StatusCode);
    }

    private static async Task<IEnumerable<int>> ListAsync(HttpClient client, string query) =>
        (await client.GetFromJsonAsync<JsonElement[]>($"/v1/events{query}", Cancelled))!.Select(ValueOf);

    private static int ValueOf(JsonElement happened) => happened.GetProperty("data").GetProperty("Value").GetInt32();

    private static Task<TestHost> StartAsync(int shards = 1) => TestHost.StartAsync(
        builder => builder.AddWalker(),
        app => app.MapKernel(),
        new TestHostOptions { Settings = { ["Basin:Store:Shards:walker"] = shards.ToString() } });
}
