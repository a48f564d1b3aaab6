using System.Security.Cryptography;
using Basin.Kernel.Storage.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Basin.Kernel.Storage.Moving;

/// <summary>
/// The schema that a shard is moved into. How far that is lies in the schema itself and is committed with the rows. While it does, the schema has a
/// migration that no host knows, so that none starts on half of an installation.
/// </summary>
internal sealed class TargetShard : IDisposable
{
    private const int BlockBytes = 1024 * 1024;

    /// <summary>The row of the progress that stands for the whole shard.</summary>
    private const string Whole = "";

    private const string TakeTurn = "LOCK TABLE basin_move IN EXCLUSIVE MODE";

    private readonly PostgresDatabase _database;
    private readonly MovedShard _shard;
    private readonly MoveSettings _settings;
    private NpgsqlConnection? _connection;

    public TargetShard(MovedShard shard, MoveSettings settings) =>
        (_shard, _settings, _database) = (shard, settings, PostgresDatabase.Of(shard.Place.System, shard.Place.Number, settings.Postgres));

    public string Schema => _database.Schema;

    private NpgsqlConnection Connection => _connection ??= _database.Writing.OpenConnection();

    /// <summary>What was begun here.</summary>
    public TargetState ReadState()
    {
        if (Ask("SELECT count(*) FROM pg_tables WHERE schemaname = $1", Schema) is 0L)
            return new TargetState(IsEmpty: true, Source: null, IsCompared: false);
        if (Ask("SELECT count(*) FROM pg_tables WHERE schemaname = $1 AND tablename = 'basin_move'", Schema) is 0L)
            return new TargetState(IsEmpty: false, Source: null, IsCompared: false);
        using var transaction = Connection.BeginTransaction();
        // A run that was killed may have asked for a commit that is still under way.
        Run(TakeTurn);
        return new TargetState(
            IsEmpty: false,
            (string)Ask("SELECT source FROM basin_move WHERE name = $1", Whole)!,
            Ask("SELECT done FROM basin_move WHERE name = $1", Whole) is true);
    }

    /// <summary>Makes the schema as a host would, and remembers from where it is to be filled.</summary>
    public void Create(string fingerprint) =>
        PostgresMigrator.Migrate(_database, MigrationsBehind(fingerprint), _settings.Time, migrated: static _ => { });

    private List<Migration> MigrationsBehind(string fingerprint) =>
        [.. PostgresEngine.OwnMigrations, .. _shard.System.Migrations, ClosingBy(fingerprint)];

    private static Migration ClosingBy(string fingerprint) => new(SchemaHistory.UnfinishedMove, 1, "0001_move", $"""
        CREATE TABLE basin_move (
            name   TEXT PRIMARY KEY,
            source TEXT,
            rows   BIGINT NOT NULL DEFAULT 0,
            done   BOOLEAN NOT NULL DEFAULT FALSE
        );
        INSERT INTO basin_move (name, source) VALUES ('{Whole}', '{fingerprint}')
        """);

    /// <exception cref="MoveException">A table is not what it is in the file, or is there for another reason.</exception>
    public void RefuseOtherTables(IReadOnlyList<MovedTable> tables)
    {
        foreach (var table in tables)
        {
            var there = List(
                """
                SELECT a.attname::text || ' ' || t.typname::text FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                WHERE a.attrelid = to_regclass(quote_ident($1) || '.' || quote_ident($2)) AND a.attnum > 0 AND NOT a.attisdropped
                """,
                Schema, table.Name);
            if (!there.Order(StringComparer.Ordinal).SequenceEqual(table.Columns.Select(ColumnOf).Order(StringComparer.Ordinal)))
                throw new MoveException($"Table '{table.Name}' has other columns in '{Schema}' than in the file of {_shard.Place}.");
        }
        var filled = tables.Select(table => table.Name).Concat(_shard.System.Rebuilt.Select(rebuilt => rebuilt.Table));
        var others = List("SELECT tablename::text FROM pg_tables WHERE schemaname = $1", Schema).Except(filled);
        if (others.FirstOrDefault(table => !table.StartsWith("basin_", StringComparison.Ordinal)) is { } other)
            throw new MoveException($"Nothing says what table '{other}' of '{Schema}' is filled with.");
    }

    private static string ColumnOf(MovedColumn column) => $"{column.Name} " + column.Type switch
    {
        ColumnType.Integer => "int8",
        ColumnType.Real => "float8",
        ColumnType.Text => "text",
        _ => "bytea",
    };

