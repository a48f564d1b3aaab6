using System.Data;
using System.Net.Sockets;
using Npgsql;
using static Basin.Kernel.Storage.StoreUnavailableException;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>What the errors of PostgreSQL mean to a store. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html.</summary>
internal static class PostgresErrors
{
    /// <param name="failure">One for which <see cref="IsFailure"/> or <see cref="HasBroken"/> is true.</param>
    public static Exception Translate(Exception failure) => failure switch
    {
        PostgresException error => Translate(error),
        NpgsqlException { InnerException: TimeoutException } => new StoreUnavailableException(Reasons.Busy, failure.Message),
        _ => new StoreUnavailableException(Reasons.Unreachable, failure.Message),
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
    /// Npgsql has given a connection up with an exception that tells nothing, because the server's answer is not what it expects. That happens to a
    /// statement that was cancelled while it was prepared, when its next caller comes.
    /// </summary>
    public static bool HasBroken(NpgsqlConnection connection, Exception failure) =>
        connection.State != ConnectionState.Open && !IsFailure(failure) && failure is not OperationCanceledException;

    /// <summary>
    /// The server ends, starts, or is no primary (which has no serializable transactions): this connection is of no use, the next one may be.
    /// </summary>
    private static bool MeansGone(PostgresException error) =>
        error.Severity is "FATAL" or "PANIC" || error.SqlState.StartsWith("08", StringComparison.Ordinal)
        || error.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.FeatureNotSupported or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow;
}
