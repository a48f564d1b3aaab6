using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Load;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Hosting;

public sealed class RightOfWayTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    private readonly FakeClock _clock = new();
    private readonly TaskCompletionSource _answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HostLoad _load;
    private readonly RightOfWay _rightOfWay;

    public RightOfWayTests()
    {
        _load = new HostLoad([], _clock, NullLogger<HostLoad>.Instance);
        _rightOfWay = new RightOfWay(new EventsOptions { CrowdedAtPerProcessor = 2, LongestYield = TimeSpan.FromSeconds(10) }, _load, _clock);
    }

    private static int Crowd => 2 * Environment.ProcessorCount;

    [Fact]
    public async Task Work_goes_on_beside_a_few_requests()
    {
        var requests = Arrive(_rightOfWay, Crowd - 1, "POST");
        Assert.True(Yield().IsCompletedSuccessfully);
        await AnswerAsync(requests);
    }

    [Fact]
    public async Task Work_steps_back_for_requests_that_are_not_let_in_either()
    {
        _load.Follow(1.2);
        var work = Yield();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(work.IsCompleted);

        _load.Follow(0.9);
        _clock.Advance(Moment);
        await work;
    }

    [Fact]
    public async Task Work_steps_back_for_a_crowd_until_it_has_gone()
    {
        var requests = Arrive(_rightOfWay, Crowd, "POST");
        var work = Yield();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(work.IsCompleted);

        await AnswerAsync(requests);
        _clock.Advance(Moment);
        await work;
    }

    [Fact]
    public async Task Work_goes_on_in_a_crowd_once_it_has_become_old()
    {
        var requests = Arrive(_rightOfWay, Crowd, "PUT");
        var old = _rightOfWay.YieldAsync(_clock.GetUtcNow().AddSeconds(-10), CancellationToken.None);
        Assert.True(old.IsCompletedSuccessfully);

        var work = Yield();
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        Assert.False(work.IsCompleted);
        _clock.Advance(Moment);
        await work;
        await AnswerAsync(requests);
    }

    [Fact]
    public async Task A_clock_that_steps_back_does_not_make_the_wait_longer()
    {
        var requests = Arrive(_rightOfWay, Crowd, "POST");
        var work = Yield();
        _clock.StepWall(TimeSpan.FromHours(-1));
        _clock.Advance(TimeSpan.FromSeconds(10.1));
        await work;
        await AnswerAsync(requests);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Whoever_reads_does_not_crowd(string method)
    {
        var requests = Arrive(_rightOfWay, 10 * Crowd, method);
        Assert.True(Yield().IsCompletedSuccessfully);
        await AnswerAsync(requests);
    }

    [Fact]
    public async Task A_request_that_fails_has_gone_too()
    {
        for (var i = 0; i < Crowd; i++)
            await Assert.ThrowsAsync<FormatException>(() => _rightOfWay.CountAsync(Request("POST"), _ => throw new FormatException()).AsTask());
        _clock.Advance(Moment);
        Assert.True(Yield().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task The_end_of_the_host_ends_the_wait()
    {
        var requests = Arrive(_rightOfWay, Crowd, "POST");
        using var ending = new CancellationTokenSource();
        var work = _rightOfWay.YieldAsync(_clock.GetUtcNow(), ending.Token);
        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work.AsTask());
        await AnswerAsync(requests);
    }

    [Fact]
    public async Task Events_wait_for_a_crowd()
    {
        await using var host = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(),
            options: new TestHostOptions { Settings = { ["Basin:Events:LongestYield"] = "00:00:10" } });
        var applied = new List<DateTimeOffset>();
        host.Get<Listener>().OnStepped = (_, _) =>
        {
            applied.Add(host.Clock.GetUtcNow());
            return ValueTask.CompletedTask;
        };
        await host.SettleAsync();
        var requests = Arrive(host.Get<RightOfWay>(), 32 * Environment.ProcessorCount, "POST");
        var published = host.Clock.GetUtcNow();
        var walker = host.Get<Walker>();
        await walker.StepAsync(walker.NewThing(), 1);
        // Time passes until the first event is as old as it may become, however long its consumer takes to look at it.
        await Eventually.TrueAsync(() =>
        {
            host.Clock.Advance(Moment);
            return applied.Count > 0;
        });
        Assert.True(applied[0] - published >= TimeSpan.FromSeconds(10));
        await AnswerAsync(requests);
    }

    private Task Yield() => _rightOfWay.YieldAsync(_clock.GetUtcNow(), CancellationToken.None).AsTask();

    private Task<object?[]> Arrive(RightOfWay rightOfWay, int count, string method) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => rightOfWay.CountAsync(Request(method), async _ =>
        {
            await _answers.Task;
            return null;
        }).AsTask()));

    private Task AnswerAsync(Task requests)
    {
        _answers.SetResult();
        return requests;
    }

    private static EndpointFilterInvocationContext Request(string method) =>
        EndpointFilterInvocationContext.Create(new DefaultHttpContext { Request = { Method = method } });
}
