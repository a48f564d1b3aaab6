using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Jobs;

/// <summary>Ends a job that no further try can help: it is a dead letter at once.</summary>
public sealed class JobGivenUpException(string why) : Exception(why);

/// <summary>One run of one job, and the two ways to end it.</summary>
public sealed class JobRun
{
    private readonly Shard _shard;

    internal JobRun(JobRecord record, Shard shard) => (Record, _shard, IsFirst) = (record, shard, record is { Attempts: 0, Work: not null });

    internal JobRecord Record { get; private set; }

    internal bool Ended { get; private set; }

    public Id<Tenant> Tenant => Record.Tenant;

    /// <summary>Makes this run read what is stored, as after a restart.</summary>
    internal void ReadBack() => Record = Record with { Work = null };

    /// <summary>1 at the first try; tries that ended by <see cref="AgainAtAsync"/> count too.</summary>
    public int Attempt => Record.Attempts + 1;

    /// <summary>
    /// Whether it is certain that no run has begun before, not even one that ended with its process: <see cref="Attempt"/> does not count those.
    /// A job that was read from the store may have run.
    /// </summary>
    public bool IsFirst { get; }

    /// <summary>Commits the job's effects and its end together. When a former run got there first, nothing happens again.</summary>
    public async Task CompleteAsync(Func<Transaction, ValueTask> effects, CancellationToken cancellation)
    {
        await _shard.WriteAsync(
            async tx =>
            {
                tx.TraceParent = Record.TraceParent;
                if (await tx.ExecuteAsync($"DELETE FROM basin_job {JobQueue.WhereAlive}", Record.DueAt, Record.Id) == 0)
                    return false;
                await effects(tx);
                return true;
            },
            WritePriority.Owner,
            cancellation);
        _shard.Jobs.Release(Record);
        Ended = true;
    }

    /// <summary>Ends the job with nothing more to do.</summary>
    public Task CompleteAsync(CancellationToken cancellation) => CompleteAsync(static _ => ValueTask.CompletedTask, cancellation);

    /// <summary>Commits effects and asks for another run at <paramref name="due"/>.</summary>
    public async Task AgainAtAsync(DateTimeOffset due, Func<Transaction, ValueTask> effects, CancellationToken cancellation)
    {
        await _shard.WriteAsync(
            async tx =>
            {
                tx.TraceParent = Record.TraceParent;
                if (await tx.RescheduleAsync(Record, due, error: null) == 0)
                    return false;
                await effects(tx);
                return true;
            },
            WritePriority.Owner,
            cancellation);
        Ended = true;
    }
}
