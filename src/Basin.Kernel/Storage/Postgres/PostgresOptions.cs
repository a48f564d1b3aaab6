using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>Section <c>Basin:Postgres</c>: keeps every system's data in PostgreSQL instead of files, once a connection string is set.</summary>
public sealed class PostgresOptions
{
    /// <summary>
    /// Npgsql's connection string, with its TLS settings; several hosts are possible. Not set: the data is in files below <c>Basin:Store:Directory</c>.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>
    /// Connection strings of systems (<c>orders</c>) or shards (<c>orders/1</c>) that live in another database. It cannot change once data is there.
    /// </summary>
    public Dictionary<string, string> OtherConnectionStrings { get; set; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Begins the name of every schema, so that several installations can share a database. Default none.</summary>
    [RegularExpression("([a-z][a-z0-9_]{0,29})?")]
    public string SchemaPrefix { get; set; } = "";

    /// <summary>Connections per shard for reading. Default 8; they are opened when needed, and closed after a minute without use.</summary>
    [Range(1, 1000)]
    public int ReadersPerShard { get; set; } = 8;

    /// <summary>Longest run of a statement, after which its work is refused. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest wait for the writer of another process, or for any lock. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// After this time PostgreSQL ends a transaction whose process says nothing, so that a frozen process does not hold the shard. Default 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "01:00:00")]
    public TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// For so long a process that carries a shard's events and jobs may be silent before another takes over. Default 5 s; it is renewed at a third of that.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a process looks for what others have committed. Default 25 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(25);

    /// <summary>How long a start waits for a database that cannot be reached. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// For so long requests wait when the database is gone, since a standby takes over within seconds; after that they are refused at once. Default 10 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan FailoverPatience { get; set; } = TimeSpan.FromSeconds(10);

    public bool IsUsed => !string.IsNullOrEmpty(ConnectionString);

    /// <summary>The database of a shard.</summary>
    internal string ConnectionStringOf(string system, int shard) =>
        OtherConnectionStrings.GetValueOrDefault($"{system}/{shard}") ?? OtherConnectionStrings.GetValueOrDefault(system) ?? ConnectionString!;
}
