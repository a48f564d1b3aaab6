using Basin.Kernel.Hosting;
using Basin.Kernel.Resilience;
using Basin.Resp;
using Basin.Testing;

namespace Basin.Engines.Tests.Resp;

/// <summary>The client against a real Redis.</summary>
public sealed class RespClientTests : IAsyncLifetime
{
    private RedisServer _server = null!;
    private RespClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed here.");
        _server = await RedisServer.StartAsync();
        _client = ClientOf(new RespOptions { Host = "127.0.0.1", Port = _server.Port });
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        _server?.Dispose();
    }

#pragma warning disable RS0030 // A server outside keeps its own time.
    private static RespClient ClientOf(RespOptions options) => new(options, TimeProvider.System, new Randomness(1));
#pragma warning restore RS0030

    [Fact]
    public async Task Commands_of_many_callers_are_answered_each_with_its_own()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5_000).Select(i => _client.AskAsync(Cancellation, "ECHO", $"{i}")));
        Assert.Equal(Enumerable.Range(0, 5_000).Select(i => $"{i}"), answers.Select(answer => answer.ToString()));
        var counts = await Task.WhenAll(Enumerable.Range(0, 1_000).Select(_ => _client.AskAsync(Cancellation, "INCR", "n")));
        Assert.Equal(Enumerable.Range(1, 1_000).Select(i => (long)i), counts.Select(count => count.Integer).Order());
    }

    [Fact]
    public async Task Large_values_and_errors_come_through()
    {
        var text = new string('x', 5_000_000);
        await _client.AskAsync(Cancellation, "SET", "k", text);
        Assert.Equal(text, (await _client.AskAsync(Cancellation, "GET", "k")).ToString());
        Assert.Equal(RespKind.Null, (await _client.AskAsync(Cancellation, "GET", "other")).Kind);
        Assert.Equal("WRONGTYPE", (await Assert.ThrowsAsync<RespErrorException>(() => _client.AskAsync(Cancellation, "LPUSH", "k", "a"))).Code);
        Assert.Equal("PONG", (await _client.AskAsync(Cancellation, "PING")).ToString());
    }

    [Fact]
    public async Task A_server_that_is_gone_is_told_at_once_and_found_again()
    {
        await _client.AskAsync(Cancellation, "SET", "k", "1");
        var before = Enumerable.Range(0, 100).Select(_ => _client.AskAsync(Cancellation, "INCR", "k")).ToList();
        _server.Kill();
        foreach (var asked in before)
        {
            try
            {
                await asked;
            }
            catch (RespUnavailableException)
            {
                // It was answered, or it was not.
            }
        }
        var seen = _client.AsDependency(new DependencyInfo("test/redis", "Counts.", "Nothing."));
        await Eventually.TrueAsync(() => Task.FromResult(!_client.IsConnected));
        Assert.Equal(DependencyState.Unreachable, seen.Look().State);
        Assert.False((await Assert.ThrowsAsync<RespUnavailableException>(() => _client.AskAsync(Cancellation, "PING"))).MayBeDone);

        await _server.StartAgainAsync();
        await Eventually.TrueAsync(() => Task.FromResult(_client.IsConnected));
        Assert.Equal((DependencyState.Ok, null), (seen.Look().State, seen.Look().Detail));
        Assert.Equal("PONG", (await _client.AskAsync(Cancellation, "PING")).ToString());
    }

    [Fact]
    public async Task A_server_that_stays_silent_is_given_up()
    {
        await using var impatient = ClientOf(new RespOptions { Host = "127.0.0.1", Port = _server.Port, Timeout = TimeSpan.FromMilliseconds(100) });
        await impatient.AskAsync(Cancellation, "PING");
        await _client.AskAsync(Cancellation, "CLIENT", "PAUSE", "1500", "ALL");

        var silent = await Assert.ThrowsAsync<RespUnavailableException>(() => impatient.AskAsync(Cancellation, "SET", "a", "b"));
        Assert.True(silent.MayBeDone);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                return (await impatient.AskAsync(Cancellation, "PING")).ToString() == "PONG";
            }
            catch (RespUnavailableException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task No_more_commands_wait_than_may()
    {
        await using var small = ClientOf(new RespOptions { Host = "127.0.0.1", Port = _server.Port, MaxWaiting = 10, Timeout = TimeSpan.FromSeconds(20) });
        await small.AskAsync(Cancellation, "PING");
        await _client.AskAsync(Cancellation, "CLIENT", "PAUSE", "500", "ALL");
        var large = new string('x', 1_000_000);
        var asked = Enumerable.Range(0, 400).Select(_ => small.AskAsync(Cancellation, "ECHO", large)).ToList();
        var refused = 0;
        foreach (var one in asked)
        {
            try
            {
                await one;
            }
            catch (RespUnavailableException failure) when (!failure.MayBeDone)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1, 399);
    }

    [Fact]
    public async Task A_wrong_password_never_connects()
    {
        await _client.AskAsync(Cancellation, "CONFIG", "SET", "requirepass", "right");
        await using var wrong = ClientOf(new RespOptions { Host = "127.0.0.1", Port = _server.Port, Password = "wrong" });
        await Assert.ThrowsAsync<RespUnavailableException>(() => wrong.AskAsync(Cancellation, "PING"));
        await using var right = ClientOf(new RespOptions { Host = "127.0.0.1", Port = _server.Port, Password = "right", Database = 3 });
        Assert.Equal("PONG", (await right.AskAsync(Cancellation, "PING")).ToString());
    }
}
