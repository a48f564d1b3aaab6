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

        /// <summary>An invariant was broken; an operator must look before the shard writes again.</summary>
        Stopped,

        /// <summary>The host is shutting down.</summary>
        Closing,
    }

    public Reasons Reason => reason;
}

/// <summary>The database rejects a statement; a mistake in Basin, not in a request.</summary>
public sealed class StoreException(string message) : Exception(message);
