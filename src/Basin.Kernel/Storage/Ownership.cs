namespace Basin.Kernel.Storage;

/// <summary>
/// Who carries the events of a shard and runs its jobs: one process at a time. What it writes as the owner is refused once somebody else is, even when
/// it does not know yet.
/// </summary>
internal abstract class Ownership
{
    /// <summary>Nobody else can own what one process has for itself.</summary>
    public static Ownership Sole { get; } = new SoleOwnership();

    /// <summary>Which change of hands made this process the owner; what it writes carries this number.</summary>
    public abstract long Epoch { get; }

    /// <summary>Whether this process is the owner, as far as it knows.</summary>
    public abstract bool IsMine { get; }

    /// <summary>Returns when this process owns the shard.</summary>
    /// <returns>Cancelled when it does no longer.</returns>
    public abstract Task<CancellationToken> TakeAsync(CancellationToken cancellation);

    /// <summary>Called when the shard is no longer this process's and nothing is under way any more.</summary>
    public abstract Task EndAsync();

    /// <summary>Lets another process take over for good. Nothing must be under way any more.</summary>
    public abstract Task LeaveAsync();

    private sealed class SoleOwnership : Ownership
    {
        public override long Epoch => 0;

        public override bool IsMine => true;

        public override Task<CancellationToken> TakeAsync(CancellationToken cancellation) => Task.FromResult(CancellationToken.None);

        public override Task EndAsync() => Task.CompletedTask;

        public override Task LeaveAsync() => Task.CompletedTask;
    }
}
