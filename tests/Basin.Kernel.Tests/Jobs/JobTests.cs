using Basin.Kernel.Resilience;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Jobs;

public sealed class JobTests : IAsyncLifetime
{
    private const string Point = "job:walker:walker.call.v1";

    private TestHost _host = null!;

    private Walker Walker => _host.Get<Walker>();

    private DateTimeOffset Now => _host.Clock.GetUtcNow();

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(
        builder => builder.AddWalker(),
        options: new TestHostOptions
        {
            Settings =
            {
                ["Basin:Events:MaxAttempts"] = "4",
                ["Basin:Events:FirstBackoff"] = "00:00:01",
                ["Basin:Events:LongestBackoff"] = "00:00:10",
            },
        });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Jobs_run_when_they_are_due_and_not_before()
    {
        var thing = Walker.NewThing();
        foreach (var minute in new[] { 5, 1, 4, 2, 3 })
            await Walker.ScheduleAsync(thing, minute, Now.AddMinutes(minute));
        await _host.SettleAsync();
        Assert.Empty(Walker.Called);
        for (var minute = 1; minute <= 5; minute++)
        {
            await _host.AdvanceAsync(TimeSpan.FromMinutes(1) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(minute - 1, Walker.Called.Count);
            await _host.AdvanceAsync(TimeSpan.FromMilliseconds(1));
            Assert.Equal(Enumerable.Range(1, minute), Walker.Called.Select(called => called.Call.Value));
        }
    }

    [Fact]
    public async Task Times_between_two_milliseconds_are_no_trouble()
    {
        _host.Clock.Advance(TimeSpan.FromTicks(3_333));
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now + TimeSpan.FromTicks(12_345));
        await _host.AdvanceAsync(TimeSpan.FromTicks(4_000));
        Assert.Empty(Walker.Called);
        await _host.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Single(Walker.Called);
    }

    [Fact]
    public async Task A_job_may_be_due_in_a_year()
    {
        var thing = Walker.NewThing();
        await Walker.ScheduleAsync(thing, 1, Now.AddDays(365));
        _host.Clock.Jump(TimeSpan.FromDays(364));
        await Walker.ScheduleAsync(thing, 2, Now);
        await _host.SettleAsync();
        Assert.Equal([2], Walker.Called.Select(called => called.Call.Value));
        _host.Clock.Jump(TimeSpan.FromDays(1));
        await _host.SettleAsync();
        Assert.Equal([2, 1], Walker.Called.Select(called => called.Call.Value));
    }

