using System.Net.Sockets;
using Npgsql;
using static Basin.Kernel.Storage.StoreUnavailableException;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>What the errors of PostgreSQL mean to a store. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html.</summary>
internal static class PostgresErrors
{
    public static Exception Translate(Exception failure) => failure switch
    {
        PostgresException error => Translate(error),
        NpgsqlException { InnerException: TimeoutException } => new StoreUnavailableException(Reasons.Busy, failure.Message),
        _ when IsFailure(failure) => new StoreUnavailableException(Reasons.Unreachable, failure.Message),
        _ => failure,
    };

    private static Exception Translate(PostgresException error) => error.SqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected => new ConflictException(error.MessageText),
        PostgresErrorCodes.DiskFull => new StoreUnavailableException(Reasons.DiskFull, error.MessageText),
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.TooManyConnections =>
            new StoreUnavailableException(Reasons.Busy, error.MessageText),
        PostgresErrorCodes.IoError => new StoreUnavailableException(Reasons.InputOutput, error.MessageText),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted => new StoreUnavailableException(Reasons.Stopped, error.MessageText),
        _ => MeansGone(error)
            ? new StoreUnavailableException(Reasons.Unreachable, error.MessageText)
            : new StoreException($"PostgreSQL error {error.SqlState}: {error.MessageText}"),
    };

    /// <summary>What Npgsql throws when the server refuses, or is gone.</summary>
    public static bool IsFailure(Exception failure) => failure is NpgsqlException or SocketException or IOException or TimeoutException;

    /// <summary>
    /// The server ends, starts, or is no primary (which has no serializable transactions): this connection is of no use, the next one may be.
    /// </summary>
    private static bool MeansGone(PostgresException error) =>
        error.Severity is "FATAL" or "PANIC" || error.SqlState.StartsWith("08", StringComparison.Ordinal)
        || error.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow;
}
