using System.Runtime.CompilerServices;
using SQLitePCL;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed class SqliteConnection : IDisposable
{
    /// <summary>More distinct statements than this means that somebody builds SQL from values.</summary>
    private const int MaxStatements = 512;

    // Statements are constants, so the reference is the identity and no text is hashed.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);
    private readonly sqlite3 _db;

    private SqliteConnection(sqlite3 db) => _db = db;

    public static SqliteConnection OpenWriter(string path, StoreOptions options)
    {
        var connection = Open(path, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        foreach (var pragma in SqlitePragmas.Writer(options))
            connection.Run(pragma);
        return connection;
    }

    public static SqliteConnection OpenReader(string path, StoreOptions options)
    {
        var connection = Open(path, raw.SQLITE_OPEN_READWRITE);
        foreach (var pragma in SqlitePragmas.Reader(options))
            connection.Run(pragma);
        return connection;
    }

    private static SqliteConnection Open(string path, int flags)
    {
        SqliteLibrary.EnsureLoaded();
        var code = raw.sqlite3_open_v2(path, out var db, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        if (code != raw.SQLITE_OK)
        {
            db.Dispose();
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, $"Cannot open '{path}': SQLite error {code}.");
        }
        return new SqliteConnection(db);
    }

    /// <summary>The prepared statement of a constant text, made at its first use.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        if (_statements.Count == MaxStatements)
            throw new InvalidOperationException($"More than {MaxStatements} statements: SQL is a constant, values are parameters.");
        Check(raw.sqlite3_prepare_v3(_db, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle));
        return _statements[sql] = new SqliteStatement(this, handle);
    }

    /// <summary>Runs any text with any number of statements, such as a migration, without keeping them.</summary>
    public void Run(string sql) => Check(raw.sqlite3_exec(_db, sql));

    public int Execute(string sql, ReadOnlySpan<SqlValue> values)
    {
        var statement = Prepare(sql);
        statement.Bind(values);
        try
        {
            // A RETURNING clause yields rows; they are not wanted here.
            while (statement.Step())
            {
            }
            return raw.sqlite3_changes(_db);
        }
        finally
        {
            statement.Reset();
        }
    }

    public T? Find<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
        where T : class
    {
        var statement = Prepare(sql);
        statement.Bind(values);
        try
        {
            return statement.Step() ? map(statement) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public List<T> List<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
    {
        var statement = Prepare(sql);
        statement.Bind(values);
        try
        {
            var rows = new List<T>();
            while (statement.Step())
                rows.Add(map(statement));
            return rows;
        }
        finally
        {
            statement.Reset();
        }
    }

    public long? Number(string sql, ReadOnlySpan<SqlValue> values)
    {
        var statement = Prepare(sql);
        statement.Bind(values);
        try
        {
            return statement.Step() ? statement.IntegerOrNull(0) : null;
        }
        finally
        {
            statement.Reset();
        }
    }

    public void Interrupt() => raw.sqlite3_interrupt(_db);

    /// <summary>True while a transaction is open; a full disk may have ended it already.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>True once SQLite could not make sense of the file.</summary>
    public bool FoundDamage { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            Throw(code);
    }

    public void Throw(int code)
    {
        var text = raw.sqlite3_errmsg(_db).utf8_to_string();
        throw (code & 0xff) switch
        {
            raw.SQLITE_FULL => new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, text),
            raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_BUSY =>
                new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, text),
            raw.SQLITE_INTERRUPT => new OperationCanceledException("The statement was interrupted."),
            raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(text),
            _ => new StoreException($"SQLite error {code}: {text}"),
        };
    }

    private StoreUnavailableException Damaged(string text)
    {
        FoundDamage = true;
        var path = raw.sqlite3_db_filename(_db, "main").utf8_to_string();
        return new StoreUnavailableException(StoreUnavailableException.Reasons.Stopped, $"'{path}' is damaged: {text}. Restore it from a backup.");
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        raw.sqlite3_close_v2(_db);
    }
}
