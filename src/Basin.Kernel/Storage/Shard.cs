using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Load;

namespace Basin.Kernel.Storage;

/// <summary>One database with one writer: the unit of ownership, of order and of failure.</summary>
public abstract class Shard : IDisposable
{
    /// <summary>0 to 1023; part of the ids that it makes.</summary>
    public abstract int Number { get; }

    /// <summary>Makes ids that route to this shard.</summary>
    public abstract IdGenerator Ids { get; }

    /// <summary>What this shard has published.</summary>
    public abstract EventLog Events { get; }

    internal abstract JobQueue Jobs { get; }

    internal abstract Ownership Ownership { get; }

    /// <summary>Why writes are refused at the moment, or null when they are not.</summary>
    public abstract StoreUnavailableException? Trouble { get; }

    /// <summary>Work that waits for the writer.</summary>
    public abstract int QueuedWrites { get; }

    /// <summary>How long requests wait for the writer.</summary>
    internal abstract QueueTime QueueTime { get; }

    /// <summary>Whether work is on its way: a test waits until both are equal.</summary>
    internal abstract WriteCounts Writes { get; }

    /// <summary>Tells the owner of this shard how far a consumer is, where that may be another process.</summary>
    internal virtual Task ReportAsync(ConsumerProgress progress, CancellationToken cancellation) => Task.CompletedTask;

    /// <summary>How far consumers are, as other processes have said.</summary>
    internal virtual Task<List<ConsumerProgress>> ReportedAsync(CancellationToken cancellation) => Task.FromResult<List<ConsumerProgress>>([]);

    /// <summary>Takes events that another process has committed behind <paramref name="previous"/>.</summary>
    internal virtual Task ReceiveAsync(long previous, List<EventRecord> events, CancellationToken cancellation) =>
        throw new NotSupportedException("Nobody else writes to this shard.");

    /// <summary>Runs work in the shard's next transaction and returns after its commit.</summary>
    /// <param name="work">May run more than once; awaits nothing but its transaction.</param>
    /// <param name="priority">Whether a full queue refuses the work.</param>
    /// <exception cref="StoreUnavailableException">Nothing was kept; try later.</exception>
    public abstract Task<T> WriteAsync<T>(Func<Transaction, ValueTask<T>> work, WritePriority priority, CancellationToken cancellation);

    /// <summary>Runs queries on one consistent snapshot; it never waits for the writer.</summary>
    /// <param name="work">May run more than once.</param>
    public abstract ValueTask<T> ReadAsync<T>(Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation);

    /// <summary>Refuses new work and finishes what waits. Only the <see cref="Stores"/> call it.</summary>
    public abstract void Dispose();
}

/// <summary>Pieces of work since the start.</summary>
/// <param name="Accepted">Taken into the queue.</param>
/// <param name="Answered">Committed or refused.</param>
internal readonly record struct WriteCounts(long Accepted, long Answered);

/// <summary>Up to which event a shard of a consumer has applied those of a source.</summary>
internal readonly record struct ConsumerProgress(string Consumer, int Shard, long Sequence);

/// <summary>Who asks for a write.</summary>
public enum WritePriority
{
    /// <summary>A caller who waits: refused when the queue is full or the wait too long.</summary>
    Request,

    /// <summary>Work that Basin owes already; its senders bound themselves.</summary>
    Background,

    /// <summary>The same for what only the owner of the shard may do, such as applying an event: refused once another process is.</summary>
    Owner,
}
