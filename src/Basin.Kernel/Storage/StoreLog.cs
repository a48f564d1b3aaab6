using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage;

internal static partial class StoreLog
{
    [LoggerMessage(1001, LogLevel.Critical, "Shard {Shard} refuses writes: {Reason}")]
    public static partial void WritesRefused(ILogger logger, string shard, StoreUnavailableException.Reasons reason, Exception failure);

    [LoggerMessage(1002, LogLevel.Error, "Shard {Shard} could not roll back")]
    public static partial void RollbackFailed(ILogger logger, string shard, Exception failure);

    [LoggerMessage(1003, LogLevel.Information, "Shard {Shard} migrated to {Migration}")]
    public static partial void Migrated(ILogger logger, string shard, string migration);

    [LoggerMessage(1005, LogLevel.Information, "Shard {Shard} is carried by this process, in epoch {Epoch}")]
    public static partial void Taken(ILogger logger, string shard, long epoch);

    [LoggerMessage(1006, LogLevel.Warning, "Shard {Shard} is no longer carried by this process: {Why}")]
    public static partial void Lost(ILogger logger, string shard, string why);

    [LoggerMessage(1007, LogLevel.Warning, "What other processes write is not seen at the moment")]
    public static partial void FeedFailed(ILogger logger, Exception failure);

    [LoggerMessage(1004, LogLevel.Warning, "Shard {Shard} could not fold its log back into its file")]
    public static partial void CheckpointFailed(ILogger logger, string shard, Exception failure);
}
