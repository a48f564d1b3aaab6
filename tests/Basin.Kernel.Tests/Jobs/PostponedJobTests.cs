using Basin.Kernel.Storage;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Jobs;

/// <summary>A job that could not end for now runs again at a time that is in memory alone; its row is still where it was.</summary>
public sealed class PostponedJobTests : IAsyncLifetime
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(250);

    private TestHost _host = null!;

    public enum Cause
    {
        /// <summary>The store takes no write at the moment.</summary>
        EndRefused,

        /// <summary>The job has failed, and the store does not even keep that.</summary>
        FailureUnkept,
    }

    private Walker Walker => _host.Get<Walker>();

    private DateTimeOffset Now => _host.Clock.GetUtcNow();

    public async ValueTask InitializeAsync() => _host = await TestHost.StartAsync(
        builder => builder.AddWalker(),
        options: new TestHostOptions
        {
            Settings =
            {
                ["Basin:Events:MaxAttempts"] = "2",
                ["Basin:Events:FirstBackoff"] = "00:00:01",
                ["Basin:Events:LongestBackoff"] = "00:00:10",
            },
        });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Theory]
    [InlineData(Cause.EndRefused)]
    [InlineData(Cause.FailureUnkept)]
    public async Task A_postponed_job_that_completes_leaves_nothing(Cause cause)
    {
        await PostponeFirstAsync(cause);

        Walker.OnCall = null;
        await RunAgainAsync();

        Assert.Empty(await RowsAsync());
        await EndAsync(1, 1);
        Assert.Equal([1], (await Effects.OfAsync(Walker.Store)).Select(effect => effect.Value));
    }

    [Theory]
    [InlineData(Cause.EndRefused)]
    [InlineData(Cause.FailureUnkept)]
    public async Task A_postponed_job_that_asks_for_another_run_has_it_once_at_that_time(Cause cause)
    {
        await PostponeFirstAsync(cause);

        var again = Now.AddMinutes(1);
        Walker.OnCall = (_, run, token) => run.AgainAtAsync(again, _ => ValueTask.CompletedTask, token);
        await RunAgainAsync();

        Assert.Equal([new Stored(false, 1, again)], await RowsAsync());
        await CompleteAtAsync(again);
        await EndAsync(1, 1, 2);
    }

    [Theory]
    [InlineData(Cause.EndRefused)]
    [InlineData(Cause.FailureUnkept)]
    public async Task A_postponed_job_that_fails_is_tried_again_once_when_its_row_says_so(Cause cause)
    {
        await PostponeFirstAsync(cause);

        Walker.OnCall = (_, _, _) => throw new FormatException("no");
        await RunAgainAsync();

        var row = Assert.Single(await RowsAsync());
        Assert.Equal(new Stored(false, 1, row.DueAt), row);
        await CompleteAtAsync(row.DueAt);
        await EndAsync(1, 1, 2);
    }

    [Theory]
    [InlineData(Cause.EndRefused)]
    [InlineData(Cause.FailureUnkept)]
    public async Task A_postponed_job_that_dies_stays_dead(Cause cause)
    {
        await PostponeFirstAsync(cause);
        Walker.OnCall = (_, _, _) => throw new FormatException("no");
        await RunAgainAsync();
        var retried = Assert.Single(await RowsAsync());
        await PostponeAsync(cause, RunAgainAsync);
        Assert.Equal([retried], await RowsAsync());

        Walker.OnCall = (_, _, _) => throw new FormatException("no");
        await RunAgainAsync();

        var dead = retried with { Dead = true, Attempts = 2 };
        Assert.Equal([dead], await RowsAsync());
        await EndAsync(1, 1, 2, 2);
        Assert.Equal([dead], await RowsAsync());
    }

    [Fact]
    public async Task A_restart_finds_a_postponed_job_where_it_was_stored()
    {
        await PostponeFirstAsync(Cause.EndRefused);

        await _host.RestartAsync();
        await _host.SettleAsync();

        Assert.Single(Walker.Called);
        Assert.Empty(await RowsAsync());
    }

    [Fact]
    public async Task Only_a_run_before_which_none_can_have_begun_is_the_first()
    {
        var first = new List<bool>();
        Walker.OnCall = async (_, run, token) =>
        {
            first.Add(run.IsFirst);
            if (first.Count == 1)
                throw new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, "full");
            await run.AgainAtAsync(Now.AddMinutes(1), _ => ValueTask.CompletedTask, token);
        };
        // Or the runner, which reads what is there when it starts, may read this job too, and knows nothing of it.
        await _host.SettleAsync();
        await Walker.ScheduleAsync(Walker.NewThing(), 1, Now);
        await _host.SettleAsync();
        await RunAgainAsync();
        await _host.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal([true, false, false], first);

        await Walker.ScheduleAsync(Walker.NewThing(), 2, Now.AddHours(1));
        await _host.RestartAsync();
        Walker.OnCall = (_, run, token) =>
        {
            first.Add(run.IsFirst);
            return run.CompleteAsync(token);
        };
        await _host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal([true, false, false, false, false], first);
    }

    private async Task PostponeFirstAsync(Cause cause)
    {
        var due = Now;
        await PostponeAsync(cause, async () =>
        {
            await Walker.ScheduleAsync(Walker.NewThing(), 1, due);
            await _host.SettleAsync();
        });
        Assert.Single(Walker.Called);
        Assert.Equal([new Stored(false, 0, due)], await RowsAsync());
    }

    private async Task PostponeAsync(Cause cause, Func<Task> run)
    {
        if (cause == Cause.EndRefused)
        {
            Walker.OnCall = (_, job, token) => job.CompleteAsync(
                _ => throw new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, "full"), token);
            await run();
            return;
        }
        Walker.OnCall = (_, _, _) => throw new FormatException("no");
        var unkept = await Obstacle.OnUpdatesAsync(Walker.Store.Shards[0], "basin_job");
        await run();
        await unkept.RemoveAsync();
    }

    /// <summary>Lets time pass until the job has run once more.</summary>
    private async Task RunAgainAsync()
    {
        var before = Walker.Called.Count;
        for (var waited = TimeSpan.Zero; Walker.Called.Count == before; waited += Step)
        {
            Assert.True(waited <= TimeSpan.FromSeconds(10), "The job does not run again.");
            await _host.AdvanceAsync(Step);
        }
        Assert.Equal(before + 1, Walker.Called.Count);
    }

    private async Task CompleteAtAsync(DateTimeOffset due)
    {
        var before = Walker.Called.Count;
        Walker.OnCall = null;
        await _host.AdvanceAsync(due - Now - TimeSpan.FromMilliseconds(1));
        Assert.Equal(before, Walker.Called.Count);
        await _host.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        Assert.Empty(await RowsAsync());
    }

    /// <summary>The tries are these, and there are no more, neither later nor after a restart.</summary>
    private async Task EndAsync(params IEnumerable<int> tries)
    {
        await _host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(tries, Walker.Called.Select(called => called.Attempt));
        await _host.RestartAsync();
        await _host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Empty(Walker.Called);
    }

    private async Task<List<Stored>> RowsAsync() => await Walker.Store.ReadAllAsync(
        snapshot => snapshot.ListAsync(
            "SELECT dead, attempts, due_at FROM basin_job", row => new Stored(row.Flag(0), row.Int(1), row.Time(2))),
        CancellationToken.None);

    private sealed record Stored(bool Dead, int Attempts, DateTimeOffset DueAt);
}
