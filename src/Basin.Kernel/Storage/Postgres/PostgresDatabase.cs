using System.Collections.Concurrent;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>The schema of one shard: the connections to it and what is known of its statements.</summary>
internal sealed class PostgresDatabase : IDisposable
{
    /// <summary>The writer's own, and a few for leases and migrations.</summary>
    private const int WritingConnections = 4;

    private const int LeasingConnections = 8;

    /// <summary>
    /// A statement is planned when its table is empty, and the plan is kept: reading all rows would stay its way when there are many. Where there is no
    /// other way its estimate is so high that PostgreSQL would compile it each time.
    /// </summary>
    private const string IndexesOnly = " -c enable_seqscan=off -c jit=off";

    private const int ConnectSeconds = 3;

    // Statements are constants, so the reference is the identity and no text is hashed.
    private readonly ConcurrentDictionary<string, PostgresStatement> _statements = new(ReferenceEqualityComparer.Instance);

    private readonly NpgsqlDataSource? _leasing;

    private PostgresDatabase(string schema, NpgsqlDataSource writing, NpgsqlDataSource reading, NpgsqlDataSource? leasing) =>
        (Schema, Writing, Reading, _leasing) = (schema, writing, reading, leasing);

    public string Schema { get; }

    public NpgsqlDataSource Writing { get; }

    /// <summary>Its connections cannot write.</summary>
    public NpgsqlDataSource Reading { get; }

    /// <summary>Its statements name their schema.</summary>
    public NpgsqlDataSource Leasing => _leasing ?? throw new InvalidOperationException($"Nobody takes leases of {Schema} here.");

    public Documents Documents { get; } = new();

    public static string SchemaOf(string system, int shard, PostgresOptions options) => $"{options.SchemaPrefix}{system}_{shard:000}";

    /// <param name="leasing">Of the database that the shard is in; whoever takes no lease needs none.</param>
    public static PostgresDatabase Of(string system, int shard, PostgresOptions options, NpgsqlDataSource? leasing = null)
    {
        var schema = SchemaOf(system, shard, options);
        var writing = SettingsOf(options.ConnectionStringOf(system, shard), schema, options);
        writing.MaxPoolSize = WritingConnections;
        // A commit that is cut short while it waits for the standby succeeds without it: nobody listens to that answer.
        writing.CancellationTimeout = -1;
        var reading = SettingsOf(options.ConnectionStringOf(system, shard), schema, options);
        reading.MaxPoolSize = options.ReadersPerShard;
        reading.Options += " -c default_transaction_read_only=on";
        // A session that cannot write is not what "read-write" asks for, although its server is.
        if (reading.TargetSessionAttributes == "read-write")
            reading.TargetSessionAttributes = "primary";
        return new PostgresDatabase(schema, SourceOf(writing), SourceOf(reading), leasing);
    }

    /// <summary>What the leases of all shards of one database are renewed over. Its commits do not wait for the disk.</summary>
    public static NpgsqlDataSource LeasingOf(string connectionString, PostgresOptions options)
    {
        var leasing = SettingsOf(connectionString, "leases", options);
        leasing.MaxPoolSize = LeasingConnections;
        leasing.Options += " -c synchronous_commit=off";
        return SourceOf(leasing);
    }

    /// <summary>Only types that every server has are used; asking a server for its own takes long where there are many tables.</summary>
    private static NpgsqlDataSource SourceOf(NpgsqlConnectionStringBuilder settings) =>
        new NpgsqlDataSourceBuilder(settings.ToString()).ConfigureTypeLoading(types => types.EnableTypeLoading(false)).Build();

    private static NpgsqlConnectionStringBuilder SettingsOf(string connectionString, string schema, PostgresOptions options)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            SearchPath = schema,
            ApplicationName = $"basin {schema}",
            MaxAutoPrepare = PostgresStatement.MaxStatements,
            AutoPrepareMinUsages = 2,
            // Nothing is set on a session that outlives a transaction.
            NoResetOnClose = true,
            MinPoolSize = 0,
            ConnectionIdleLifetime = 60,
            // A server that is down or starting is not asked by every transaction, and after a failover the new primary is found in a moment.
            HostRecheckSeconds = 1,
            // Values of rows have no place in messages.
            IncludeErrorDetail = false,
        };
        // A host that has vanished refuses nothing, and another may answer.
        if (!settings.ContainsKey("Timeout"))
            settings.Timeout = ConnectSeconds;
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
            settings.TargetSessionAttributes ??= "read-write";
        if (settings.Host?.StartsWith('/') != true)
        {
            // A host that has vanished says nothing; without asking, a commit would wait for it for hours.
            (settings.TcpKeepAlive, settings.TcpKeepAliveTime, settings.TcpKeepAliveInterval) = (true, 5, 2);
        }
        settings.Options = $"{settings.Options} {OptionOf("statement_timeout", options.StatementTimeout)} {OptionOf("lock_timeout", options.LockTimeout)} "
            + OptionOf("idle_in_transaction_session_timeout", options.SilenceTimeout) + IndexesOnly;
        return settings;
    }

    private static string OptionOf(string name, TimeSpan value) => $"-c {name}={(long)value.TotalMilliseconds}";

    public bool IsReadOnly(string sql) => PostgresStatement.Of(_statements, sql).IsReadOnly;

    public NpgsqlCommand CommandOn(NpgsqlConnection connection, string sql, ReadOnlySpan<SqlValue> values) =>
        PostgresStatement.Of(_statements, sql).CommandOn(connection, values);

    public NpgsqlBatchCommand BatchCommandOf(string sql, ReadOnlySpan<SqlValue> values) => PostgresStatement.Of(_statements, sql).BatchCommandOf(values);

    public void Dispose()
    {
        Writing.Dispose();
        Reading.Dispose();
    }
}
