using Basin.Kernel.Storage.Postgres;
using Npgsql;

namespace Basin.Kernel.Storage.Moving;

/// <summary>The databases that an installation is moved into, looked at before anything is begun.</summary>
internal sealed class TargetServer : IDisposable
{
    private const string Held = "basin move";

    private readonly NpgsqlConnection _lock;

    private TargetServer(NpgsqlConnection held) => _lock = held;

    /// <summary>Settings for statements that take as long as a table is large.</summary>
    public static PostgresOptions WithoutHaste(PostgresOptions options) => new()
    {
        ConnectionString = WithoutHaste(options.ConnectionString!),
        OtherConnectionStrings = options.OtherConnectionStrings.ToDictionary(
            other => other.Key, other => WithoutHaste(other.Value), StringComparer.OrdinalIgnoreCase),
        SchemaPrefix = options.SchemaPrefix,
        ReadersPerShard = 2,
        StatementTimeout = TimeSpan.Zero,
        LockTimeout = options.LockTimeout,
        SilenceTimeout = TimeSpan.Zero,
    };

    private static string WithoutHaste(string connection) => new NpgsqlConnectionStringBuilder(connection) { CommandTimeout = 0 }.ConnectionString;

    /// <summary>Keeps other moves away for as long as this one lasts.</summary>
    /// <exception cref="MoveException">Nothing can be moved there.</exception>
    public static TargetServer Hold(PostgresOptions options, IReadOnlyList<MovedShard> shards)
    {
        foreach (var database in shards.GroupBy(shard => options.ConnectionStringOf(shard.Place.System, shard.Place.Number)))
        {
            using var connection = Open(database.Key);
            RefuseUnfit(connection);
            RefuseOtherShards(connection, options, [.. database]);
        }
        var held = Open(options.ConnectionString!);
        try
        {
            // The session of a run that was killed ends a moment after it.
            using var patience = new NpgsqlCommand("SET lock_timeout = '5s'", held);
            patience.ExecuteNonQuery();
            using var command = new NpgsqlCommand("SELECT pg_advisory_lock(hashtextextended($1, 0))", held);
            command.Parameters.Add(new NpgsqlParameter { Value = $"{Held} {options.SchemaPrefix}" });
            command.ExecuteNonQuery();
            return new TargetServer(held);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            held.Dispose();
            throw new MoveException("Another move into the same schemas is under way.");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private static NpgsqlConnection Open(string text)
    {
        var settings = new NpgsqlConnectionStringBuilder(text) { Pooling = false, ApplicationName = Held };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch (Exception failure) when (failure is NpgsqlException or System.Net.Sockets.SocketException or TimeoutException)
        {
            connection.Dispose();
            throw new MoveException(
                $"The database '{settings.Database}' on '{settings.Host}' cannot be reached: {PostgresErrors.Translate(failure).Message}.");
        }
    }

    private static void RefuseUnfit(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(
            "SELECT current_setting('server_encoding'), current_user::text, has_database_privilege(current_database(), 'CREATE')", connection);
        using var reader = command.ExecuteReader();
        reader.Read();
        if (reader.GetString(0) != "UTF8")
            throw new MoveException($"The database '{connection.Database}' has the encoding {reader.GetString(0)}; Basin's texts need UTF8.");
        if (!reader.GetBoolean(2))
        {
            throw new MoveException(
                $"'{reader.GetString(1)}' may not create schemas in the database '{connection.Database}': GRANT CREATE ON DATABASE would let it.");
        }
    }

    /// <summary>A host would refuse to start where a system has more shards than its settings say.</summary>
    private static void RefuseOtherShards(NpgsqlConnection connection, PostgresOptions options, List<MovedShard> shards)
    {
        foreach (var system in shards.GroupBy(shard => shard.Place.System))
        {
            using var command = new NpgsqlCommand(
                """
                SELECT nspname::text FROM pg_namespace
                WHERE starts_with(nspname::text, $1) AND substr(nspname::text, length($1) + 1) ~ '^[0-9]{3,4}$' AND nspname::text <> ALL ($2) LIMIT 1
                """,
                connection);
            command.Parameters.Add(new NpgsqlParameter { Value = $"{options.SchemaPrefix}{system.Key}_" });
            command.Parameters.Add(new NpgsqlParameter
            {
                Value = system.Select(shard => PostgresDatabase.SchemaOf(system.Key, shard.Place.Number, options)).ToArray(),
            });
            if (command.ExecuteScalar() is { } other)
                throw new MoveException($"The database '{connection.Database}' has a schema '{other}', of a shard that the settings do not name.");
        }
    }

    public void Dispose() => _lock.Dispose();
}
