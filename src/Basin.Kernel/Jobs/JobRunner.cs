using System.Collections.Frozen;
using System.Diagnostics;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Basin.Kernel.Telemetry;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Jobs;

/// <summary>Runs the jobs of one shard when they are due, several at a time.</summary>
internal sealed class JobRunner(
    string system,
    Shard shard,
    FrozenDictionary<string, JobBinding> bindings,
    RightOfWay rightOfWay,
    EventsOptions options,
    TimeProvider time,
    Randomness chance,
    ILogger log)
{
    private int _running;

    public string System => system;

    /// <summary>True when no job is due or runs.</summary>
    public bool IsQuiet => shard.Jobs.IsQuiet(time.GetUtcNow()) && Volatile.Read(ref _running) == 0;

    public void Wake() => shard.Jobs.Wake();

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var slots = new SemaphoreSlim(options.MaxConcurrentJobs);
        var failures = 0;
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await RunDueJobsAsync(slots, () => failures = 0, cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
            }
            catch (Exception failure)
            {
                // The store cannot be read at the moment; the jobs are still in it.
                EventsLog.LoopFailed(log, system, failure);
                await time.DelayQuietly(options.Backoff.After(++failures, chance), cancellation);
            }
        }
        for (var i = 0; i < options.MaxConcurrentJobs; i++)
            await slots.WaitAsync(CancellationToken.None);
    }

    private async Task RunDueJobsAsync(SemaphoreSlim slots, Action succeeded, CancellationToken cancellation)
    {
        while (true)
        {
            await slots.WaitAsync(cancellation);
            JobRecord next;
            try
            {
                next = await NextAsync(cancellation);
            }
            catch
            {
                slots.Release();
                throw;
            }
            succeeded();
            Interlocked.Increment(ref _running);
            _ = RunInSlotAsync(next, slots, cancellation);
        }
    }

    private async Task<JobRecord> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            var (job, nextDue, changed) = await shard.Jobs.TakeAsync(now, cancellation);
            if (job is not null)
            {
                await rightOfWay.YieldAsync(job.DueAt, cancellation);
                return job;
            }
            using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var due = nextDue is { } at ? time.DelayTowards(at, timer.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, timer.Token);
            await Task.WhenAny(changed, due);
            await timer.CancelAsync();
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task RunInSlotAsync(JobRecord record, SemaphoreSlim slots, CancellationToken cancellation)
    {
        // Nobody's request or batch is this job's parent: its own trace is restored from the record.
        await Task.Yield();
        try
        {
            await RunOneAsync(record, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
            slots.Release();
        }
    }

    private async Task RunOneAsync(JobRecord record, CancellationToken cancellation)
    {
        using var activity = KernelMetrics.Activities.StartActivity($"run {record.Type}", ActivityKind.Consumer, record.TraceParent);
        var run = new JobRun(record, shard);
        try
        {
            if (!bindings.TryGetValue(record.Type, out var binding))
                throw new InvalidOperationException($"Nothing runs jobs of type '{record.Type}'.");
            await binding.Run(run, cancellation);
            if (!run.Ended)
                throw new InvalidOperationException($"The job '{record.Type}' returned without an end.");
            KernelMetrics.JobRan(system, record.Type, "done");
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The record is still there and runs again after the next start.
        }
        catch (Exception failure) when (run.Ended)
        {
            // The end is committed: another one would undo it.
            EventsLog.JobFailed(log, system, record.Type, record.Id, run.Attempt, failure);
            KernelMetrics.JobRan(system, record.Type, "done");
        }
        catch (StoreUnavailableException)
        {
            shard.Jobs.Return(record, time.GetUtcNow() + options.Backoff.After(Math.Max(3, run.Attempt), chance));
            KernelMetrics.JobRan(system, record.Type, "postponed");
        }
        catch (Exception failure)
        {
            await FailAsync(record, run.Attempt, failure, cancellation);
        }
    }

    /// <summary>An outage is nothing that an operator has to look at job by job: those who wait for its end are not counted out before.</summary>
    private bool IsGivenUp(JobRecord record, int attempt, Exception failure) => failure switch
    {
        JobGivenUpException => true,
        DependencyException => attempt >= options.MaxAttempts && time.GetUtcNow() - Snowflake.TimeOf(record.Id) >= options.LongestOutage,
        _ => attempt >= options.MaxAttempts,
    };

    private async Task FailAsync(JobRecord record, int attempt, Exception failure, CancellationToken cancellation)
    {
        var dead = IsGivenUp(record, attempt, failure);
        KernelMetrics.JobRan(system, record.Type, dead ? "dead" : "failed");
        if (dead)
            EventsLog.JobDead(log, system, record.Type, record.Id, attempt, failure);
        // That a dependency is not asked has been logged once for all who wait for it.
        else if (failure is not DependencyException { WasAsked: false })
            EventsLog.JobFailed(log, system, record.Type, record.Id, attempt, failure);
        try
        {
            await shard.WriteAsync(
                tx => dead
                    ? tx.ExecuteAsync(
                        $"UPDATE basin_job SET dead = 1, attempts = $3, error = $4 {JobQueue.WhereAlive}",
                        record.DueAt, record.Id, attempt, failure.Message)
                    : tx.RescheduleAsync(record, tx.Now + options.Backoff.After(attempt, chance), failure.Message),
                WritePriority.Owner,
                cancellation);
            if (dead)
                shard.Jobs.Release(record);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
        }
        catch (Exception unkept)
        {
            EventsLog.LoopFailed(log, system, unkept);
            shard.Jobs.Return(record, time.GetUtcNow() + options.LongestBackoff);
        }
    }
}