    [Fact]
    public async Task A_step_of_the_wall_clock_is_noticed_within_a_minute()
    {
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now.AddHours(1));
        await _host.SettleAsync();
        _host.Clock.StepWall(TimeSpan.FromHours(2));
        _host.Clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => Walker.Called.Count == 1);
    }

    [Fact]
    public async Task A_job_that_fails_is_tried_again_with_growing_pauses_until_it_is_dead()
    {
        Walker.OnCall = (_, _, _) => throw new FormatException("no");
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        foreach (var halfOf in new[] { 1, 2, 4 })
        {
            var before = Walker.Called.Count;
            await _host.AdvanceAsync(TimeSpan.FromSeconds(halfOf * 0.49));
            Assert.Equal(before, Walker.Called.Count);
            await _host.AdvanceAsync(TimeSpan.FromSeconds(halfOf * 0.52));
            Assert.Equal(before + 1, Walker.Called.Count);
        }
        await _host.AdvanceAsync(TimeSpan.FromHours(1));
        await _host.RestartAsync();
        await _host.AdvanceAsync(TimeSpan.FromHours(1));

        Assert.Empty(Walker.Called);
        Assert.Equal(["dead 1 attempts 4 no"], await RowsAsync());
        Assert.Contains(_host.Log.Lines, line => line.EventId == 1104);
    }

    [Fact]
    public async Task A_job_that_returns_without_an_end_has_failed()
    {
        Walker.OnCall = (_, run, token) => run.Attempt == 1 ? Task.CompletedTask : run.CompleteAsync(token);
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        Assert.Single(await RowsAsync());
        await _host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(await RowsAsync());
        Assert.Equal([1, 2], Walker.Called.Select(called => called.Attempt));
    }

    [Fact]
    public async Task A_job_asks_for_another_run_with_its_effects()
    {
        Walker.OnCall = async (call, run, token) =>
        {
            if (run.Attempt < 3)
                await run.AgainAtAsync(Now.AddMinutes(1), tx => Effects.AddAsync(tx, 0, run.Attempt, "again"), token);
            else
                await run.CompleteAsync(tx => Effects.AddAsync(tx, 0, run.Attempt, "done"), token);
        };
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        await _host.RestartAsync();
        Walker.OnCall = async (call, run, token) =>
        {
            if (run.Attempt < 3)
                await run.AgainAtAsync(Now.AddMinutes(1), tx => Effects.AddAsync(tx, 0, run.Attempt, "again"), token);
            else
                await run.CompleteAsync(tx => Effects.AddAsync(tx, 0, run.Attempt, "done"), token);
        };
        for (var minute = 0; minute < 5; minute++)
            await _host.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["again 1", "again 2", "done 3"], (await Effects.OfAsync(Walker.Store)).Select(e => $"{e.Note} {e.Value}"));
        Assert.Empty(await RowsAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_after_the_end_changes_nothing(bool again)
    {
        Walker.OnCall = (_, run, token) => again && run.Attempt == 1
            ? run.AgainAtAsync(Now.AddMinutes(1), tx => Effects.AddAsync(tx, 0, run.Attempt, "again"), token)
            : run.CompleteAsync(tx => Effects.AddAsync(tx, 0, run.Attempt, "done"), token);
        _host.Faults.Throw(Point + Faults.After, times: 10);
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        await _host.AdvanceAsync(TimeSpan.FromMinutes(1));
        await _host.AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(again ? ["again 1", "done 2"] : ["done 1"], (await Effects.OfAsync(Walker.Store)).Select(e => $"{e.Note} {e.Value}"));
        Assert.Empty(await RowsAsync());
    }

    [Fact]
    public async Task Effects_are_kept_once_though_the_job_runs_twice()
    {
        Walker.OnCall = async (_, run, token) =>
        {
            await run.CompleteAsync(tx => Effects.AddAsync(tx, 0, 1, "done"), token);
            await run.CompleteAsync(tx => Effects.AddAsync(tx, 0, 2, "done"), token);
        };
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        Assert.Equal([1], (await Effects.OfAsync(Walker.Store)).Select(e => e.Value));
    }

    [Fact]
    public async Task Whatever_a_job_throws_it_is_tried_again()
    {
        foreach (var failure in new Exception[] { new OperationCanceledException(), new TimeoutException(), new InvalidOperationException() })
        {
            _host.Faults.Throw(Point, times: 1, () => failure);
            await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
            await _host.SettleAsync();
            await _host.AdvanceAsync(TimeSpan.FromSeconds(10));
            Assert.Empty(await RowsAsync());
        }
        Assert.Equal(3, (await Effects.OfAsync(Walker.Store)).Count);
    }

    [Fact]
    public async Task A_restart_finds_the_jobs_that_wait_and_those_that_ran()
    {
        var hold = _host.Faults.Hold(Point);
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await Walker.ScheduleAsync(Walker.NewThing(), 2, Now.AddMinutes(1));
        await hold.Arrived;
        _host.Faults.DisarmAll();
        await _host.RestartAsync();
        await _host.AdvanceAsync(TimeSpan.FromMinutes(2));
        // Both are due now, and things do not wait for each other.
        Assert.Equal([1, 2], (await Effects.OfAsync(Walker.Store)).Select(e => e.Value).Order());
    }

    [Fact]
    public async Task A_job_whose_dependency_is_down_waits_for_its_end_however_many_tries_that_takes()
    {
        _host.Faults.Throw(Point, times: 30, () => new DependencyException("test/thing", DependencyFailure.Open, "It is not asked."));
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        for (var i = 0; i < 40; i++)
            await _host.AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.Empty(await RowsAsync());
        Assert.Equal([1], (await Effects.OfAsync(Walker.Store)).Select(e => e.Value));
        Assert.DoesNotContain(_host.Log.Lines, line => line.Exception is DependencyException);
    }

    [Fact]
    public async Task A_job_whose_dependency_is_down_for_longer_than_an_outage_becomes_a_dead_letter()
    {
        _host.Faults.Throw(Point, times: int.MaxValue, () => new DependencyException("test/thing", DependencyFailure.Late, "No answer."));
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        for (var i = 0; i < 15; i++)
            await _host.AdvanceAsync(TimeSpan.FromSeconds(61));
        Assert.StartsWith("dead 0", Assert.Single(await RowsAsync()));

        await _host.AdvanceAsync(TimeSpan.FromDays(1));

        Assert.StartsWith("dead 1", Assert.Single(await RowsAsync()));
    }

    private async Task<List<string>> RowsAsync() => await Walker.Store.ReadAllAsync(
        snapshot => snapshot.ListAsync(
            "SELECT dead, attempts, error FROM basin_job ORDER BY id",
            row => $"dead {row.Integer(0)} attempts {row.Integer(1)} {row.TextOrNull(2)}"),
        CancellationToken.None);
}
