using System.Security.Cryptography;
using Basin.Kernel.Storage.Sqlite;

namespace Basin.Kernel.Storage.Moving;

/// <summary>
/// A shard's file for as long as it is moved. Nobody else opens it meanwhile, to write or to read, and nothing is written to it. A host has its files
/// open for as long as it runs, so none is running where this succeeds.
/// </summary>
internal sealed class HeldDatabase : IDisposable
{
    private const int RowsPerReport = 4096;

    private readonly SqliteConnection _connection;

    private readonly bool _hadLog;

    private HeldDatabase(string path, SqliteConnection connection, bool hadLog) => (Path, _connection, _hadLog) = (path, connection, hadLog);

    public string Path { get; }

    /// <exception cref="MoveException">Somebody uses it.</exception>
    public static HeldDatabase Hold(string path)
    {
        var hadLog = File.Exists(path + "-wal");
        var connection = SqliteConnection.OpenPlain(path);
        try
        {
            connection.KeepLog(keep: true);
            // Alone, it keeps the index of the log in memory and changes no file.
            connection.Run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY");
            var code = SqliteNative.Execute(connection.Handle, "BEGIN; SELECT COUNT(*) FROM sqlite_schema", callback: 0, argument: 0, error: 0);
            if ((code & SqliteNative.PrimaryCode) == SqliteNative.Busy)
            {
                throw new MoveException(
                    $"'{path}' is in use. End the Basin that runs on it first: what it went on writing there would not be moved.");
            }
            connection.Check(code);
            if (connection.Find("PRAGMA journal_mode", row => row.Text(0), []) != "wal")
                throw new MoveException($"'{path}' has no log: it is not a database of Basin.");
            return new HeldDatabase(path, connection, hadLog);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What SQLite finds first, or null when there is nothing.</summary>
    public string? FirstDamage(CancellationToken cancellation)
    {
        using var interruption = cancellation.UnsafeRegister(static connection => ((SqliteConnection)connection!).Interrupt(), _connection);
        var found = _connection.Find("PRAGMA quick_check(1)", row => row.Text(0), []);
        return found == "ok" ? null : found?.Replace('\n', ' ');
    }

    public List<AppliedMigration> Migrations() => _connection.List(
        "SELECT owner, number, checksum FROM basin_schema", row => new AppliedMigration(row.Text(0), row.Int(1), row.Text(2)), []);

    /// <summary>What is moved row by row: a table comes behind those that it refers to.</summary>
    public List<MovedTable> Tables(ShardPlace shard)
    {
        var names = _connection.List(
            """
            SELECT name FROM pragma_table_list
            WHERE schema = 'main' AND type = 'table' AND name <> 'basin_schema' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
            ORDER BY name
            """,
            row => row.Text(0), []);
        var ordered = new List<string>();
        foreach (var name in names)
            AddBehindParents(name, ordered);
        return ordered.ConvertAll(name => new MovedTable(shard, name, ColumnsOf(name)));
    }

    private void AddBehindParents(string table, List<string> ordered)
    {
        foreach (var parent in _connection.List("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)", row => row.Text(0), [table]))
        {
            if (parent != table && !ordered.Contains(parent))
                AddBehindParents(parent, ordered);
        }
        if (!ordered.Contains(table))
            ordered.Add(table);
    }

    private List<MovedColumn> ColumnsOf(string table) => _connection.List(
        "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid",
        row => new MovedColumn(row.Text(0), TypeOf(row.Text(1)), row.Int(2)),
        [table]);

    private static ColumnType TypeOf(string declared) => declared switch
    {
        "INTEGER" or "INT" => ColumnType.Integer,
        "REAL" => ColumnType.Real,
        "TEXT" => ColumnType.Text,
        "BLOB" => ColumnType.Blob,
        _ => throw new InvalidOperationException($"'{declared}' is no type of a strict table."),
    };

    /// <summary>Puts rows in the place of a table, in memory: of what an installation in files keeps beside its databases.</summary>
    public void Replace(string table, IEnumerable<(string Key, string Value)> rows)
    {
        var columns = ColumnsOf(table);
        _connection.Run($"CREATE TEMP TABLE \"{table}\" (\"{columns[0].Name}\" TEXT PRIMARY KEY, \"{columns[1].Name}\" TEXT NOT NULL)");
        var insert = $"INSERT INTO temp.\"{table}\" VALUES ($1, $2)";
        foreach (var (key, value) in rows)
            _connection.Execute(insert, [key, value]);
    }

    public long CountOf(string table) => _connection.Number($"SELECT COUNT(*) FROM \"{table}\"", []) ?? 0;

    /// <summary>Of the last event that the shard has published; there is none when nothing is left of the log.</summary>
    public long LastSequence() => _connection.ReadLastSequence();

    /// <summary>How far the shard has applied the events of others.</summary>
    public List<(string Source, int Shard, long Sequence)> Checkpoints() => _connection.List(
        "SELECT source, source_shard, sequence FROM basin_checkpoint", row => (row.Text(0), row.Int(1), row.Integer(2)), []);

    /// <summary>Above which new ids of the shard begin.</summary>
    public long IdMark() => SqliteShard.IdMarkOf(Path);

    /// <summary>The rows of a table, one after the other; one table at a time.</summary>
    /// <param name="skip">How many are left out.</param>
    public TableReader Read(MovedTable table, long skip)
    {
        var statement = _connection.Prepare(table.Read);
        statement.Bind([skip]);
        return new TableReader(statement);
    }

    public TableSum SumOf(MovedTable table, Action<long> read, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var rows = Read(table, skip: 0);
        var copy = new BinaryCopy(hash.AppendData);
        var count = 0L;
        copy.Begin();
        while (rows.Next())
        {
            copy.Add(table, rows.Current);
            if (++count % RowsPerReport != 0)
                continue;
            cancellation.ThrowIfCancellationRequested();
            read(count);
        }
        copy.End();
        read(count);
        return new TableSum(count, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public void Dispose()
    {
        // A host that ends in order leaves no log. The one that was made here has nothing in it, and goes again.
        if (!_hadLog)
            _connection.KeepLog(keep: false);
        _connection.Dispose();
    }

    public sealed class TableReader(SqliteStatement statement) : IDisposable
    {
        public SqliteStatement Current => statement;

        public bool Next() => statement.Step();

        public void Dispose() => statement.Reset();
    }
}
