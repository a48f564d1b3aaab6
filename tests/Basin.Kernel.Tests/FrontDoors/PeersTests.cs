using System.Net;
using System.Net.Http.Json;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Tests.FrontDoors;

public sealed class PeersTests : IDisposable
{
    private static readonly Call<int, int> Ask = new("listener", "double", MayRepeat: true);
    private static readonly Call<int, int> AskOnce = new("listener", "count-up", MayRepeat: false);

    private readonly FakeClock _clock = new();
    private readonly Wire _wire = new();
    private readonly Peers _peers;

    public PeersTests()
    {
        var options = new SystemsOptions { Here = "walker", Address = new Uri("http://elsewhere.example:8080"), Concurrent = 2 };
        _peers = new Peers(
            _wire, Placements.Of(options), options, new PeerSeal(new EphemeralDataProtectionProvider(), _clock), Options.Create(new JsonOptions()),
            new Randomness(7), _clock, NullLogger<Peers>.Instance);
    }

    [Fact]
    public async Task A_question_goes_to_the_address_of_the_system_with_a_token_and_its_answer_comes_back()
    {
        _wire.Answer = _ => Json(42);

        Assert.Equal(42, await AskAsync(Ask));

        var request = Assert.Single(_wire.Requests);
        Assert.Equal("http://elsewhere.example:8080/internal/listener/double", request.Address);
        Assert.StartsWith("Basin-Peer ", request.Authorization, StringComparison.Ordinal);
        Assert.Equal("21", request.Body);
    }

    [Theory]
    [InlineData("connection")]
    [InlineData("silence")]
    [InlineData("error")]
    public async Task A_question_that_may_be_repeated_is_asked_again_when_nobody_answers(string trouble)
    {
        _wire.Answer = count => count < 3 ? Trouble(trouble) : Json(42);

        Assert.Equal(42, await AskAsync(Ask));
        Assert.Equal(3, _wire.Requests.Count);
    }

    [Theory]
    [InlineData("connection")]
    [InlineData("silence")]
    public async Task A_question_that_must_not_be_repeated_is_asked_once(string trouble)
    {
        _wire.Answer = _ => Trouble(trouble);

        Assert.Equal("system_unavailable", (await RefusalAsync(AskOnce)).Code);
        Assert.Single(_wire.Requests);
    }

    [Fact]
    public async Task A_system_that_fails_again_and_again_is_left_alone_for_a_while()
    {
        _wire.Answer = _ => Trouble("connection");
        for (var i = 0; i < 10; i++)
            await RefusalAsync(Ask);
        var asked = _wire.Requests.Count;
        Assert.InRange(asked, 6, 10);

        _wire.Answer = _ => Json(42);
        Assert.Equal("system_unavailable", (await RefusalAsync(AskOnce)).Code);
        Assert.Equal(asked, _wire.Requests.Count);

        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(42, await AskAsync(AskOnce));
    }

    [Fact]
    public async Task A_system_that_hangs_takes_only_so_many_questions_at_a_time()
    {
        var silence = new TaskCompletionSource();
        _wire.Answer = async _ =>
        {
            await silence.Task;
            return await Json(42);
        };
        var asking = Enumerable.Range(0, 6).Select(_ => _peers.AskAsync(AskOnce, 21, TestContext.Current.CancellationToken).AsTask()).ToList();

        // Two are asked and two wait; whoever comes then is told at once.
        var told = await Task.WhenAll(asking.Skip(4).Select(each => Assert.ThrowsAsync<ProblemException>(() => each)));
        Assert.All(told, refused => Assert.Equal("system_unavailable", refused.Problem.Code));
        await Eventually.TrueAsync(() => _wire.Requests.Count == 2);

        silence.SetResult();
        Assert.All(await Task.WhenAll(asking.Take(4)), answer => Assert.Equal(42, answer));
    }

