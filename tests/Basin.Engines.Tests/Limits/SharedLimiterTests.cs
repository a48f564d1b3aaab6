using System.Diagnostics;
using System.Globalization;
using Basin.Kernel.Hosting;
using Basin.Limits;
using Basin.Limits.Shared;
using Basin.Resp;
using Basin.Testing;

namespace Basin.Engines.Tests.Limits;

/// <summary>Limits that several processes share, in a real Redis.</summary>
public sealed class SharedLimiterTests : IAsyncLifetime
{
    private const string Key = "ada";

    private RedisServer _server = null!;
    private RespClient _redis = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<LimitAlgorithm> Shareable =>
        [LimitAlgorithm.TokenBucket, LimitAlgorithm.LeakyBucket, LimitAlgorithm.Gcra, LimitAlgorithm.FixedWindow, LimitAlgorithm.SlidingCounter];

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(RedisServer.IsInstalled, "redis-server is not installed here.");
        _server = await RedisServer.StartAsync();
        _redis = Connect(_server.Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (_redis is not null)
            await _redis.DisposeAsync();
        _server?.Dispose();
    }

#pragma warning disable RS0030 // A server outside keeps its own time.
    internal static RespClient Connect(int port) =>
        new(
            new RespOptions { Host = "127.0.0.1", Port = port, ConnectTimeout = TimeSpan.FromSeconds(30), Timeout = TimeSpan.FromSeconds(30) },
            TimeProvider.System, new Randomness(1), SharedLimiter.GreetAsync);

    internal static SharedLimiter LimiterOf(RespClient redis, LimitRule rule, WhenUnreachable whenUnreachable = WhenUnreachable.Refuse) =>
        new(redis, "limits:test", rule, whenUnreachable, TimeProvider.System);
#pragma warning restore RS0030

    /// <summary>The scripts, told what time it is, against the model.</summary>
    [Theory]
    [MemberData(nameof(Shareable))]
    public async Task Every_decision_of_a_script_is_that_of_the_model(LimitAlgorithm algorithm)
    {
        var script = LimitScript.Of(algorithm).Text.Replace("redis.call('TIME')", "{ ARGV[5], ARGV[6] }", StringComparison.Ordinal);
        var chance = new Randomness(20261122);
        for (var history = 0; history < 40; history++)
        {
            var hasBurst = algorithm is LimitAlgorithm.TokenBucket or LimitAlgorithm.LeakyBucket or LimitAlgorithm.Gcra;
            var rule = new LimitRule(
                algorithm, OneOf(0, 1, 3, 7, 97, 1000), TimeSpan.FromMicroseconds(OneOf(1_000, 3_333, 1_000_001, 86_400_000_000)), hasBurst ? OneOf(0, 1, 5) : 0);
            var periodUs = rule.Period.Ticks / TimeSpan.TicksPerMicrosecond;
            var model = new LimitModel(rule);
            // Any time of our days: windows begin at multiples of the period since 1970.
            var nowUs = 1_790_000_000_000_000L + chance.Next(1_000_000);
            for (var i = 0; i < 60; i++)
            {
                nowUs += chance.Next(8) switch { < 3 => 0, < 5 => chance.Next(10), < 7 => periodUs * chance.Next(1000) / 700, _ => periodUs * chance.Next(5) };
                var cost = chance.Next(4) == 0 ? rule.Capacity + chance.Next(2) + (rule.Capacity == 0 ? 1 : 0) : 1 + chance.Next(3);
                var answer = await _redis.AskAsync(
                    Cancellation, "EVAL", script, "1", $"{history}", Text(cost), Text(rule.Permits), Text(periodUs), Text(rule.Capacity),
                    Text(nowUs / 1_000_000), Text(nowUs % 1_000_000));
                Assert.Equal((rule, nowUs, cost, model.Take(nowUs, cost)), (rule, nowUs, cost, answer.Items![0].Integer == 1));
            }
        }

        long OneOf(params long[] values) => values[chance.Next(values.Length)];
    }

    [Theory]
    [MemberData(nameof(Shareable))]
    public async Task A_decision_says_how_things_stand(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(_redis, new LimitRule(algorithm, 5, TimeSpan.FromDays(1)));
        for (var left = 4; left >= 0; left--)
        {
            var taken = await limiter.TakeAsync(Key, 1, Cancellation);
            Assert.Equal((true, left, 0), (taken.IsAllowed, taken.Remaining, taken.RetryAfterUs));
            Assert.Equal(algorithm == LimitAlgorithm.LeakyBucket && left < 4, taken.DelayUs > 0);
        }
        var refused = await limiter.TakeAsync(Key, 1, Cancellation);
        Assert.Equal((false, 0), (refused.IsAllowed, refused.Remaining));
        Assert.InRange(refused.RetryAfterUs, 1, 2 * 86_400_000_000);
        Assert.Equal(Decision.Never, (await limiter.TakeAsync("bob", 6, Cancellation)).RetryAfterUs);
        Assert.True((await limiter.TakeAsync("bob", 5, Cancellation)).IsAllowed);
        Assert.InRange((await _redis.AskAsync(Cancellation, "PTTL", $"limits:test:{(int)algorithm}.5.86400000000.5:{Key}")).Integer, 1, 2 * 86_400_000);
    }

