using System.Net;
using System.Net.Http.Json;
using Basin.Kernel.Ids;
using Basin.Testing;

namespace Basin.Kernel.Tests.Ids;

public sealed class IdsSystemTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ids_are_as_many_as_asked_for_and_all_different()
    {
        await using var host = await StartAsync();

        var one = await MakeAsync(host, "");
        var many = await MakeAsync(host, "?count=10000");

        Assert.Equal((1, 10_000), (one.Count, many.Count));
        Assert.Equal(10_001, one.Concat(many).Distinct().Count());
        Assert.All(many, id => Assert.True(long.Parse(id) > 0));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("10001")]
    [InlineData("many")]
    public async Task A_count_out_of_range_is_refused_by_name(string count)
    {
        await using var host = await StartAsync();

        var response = await host.Client.PostAsync($"/v1/ids?count={count}", null, Cancelled);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("\"count\"", await response.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task A_repeat_under_one_key_gets_the_same_ids_until_the_answer_is_forgotten()
    {
        await using var host = await StartAsync();
        host.Client.DefaultRequestHeaders.Add("Idempotency-Key", "\"batch 1\"");

        var first = await MakeAsync(host, "?count=3");
        Assert.Equal(first, await MakeAsync(host, "?count=3"));
        await host.AdvanceAsync(TimeSpan.FromHours(23));
        Assert.Equal(first, await MakeAsync(host, "?count=3"));

        await host.AdvanceAsync(TimeSpan.FromHours(1.1));
        Assert.NotEqual(first, await MakeAsync(host, "?count=3"));
    }

    private static async Task<IReadOnlyList<string>> MakeAsync(TestHost host, string query)
    {
        var response = await host.Client.PostAsync($"/v1/ids{query}", null, Cancelled);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<IdBatch>(Cancelled))!.Ids;
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(builder => builder.AddIds(), app => app.MapIds());
}