    [Fact]
    public async Task A_refusal_crosses_as_it_is_and_is_not_a_failure()
    {
        _wire.Answer = _ => Problem(HttpStatusCode.BadRequest, """
            {"type":"/problems/invalid_request","title":"No.","status":400,"code":"invalid_request","errors":{"sku":["Too long."]}}
            """);

        for (var i = 0; i < 20; i++)
        {
            var refusal = await RefusalAsync(Ask);
            Assert.Equal((400, "invalid_request"), (refusal.Status, refusal.Code));
            Assert.Equal(["Too long."], refusal.Errors["sku"]);
        }
        Assert.Equal(20, _wire.Requests.Count);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.MisdirectedRequest)]
    public async Task What_goes_wrong_on_the_way_is_not_told_to_the_caller_as_their_mistake(HttpStatusCode status)
    {
        _wire.Answer = _ => Problem(status, """{"type":"/problems/x","title":"No.","status":400,"code":"x"}""");

        Assert.Equal((503, "system_unavailable"), await RefusalAsync(Ask) is var refusal ? (refusal.Status, refusal.Code) : default);
    }

    [Fact]
    public async Task Somebody_who_answers_something_else_is_not_the_system()
    {
        _wire.Answer = _ => Task.FromResult(new HttpResponseMessage { Content = new StringContent("<h1>Welcome!</h1>") });

        Assert.Equal("system_unavailable", (await RefusalAsync(Ask)).Code);
    }

    [Fact]
    public async Task Whoever_gives_up_is_not_told_that_the_system_is_gone()
    {
        using var caller = new CancellationTokenSource();
        _wire.Answer = _ => Trouble("silence");

        var asking = _peers.AskAsync(Ask, 21, caller.Token).AsTask();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_page_can_do_without_an_answer_but_not_with_a_mistake()
    {
        _wire.Answer = _ => Trouble("connection");
        Assert.Equal(-1, await Peers.OrWithoutAsync(new ValueTask<int>(AskAsync(AskOnce)), -1));

        _wire.Answer = _ => Problem(HttpStatusCode.BadRequest, """{"type":"/problems/x","title":"No.","status":400,"code":"x"}""");
        await Assert.ThrowsAsync<ProblemException>(async () => await Peers.OrWithoutAsync(new ValueTask<int>(AskAsync(AskOnce)), -1));
    }

    public void Dispose() => _peers.Dispose();

    private async Task<Problem> RefusalAsync(Call<int, int> call) => (await Assert.ThrowsAsync<ProblemException>(() => AskAsync(call))).Problem;

    /// <summary>Time passes while it waits.</summary>
    private async Task<int> AskAsync(Call<int, int> call)
    {
        var asking = _peers.AskAsync(call, 21, TestContext.Current.CancellationToken).AsTask();
        await Eventually.TrueAsync(() =>
        {
            if (!asking.IsCompleted)
                _clock.Advance(TimeSpan.FromMilliseconds(20));
            return asking.IsCompleted;
        });
        return await asking;
    }

    private Task<HttpResponseMessage> Trouble(string trouble) => trouble switch
    {
        "connection" => throw new HttpRequestException("Connection refused"),
        "silence" => _wire.Silence(),
        _ => Task.FromResult(new HttpResponseMessage(HttpStatusCode.BadGateway)),
    };

    private static Task<HttpResponseMessage> Json(int answer) => Task.FromResult(new HttpResponseMessage { Content = JsonContent.Create(answer) });

    private static Task<HttpResponseMessage> Problem(HttpStatusCode status, string json) =>
        Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(json, null, ProblemResult.ContentType) });

    /// <summary>What is between two processes.</summary>
    private sealed class Wire : HttpMessageHandler
    {
        private CancellationToken _current;

        public List<(string Address, string Authorization, string Body)> Requests { get; } = [];

        /// <summary>Of the first question, the second, ...</summary>
        public Func<int, Task<HttpResponseMessage>> Answer { get; set; } = _ => Json(0);

        /// <summary>Lasts until nobody waits any more.</summary>
        public async Task<HttpResponseMessage> Silence()
        {
            await new TaskCompletionSource().Task.WaitAsync(_current);
            return null!;
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            _current = cancellationToken;
            var body = await request.Content!.ReadAsStringAsync(cancellationToken);
            int count;
            lock (Requests)
            {
                Requests.Add((request.RequestUri!.ToString(), request.Headers.Authorization!.ToString(), body));
                count = Requests.Count;
            }
            return await Answer(count);
        }
    }
}