    [Fact]
    public async Task A_server_that_refuses_is_as_good_as_gone_and_another_rule_begins_anew()
    {
        var rule = new LimitRule(LimitAlgorithm.TokenBucket, 5, TimeSpan.FromDays(1));
        Assert.Equal(0, (await LimiterOf(_redis, rule).TakeAsync(Key, 5, Cancellation)).Remaining);
        Assert.Equal(4, (await LimiterOf(_redis, rule with { Period = TimeSpan.FromDays(2) }).TakeAsync(Key, 1, Cancellation)).Remaining);

        await _redis.AskAsync(Cancellation, "CONFIG", "SET", "maxmemory", "1");
        Assert.False((await LimiterOf(_redis, rule).TakeAsync("bob", 1, Cancellation)).IsAllowed);
        Assert.True((await LimiterOf(_redis, rule, WhenUnreachable.CountHere).TakeAsync("bob", 1, Cancellation)).IsAllowed);
    }

    [Fact]
    public async Task A_server_that_forgot_its_scripts_is_told_them()
    {
        var limiter = LimiterOf(_redis, new LimitRule(LimitAlgorithm.Gcra, 5, TimeSpan.FromDays(1)));
        await limiter.TakeAsync(Key, 1, Cancellation);
        await _redis.AskAsync(Cancellation, "SCRIPT", "FLUSH");
        Assert.Equal(3, (await limiter.TakeAsync(Key, 1, Cancellation)).Remaining);
        Assert.Equal(2, (await limiter.TakeAsync(Key, 1, Cancellation)).Remaining);
    }

    [Theory]
    [MemberData(nameof(Shareable))]
    public async Task Eight_processes_together_are_allowed_no_more_than_one(LimitAlgorithm algorithm)
    {
        const int permits = 2_000;
        var program = Path.ChangeExtension(typeof(SharedLimiterTests).Assembly.Location, null);
        var workers = Enumerable.Range(0, 8).Select(_ => Process.Start(new ProcessStartInfo(program)
        {
            ArgumentList = { LimitWorker.Argument, $"{_server.Port}", $"{algorithm}", $"{permits}", "500" },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!).ToList();
        var allowed = new List<int>();
        foreach (var worker in workers)
        {
            allowed.Add(int.Parse(await worker.StandardOutput.ReadToEndAsync(Cancellation), CultureInfo.InvariantCulture));
            worker.Dispose();
        }
        // They have asked twice as often. Nothing comes back within the hour.
        Assert.Equal(permits, allowed.Sum());
    }

    [Fact]
    public async Task Without_the_server_each_process_counts_by_itself_or_nobody_is_let_in()
    {
        var rule = new LimitRule(LimitAlgorithm.Gcra, 5, TimeSpan.FromDays(1));
        var (here, closed) = (LimiterOf(_redis, rule, WhenUnreachable.CountHere), LimiterOf(_redis, rule));
        Assert.Equal(4, (await here.TakeAsync(Key, 1, Cancellation)).Remaining);
        _server.Kill();
        await Eventually.TrueAsync(() => Task.FromResult(!_redis.IsConnected));

        for (var left = 4; left >= 0; left--)
            Assert.Equal((true, left), ((await here.TakeAsync(Key, 1, Cancellation)) is var decision ? (decision.IsAllowed, decision.Remaining) : default));
        Assert.False((await here.TakeAsync(Key, 1, Cancellation)).IsAllowed);
        var refused = await closed.TakeAsync(Key, 1, Cancellation);
        Assert.Equal((false, 1_000_000), (refused.IsAllowed, refused.RetryAfterUs));

        await _server.StartAgainAsync();
        await Eventually.TrueAsync(async () => (await closed.TakeAsync(Key, 1, Cancellation)).IsAllowed);
    }

    [Theory]
    [InlineData(LimitAlgorithm.Concurrency, 1, "algorithm")]
    [InlineData(LimitAlgorithm.SlidingLog, 1, "algorithm")]
    [InlineData(LimitAlgorithm.SlidingCounter, 1 << 20, "permits")]
    [InlineData(LimitAlgorithm.Gcra, 100_000, "permits")]
    public void What_a_script_cannot_count_is_refused(LimitAlgorithm algorithm, long permits, string member) => Assert.Equal(
        member,
        Assert.Throws<ArgumentException>(() => LimiterOf(_redis, new LimitRule(algorithm, permits, TimeSpan.FromDays(1)))).ParamName);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>One of several processes that share a limit: asks so often, and prints how often it was allowed.</summary>
internal static class LimitWorker
{
    public const string Argument = "limit-worker";

    public static async Task<int> RunAsync(int port, LimitAlgorithm algorithm, int permits, int asks)
    {
        await using var redis = SharedLimiterTests.Connect(port);
        var limiter = SharedLimiterTests.LimiterOf(redis, new LimitRule(algorithm, permits, TimeSpan.FromDays(10)));
        var allowed = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, asks), async (_, cancellation) =>
        {
            if ((await limiter.TakeAsync("everybody", 1, cancellation)).IsAllowed)
                Interlocked.Increment(ref allowed);
        });
        Console.Write(allowed);
        return 0;
    }
}
