using Basin.Testing;

namespace Basin.Kernel.Tests.Testing;

public sealed class FakeClockTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public void Timers_fire_in_order_and_see_the_time_at_which_they_are_due()
    {
        var start = _clock.GetUtcNow();
        var fired = new List<(string Name, double At)>();
        using var late = _clock.CreateTimer(_ => fired.Add(("late", Since(start))), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        using var often = _clock.CreateTimer(_ => fired.Add(("often", Since(start))), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        using var never = _clock.CreateTimer(_ => fired.Add(("never", 0)), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        never.Dispose();
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([("often", 1.0), ("late", 3.0), ("often", 3.0), ("often", 5.0)], fired);
        Assert.Equal(5, Since(start));
    }

    [Fact]
    public void A_step_of_the_wall_clock_fires_nothing()
    {
        var fired = 0;
        var mark = _clock.GetTimestamp();
        using var timer = _clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        _clock.StepWall(TimeSpan.FromHours(1));
        _clock.StepWall(TimeSpan.FromHours(-3));
        Assert.Equal((0, TimeSpan.Zero), (fired, _clock.GetElapsedTime(mark)));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, TimeSpan.FromSeconds(1)), (fired, _clock.GetElapsedTime(mark)));
    }

    [Fact]
    public void A_jump_fires_what_is_due_once_and_at_its_end()
    {
        var start = _clock.GetUtcNow();
        var fired = new List<double>();
        using var often = _clock.CreateTimer(_ => fired.Add(Since(start)), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _clock.Jump(TimeSpan.FromSeconds(100));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([100.0, 101.0], fired);
    }

    [Fact]
    public async Task Delays_periodic_timers_and_timeouts_follow_the_clock()
    {
        var delay = Task.Delay(TimeSpan.FromSeconds(2), _clock);
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(2), _clock);
        using var periodic = new PeriodicTimer(TimeSpan.FromSeconds(2), _clock);
        var tick = periodic.WaitForNextTickAsync();
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(delay.IsCompleted || tick.IsCompleted || timeout.IsCancellationRequested);
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        await delay;
        Assert.True(await tick);
        Assert.True(timeout.IsCancellationRequested);
    }

    private double Since(DateTimeOffset start) => (_clock.GetUtcNow() - start).TotalSeconds;
}
