using System.Net;
using System.Net.Http.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Basin.Testing.Contracts;

namespace Basin.Kernel.Tests.Http;

public sealed class OnceTests : IAsyncLifetime
{
    private readonly SampleApi _api = new();

    private TestHost Host => _api.Host;

    private SampleEndpoints Behaviour => Host.Get<SampleEndpoints>();

    public ValueTask InitializeAsync() => _api.InitializeAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("plain-key", "plain-key")]
    [InlineData("\"quoted-key\"", "\"quoted-key\"")]
    [InlineData("raw-and-quoted", "\"raw-and-quoted\"")]
    [InlineData("~ printable! ", "~ printable!")]
    public async Task A_repeat_gets_the_first_answer_byte_for_byte(string first, string second)
    {
        using var one = await PostAsync(first, 1);
        await Host.RestartAsync();
        using var two = await PostAsync(second, 1);

        Assert.Equal(HttpStatusCode.Created, one.StatusCode);
        Assert.Equal(HttpStatusCode.Created, two.StatusCode);
        Assert.Equal(await one.Content.ReadAsStringAsync(), await two.Content.ReadAsStringAsync());
        Assert.Equal(one.Headers.Location, two.Headers.Location);
        Assert.Equal("\"v1\"", two.Headers.ETag?.Tag);
        Assert.False(one.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal(["true"], two.Headers.GetValues("Idempotency-Replayed"));
        Assert.Single(await EffectsAsync());
    }

    [Fact]
    public async Task Without_a_key_every_request_counts()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Created, (await PostAsync(null, 1)).StatusCode);
        Assert.Equal(3, (await EffectsAsync()).Count);
    }

    [Fact]
    public async Task Another_request_under_the_same_key_is_refused()
    {
        await PostAsync("k", 1);
        using var other = await PostAsync("k", 2);
        await AssertProblemAsync(other, 422, "idempotency_key_reused");
        Assert.Single(await EffectsAsync());
    }

    [Fact]
    public async Task An_answer_without_a_body_is_repeated_too()
    {
        await PostAsync(null, 1);
        using var one = await SendAsync(HttpMethod.Delete, "d", null);
        await PostAsync(null, 2);
        using var two = await SendAsync(HttpMethod.Delete, "d", null);
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent], [one.StatusCode, two.StatusCode]);
        Assert.Contains(await EffectsAsync(), effect => effect.Value == 2);
    }

    [Fact]
    public async Task A_repeat_while_the_first_still_runs_is_refused()
    {
        // What earlier tests have left to do would wait at the gates too.
        await Host.SettleAsync();
        var gates = new List<Gate>();
        foreach (var shard in Shards)
            gates.Add(await Gate.CloseAsync(shard));
        var first = PostAsync("k", 1);
        await Eventually.TrueAsync(() => Shards.Sum(shard => shard.QueuedWrites) == 1);

        using var second = await PostAsync("k", 1);
        await AssertProblemAsync(second, 409, "idempotency_in_flight");
        Assert.NotNull(second.Headers.RetryAfter);
        gates.ForEach(gate => gate.Dispose());
        Assert.Equal(HttpStatusCode.Created, (await first).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await PostAsync("k", 1)).StatusCode);
        Assert.Single(await EffectsAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_is_kept_and_its_effects_are_not(bool thrown)
    {
        var problem = new Problem(409, "out_of_tea", "There is no tea.") { Detail = "Wait.", RetryAfter = TimeSpan.FromSeconds(7) }.At("value", "Too many.");
        Behaviour.OnNote = _ => thrown ? throw problem.Refusal() : problem;
        using var one = await PostAsync("k", 1);
        Behaviour.OnNote = null;
        using var two = await PostAsync("k", 1);

        await AssertProblemAsync(one, 409, "out_of_tea");
        var body = await AssertProblemAsync(two, 409, "out_of_tea");
        Assert.Contains("Too many.", body);
        Assert.Contains("Wait.", body);
        Assert.Equal(TimeSpan.FromSeconds(7), two.Headers.RetryAfter?.Delta);
        Assert.Equal(["true"], two.Headers.GetValues("Idempotency-Replayed"));
        Assert.Empty(await EffectsAsync());
    }

    [Fact]
    public async Task What_is_not_the_request_s_fault_is_not_kept()
    {
        Func<Note, Problem?>[] failures =
        [
            _ => new Problem(503, "later", "Later."),
            _ => throw new Problem(502, "provider", "Later.").Refusal(),
            _ => throw new FormatException("unforeseen"),
            _ => throw new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, "full"),
        ];
        for (var i = 0; i < failures.Length; i++)
        {
            Behaviour.OnNote = failures[i];
            Assert.InRange((int)(await PostAsync($"k{i}", i)).StatusCode, 500, 599);
            Behaviour.OnNote = null;
            Assert.Equal(HttpStatusCode.Created, (await PostAsync($"k{i}", i)).StatusCode);
        }
        Assert.Equal(failures.Length, (await EffectsAsync()).Count);
    }

    [Fact]
    public async Task A_key_belongs_to_one_caller_of_one_tenant()
    {
        Caller[] callers = [new(new Id<Tenant>(1), "a", Everything), new(new Id<Tenant>(1), "b", Everything), new(new Id<Tenant>(2), "a", Everything)];
        foreach (var caller in callers)
        {
            using var answer = await SendAsync(HttpMethod.Post, "k", new Note(1, "note"), Host.ClientOf(caller));
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
            Assert.False(answer.Headers.Contains("Idempotency-Replayed"));
        }
        Assert.Equal(3, (await EffectsAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"\"")]
    [InlineData("tab\tinside")]
    [InlineData("long")]
    public async Task A_key_that_is_garbage_is_refused(string key)
    {
        using var answer = await PostAsync(key == "long" ? new string('k', 256) : key, 1);
        var body = await AssertProblemAsync(answer, 400, "invalid_request");
        Assert.Contains("Idempotency-Key", body);
        Assert.Empty(await EffectsAsync());
    }

    [Fact]
    public async Task Fifty_requests_at_once_have_one_effect()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync("same", 1)));
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.Conflict));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        var bodies = await Task.WhenAll(answers.Where(a => a.StatusCode == HttpStatusCode.Created).Select(a => a.Content.ReadAsStringAsync()));
        Assert.Single(bodies.Distinct());
        Assert.Single(await EffectsAsync());
    }

    private static IReadOnlySet<string> Everything => new HashSet<string> { "*" };

    private IReadOnlyList<Shard> Shards => Host.StoreOf("listener").Shards;

    private Task<List<Effect>> EffectsAsync() => Effects.OfAsync(Host.StoreOf("listener"));

    private Task<HttpResponseMessage> PostAsync(string? key, int value) => SendAsync(HttpMethod.Post, key, new Note(value, "note"));

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string? key, Note? note, HttpClient? client = null)
    {
        using var request = new HttpRequestMessage(method, "/v1/notes") { Content = note is null ? null : JsonContent.Create(note) };
        if (key is not null)
            request.Headers.TryAddWithoutValidation(Once.Header, key);
        return await (client ?? Host.Client).SendAsync(request);
    }

    private static async Task<string> AssertProblemAsync(HttpResponseMessage answer, int status, string code)
    {
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, body);
        Assert.Contains($"\"code\":\"{code}\"", body);
        return body;
    }
}
