namespace Basin.Kernel.Storage;

/// <summary>The store refuses the work for now; nothing of it is kept and a later try may succeed. HTTP answers 503.</summary>
public sealed class StoreUnavailableException(StoreUnavailableException.Reasons reason, string message) : Exception(message)
{
    public enum Reasons
    {
        /// <summary>The shard's queue is full.</summary>
        Busy,

        /// <summary>The disk, or the shard's share of it, is full.</summary>
        DiskFull,

        /// <summary>The disk answers with errors.</summary>
        InputOutput,

        /// <summary>The database does not answer, or takes no writes.</summary>
        Unreachable,

        /// <summary>Another process has taken over the work that this one was doing.</summary>
        TakenOver,

        /// <summary>An invariant was broken or the file is damaged; an operator must look before the shard writes again.</summary>
        Stopped,

        /// <summary>The host is shutting down.</summary>
        Closing,
    }

    public Reasons Reason => reason;
}

/// <summary>The database rejects a statement, by a CHECK for example; a mistake in Basin, not in a request. Nothing of the work is kept.</summary>
public sealed class StoreException(string message) : Exception(message);
