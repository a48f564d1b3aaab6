using Basin.Kernel.Hosting;
using Basin.Kernel.Resilience;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Resilience;

/// <summary>What holds for every call of a dependency.</summary>
public sealed class CalledDependencyTests : IDisposable
{
    private static readonly CallLimits Limits = new()
    {
        Timeout = TimeSpan.FromSeconds(2),
        Concurrent = 2,
        Breaker = new BreakerLimits(0.5, 4, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5)),
    };

    private readonly FakeClock _clock = new();
    private readonly List<CalledDependency> _made = [];

    [Fact]
    public async Task An_answer_comes_back_and_is_counted()
    {
        var dependency = Make(Limits);

        Assert.Equal(42, await dependency.CallAsync(_ => Task.FromResult(42), CancellationToken.None));

        var seen = dependency.Look();
        Assert.Equal((DependencyState.Ok, 0, new CallCounts(1, 0, 0)), (seen.State, seen.InFlight, seen.LastMinute));
    }

    [Fact]
    public async Task A_call_that_takes_too_long_is_told_to_end_and_is_not_waited_for()
    {
        var dependency = Make(Limits);
        var told = CancellationToken.None;
        var hanging = new TaskCompletionSource<int>();

        var asking = dependency.CallAsync(
            token =>
            {
                told = token;
                return hanging.Task;
            },
            CancellationToken.None).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(asking.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(0.2));

        var late = await Assert.ThrowsAsync<DependencyException>(() => asking);
        Assert.Equal((DependencyFailure.Late, true), (late.Failure, late.WasAsked));
        Assert.True(told.IsCancellationRequested);
    }

    [Fact]
    public async Task A_call_that_goes_on_after_its_time_keeps_its_place_until_it_ends()
    {
        var dependency = Make(Limits with { Concurrent = 1 });
        var hanging = new TaskCompletionSource<int>();
        var asking = dependency.CallAsync(_ => hanging.Task, CancellationToken.None).AsTask();
        _clock.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<DependencyException>(() => asking);

        Assert.Equal(1, dependency.Look().InFlight);
        Assert.Equal(DependencyFailure.Full, await FailureAsync(dependency, _ => Task.FromResult(1)));

        hanging.SetResult(0);
        await Eventually.TrueAsync(() => dependency.Look().InFlight == 0);
        Assert.Equal(1, await dependency.CallAsync(_ => Task.FromResult(1), CancellationToken.None));
    }

    [Fact]
    public async Task One_call_too_many_is_refused_and_the_others_go_on()
    {
        var dependency = Make(Limits);
        var hanging = new TaskCompletionSource<int>();
        var first = dependency.CallAsync(_ => hanging.Task, CancellationToken.None).AsTask();
        var second = dependency.CallAsync(_ => hanging.Task, CancellationToken.None).AsTask();

        var asked = false;
        var refused = await Assert.ThrowsAsync<DependencyException>(() => dependency.CallAsync(_ => Task.FromResult(asked = true), CancellationToken.None).AsTask());
        Assert.Equal((DependencyFailure.Full, false, false), (refused.Failure, refused.WasAsked, asked));
        Assert.Equal((2, DependencyState.Struggling), (dependency.Look().InFlight, dependency.Look().State));

        hanging.SetResult(7);
        Assert.Equal((7, 7), (await first, await second));
        Assert.Equal(7, await dependency.CallAsync(_ => Task.FromResult(7), CancellationToken.None));
    }

    [Fact]
    public async Task Few_wait_for_a_place_and_only_for_a_while()
    {
        var dependency = Make(Limits with { Concurrent = 1, Waiting = 2, Patience = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromMinutes(1) });
        var hanging = new TaskCompletionSource<int>();
        var running = dependency.CallAsync(_ => hanging.Task, CancellationToken.None).AsTask();
        var impatient = FailureAsync(dependency, _ => Task.FromResult(1));
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        var lucky = dependency.CallAsync(_ => Task.FromResult(2), CancellationToken.None).AsTask();
        Assert.Equal((1, 2), (dependency.Look().InFlight, dependency.Look().Waiting));

        Assert.Equal(DependencyFailure.Full, await FailureAsync(dependency, _ => Task.FromResult(3)));
        _clock.Advance(TimeSpan.FromSeconds(0.6));
        Assert.Equal(DependencyFailure.Full, await impatient);
        hanging.SetResult(0);
        Assert.Equal((0, 2), (await running, await lucky));
    }

    [Fact]
    public async Task A_full_bulkhead_says_nothing_to_the_breaker()
    {
        var dependency = Make(Limits with { Concurrent = 1, Timeout = TimeSpan.FromMinutes(1) });
        var hanging = new TaskCompletionSource<int>();
        var running = dependency.CallAsync(_ => hanging.Task, CancellationToken.None).AsTask();
        for (var i = 0; i < 20; i++)
            Assert.Equal(DependencyFailure.Full, await FailureAsync(dependency, _ => Task.FromResult(1)));

        Assert.False(dependency.IsOpen);
        hanging.SetResult(1);
        Assert.Equal(1, await running);
    }

    [Fact]
    public async Task The_breaker_opens_when_most_calls_fail_and_closes_when_one_succeeds_after_the_pause()
    {
        var dependency = Make(Limits);
        for (var i = 0; i < 4; i++)
            Assert.Equal(DependencyFailure.Failed, await FailureAsync(dependency, _ => throw new IOException("No.")));

        var opened = dependency.Look();
        Assert.True(dependency.IsOpen);
        Assert.Equal((DependencyState.Open, _clock.GetUtcNow()), (opened.State, opened.Since));
        var asked = 0;
        Assert.Equal(DependencyFailure.Open, await FailureAsync(dependency, _ => Task.FromResult(asked++)));
        Assert.Equal(0, asked);

        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(DependencyFailure.Failed, await FailureAsync(dependency, _ => throw new IOException("No.")));
        Assert.Equal(DependencyFailure.Open, await FailureAsync(dependency, _ => Task.FromResult(asked++)));

        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, await dependency.CallAsync(_ => Task.FromResult(1), CancellationToken.None));
        Assert.Equal(2, await dependency.CallAsync(_ => Task.FromResult(2), CancellationToken.None));
        Assert.False(dependency.IsOpen);

        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal((DependencyState.Ok, _clock.GetUtcNow()), (dependency.Look().State, dependency.Look().Since));
    }

    [Fact]
    public async Task Whoever_leaves_says_nothing_of_the_dependency()
    {
        var dependency = Make(Limits);
        for (var i = 0; i < 10; i++)
            await LeaveAsync(dependency);

        Assert.False(dependency.IsOpen);
        Assert.Equal((DependencyState.Ok, CallCounts.None), (dependency.Look().State, dependency.Look().LastMinute));
    }

    [Fact]
    public async Task Leaving_the_one_call_after_the_pause_does_not_close_the_breaker()
    {
        var dependency = Make(Limits);
        for (var i = 0; i < 4; i++)
            await FailureAsync(dependency, _ => throw new IOException("No."));
        _clock.Advance(TimeSpan.FromSeconds(5));

        await LeaveAsync(dependency);

        Assert.Equal(DependencyFailure.Open, await FailureAsync(dependency, _ => Task.FromResult(1)));
    }

    [Fact]
    public async Task What_is_an_answer_passes_as_it_is_and_is_no_failure()
    {
        var dependency = Make(Limits, failure => failure is InvalidOperationException);
        for (var i = 0; i < 20; i++)
            await Assert.ThrowsAsync<InvalidOperationException>(() => dependency.CallAsync<int>(_ => throw new InvalidOperationException(), CancellationToken.None).AsTask());

        Assert.Equal((DependencyState.Ok, new CallCounts(20, 0, 0)), (dependency.Look().State, dependency.Look().LastMinute));
    }

    [Fact]
    public async Task Only_what_may_be_repeated_is_repeated()
    {
        var dependency = Make(Limits with { Retry = new RetryLimits(3, TimeSpan.FromMilliseconds(50)) });
        var asked = 0;

        Assert.Equal(DependencyFailure.Failed, await FailureAsync(dependency, _ => throw new IOException($"{asked++}")));
        Assert.Equal(1, asked);

        var repeated = dependency.CallAsync(
            _ => ++asked < 4 ? throw new IOException("No.") : Task.FromResult(asked), CancellationToken.None, mayRepeat: true).AsTask();
        Assert.Equal(4, await PassingTimeAsync(repeated));
    }

    [Fact]
    public async Task Repeats_are_a_small_part_of_the_calls_however_many_fail()
    {
        const int Calls = 400;
        var dependency = Make(Limits with { Breaker = null, Retry = new RetryLimits(3, TimeSpan.FromMilliseconds(50)) { Share = 0.1 } });
        var asked = 0;
        for (var i = 0; i < Calls; i++)
        {
            var asking = dependency.CallAsync<int>(_ => throw new IOException($"{asked++}"), CancellationToken.None, mayRepeat: true).AsTask();
            await Assert.ThrowsAsync<DependencyException>(() => PassingTimeAsync(asking));
        }

        // A tenth of the calls, and the ten that a quiet time has saved.
        Assert.InRange(asked - Calls, 1, (Calls / 10) + 10);
    }

    [Fact]
    public async Task A_breaker_that_opens_and_closes_is_logged_once_each()
    {
        var log = new TestLog();
        var dependency = Make(Limits, log: log.CreateLogger("Dependency"));
        for (var i = 0; i < 10; i++)
            await FailureAsync(dependency, _ => throw new IOException("No."));
        _clock.Advance(TimeSpan.FromSeconds(5));
        await dependency.CallAsync(_ => Task.FromResult(1), CancellationToken.None);

        Assert.Equal(
            ["test/thing fails most of its calls and is not asked for 5 s", "test/thing answers again"], log.Lines.Select(line => line.Text));
    }

    [Fact]
    public async Task What_happened_a_minute_ago_is_forgotten()
    {
        var dependency = Make(Limits);
        await FailureAsync(dependency, _ => throw new IOException("No."));
        Assert.Equal(DependencyState.Struggling, dependency.Look().State);

        _clock.Advance(TimeSpan.FromSeconds(65));

        Assert.Equal((DependencyState.Ok, CallCounts.None), (dependency.Look().State, dependency.Look().LastMinute));
    }

    [Fact]
    public void The_rules_are_said_in_words()
    {
        var rules = Make(Limits with { Waiting = 3, Retry = new RetryLimits(3, TimeSpan.FromMilliseconds(50)) }).Look().Rules;

        Assert.Equal("2 s", rules.Timeout);
        Assert.Equal("2 at most, from 50 ms, and only what may be repeated; together at most 10 % of the calls; by the test", rules.Retries);
        Assert.Equal("opens for 5 s when 50 % of 4 or more calls in 10 s fail", rules.Breaker);
        Assert.Equal("2 at a time, 3 more wait up to 1 s", rules.Bulkhead);
    }

    public void Dispose() => _made.ForEach(dependency => dependency.Dispose());

    private CalledDependency Make(CallLimits limits, Func<Exception, bool>? isAnswer = null, Microsoft.Extensions.Logging.ILogger? log = null)
    {
        var info = new DependencyInfo("test/thing", "Is called.", "Nothing.") { ComesAgain = "by the test" };
        var dependency = new CalledDependency(info, limits, _clock, new Randomness(7), log ?? NullLogger.Instance, isAnswer);
        _made.Add(dependency);
        return dependency;
    }

    private static async Task<DependencyFailure> FailureAsync(CalledDependency dependency, Func<CancellationToken, Task<int>> call) =>
        (await Assert.ThrowsAsync<DependencyException>(() => dependency.CallAsync(call, CancellationToken.None).AsTask())).Failure;

    private static async Task LeaveAsync(CalledDependency dependency)
    {
        using var caller = new CancellationTokenSource();
        var asking = dependency.CallAsync(token => new TaskCompletionSource<int>().Task.WaitAsync(token), caller.Token).AsTask();
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await Eventually.TrueAsync(() => dependency.InFlight == 0);
    }

    private async Task<int> PassingTimeAsync(Task<int> asking)
    {
        await Eventually.TrueAsync(() =>
        {
            if (!asking.IsCompleted)
                _clock.Advance(TimeSpan.FromMilliseconds(20));
            return asking.IsCompleted;
        });
        return await asking;
    }
}