    /// <summary>How many rows of a table are there, and whether they are all.</summary>
    public (long Rows, bool IsDone) ProgressOf(string table)
    {
        using var command = CommandOf("SELECT rows, done FROM basin_move WHERE name = $1", table);
        using var reader = command.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), reader.GetBoolean(1)) : (0, false);
    }

    /// <summary>Adds some rows to a table and notes that, in one transaction.</summary>
    /// <param name="fill">Returns how many rows of the table are then there, and whether they are all.</param>
    public void Copy(MovedTable table, Func<BinaryCopy, (long Rows, bool IsDone)> fill)
    {
        using var transaction = Connection.BeginTransaction();
        Run(TakeTurn);
        var (rows, isDone) = Send(table, fill);
        Note(table.Name, rows, isDone);
        if (isDone)
            MoveIdentities(table);
        transaction.Commit();
    }

    private (long Rows, bool IsDone) Send(MovedTable table, Func<BinaryCopy, (long Rows, bool IsDone)> fill)
    {
        using var stream = Connection.BeginRawBinaryCopy(table.CopyIn);
        try
        {
            var copy = new BinaryCopy(stream.Write);
            copy.Begin();
            var filled = fill(copy);
            copy.End();
            return filled;
        }
        catch (Exception failure) when (failure is not NpgsqlException)
        {
            // Otherwise its end would make the rows that were sent so far a whole.
            stream.Cancel();
            throw;
        }
    }

    public void Note(string name, long rows, bool isDone) => Run(
        """
        INSERT INTO basin_move (name, rows, done) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET rows = excluded.rows, done = excluded.done
        """,
        name, rows, isDone);

    /// <summary>A number that the database gives next is above those that are there.</summary>
    private void MoveIdentities(MovedTable table)
    {
        foreach (var column in List("SELECT attname::text FROM pg_attribute WHERE attrelid = $1::regclass AND attidentity <> ''", table.Name))
        {
            Run($"""
                SELECT setval(pg_get_serial_sequence('{table.Name}', '{column}'), highest)
                FROM (SELECT max("{column}") AS highest FROM "{table.Name}") AS there WHERE highest > 0
                """);
        }
    }

    /// <summary>Lets the system make what it keeps here in another way. Where that was interrupted, it goes on.</summary>
    public void Rebuild(RebuiltTable rebuilt, Action<long> report, CancellationToken cancellation)
    {
        var migrations = MigrationsBehind((string)Ask("SELECT source FROM basin_move WHERE name = $1", Whole)!);
        using (var shard = PostgresShard.Open(
            _shard.Place, migrations, "move", static () => 0, leasing: null, _settings.Postgres, _settings.Files, _settings.Time, NullLogger.Instance))
        {
            while (shard.WriteAsync(rebuilt.Step, WritePriority.Background, cancellation).GetAwaiter().GetResult())
                report(CountOf(rebuilt.Table));
        }
        var rows = CountOf(rebuilt.Table);
        Note(rebuilt.Table, rows, isDone: true);
        report(rows);
    }

    /// <summary>What hosts find beside the tables: how far the log of events goes, and above what ids begin.</summary>
    public void Begin(ShardFacts facts)
    {
        Run("UPDATE basin_shard SET last_sequence = $1", facts.LastSequence);
        Run("DELETE FROM basin_id_lease");
        Run("DELETE FROM basin_writer");
        Run(
            "INSERT INTO basin_id_lease (number, process, mark, leased_until) VALUES ($1, '', $2, '-infinity')",
            (long)_shard.Place.Number, facts.IdMark);
    }

    /// <summary>Counts the rows, so that the database plans its first queries as well as later ones.</summary>
    public void Analyze(IEnumerable<string> tables) => Run($"ANALYZE {string.Join(", ", tables.Select(table => $"\"{table}\""))}");

    public ShardFacts ReadFacts() => new(
        (long)Ask("SELECT last_sequence FROM basin_shard")!,
        Ask("SELECT mark FROM basin_id_lease WHERE number = $1", (long)_shard.Place.Number) as long? ?? 0);

    public long CountOf(string table) => (long)Ask($"SELECT count(*) FROM \"{table}\"")!;

    public TableSum SumOf(MovedTable table, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var rows = CountOf(table.Name);
        using var stream = Connection.BeginRawBinaryCopy(table.CopyOut);
        var block = new byte[BlockBytes];
        while (stream.Read(block) is > 0 and var bytes)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, bytes);
        }
        return new TableSum(rows, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>All shards have been compared: what is left to do cannot fail for what is in them.</summary>
    public void NoteCompared() => Run("UPDATE basin_move SET done = TRUE WHERE name = $1", Whole);

    /// <summary>Lets hosts start.</summary>
    public void Open()
    {
        using var transaction = Connection.BeginTransaction();
        Run("DROP TABLE basin_move");
        Run("DELETE FROM basin_schema WHERE owner = $1", SchemaHistory.UnfinishedMove);
        transaction.Commit();
    }

    private void Run(string sql, params ReadOnlySpan<object> values)
    {
        using var command = CommandOf(sql, values);
        command.ExecuteNonQuery();
    }

    private object? Ask(string sql, params ReadOnlySpan<object> values)
    {
        using var command = CommandOf(sql, values);
        return command.ExecuteScalar();
    }

    private List<string> List(string sql, params ReadOnlySpan<object> values)
    {
        using var command = CommandOf(sql, values);
        using var reader = command.ExecuteReader();
        var found = new List<string>();
        while (reader.Read())
            found.Add(reader.GetString(0));
        return found;
    }

    private NpgsqlCommand CommandOf(string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, Connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _database.Dispose();
    }
}

/// <summary>What a schema is before a run.</summary>
/// <param name="Source">The fingerprint of what is being moved into it; null when it was filled otherwise, or all is over.</param>
/// <param name="IsCompared">Whether all shards were there, and equal.</param>
internal sealed record TargetState(bool IsEmpty, string? Source, bool IsCompared);

/// <summary>What hosts find in a shard beside its tables.</summary>
internal sealed record ShardFacts(long LastSequence, long IdMark);
