using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed unsafe class SqliteConnection : IDisposable
{
    /// <summary>More distinct statements than this means that somebody builds SQL from values.</summary>
    private const int MaxStatements = 512;

    // Statements are constants, so the reference is the identity and no text is hashed.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);
    private readonly nint _db;
    private int* _logPages;

    private SqliteConnection(nint db, Documents documents) => (_db, Documents) = (db, documents);

    /// <summary>Shared by all connections of the shard.</summary>
    public Documents Documents { get; }

    public static SqliteConnection OpenWriter(string path, StoreOptions options)
    {
        var connection = Open(path, new Documents(), SqliteNative.OpenReadWrite | SqliteNative.OpenCreate);
        foreach (var pragma in SqlitePragmas.Writer(options))
            connection.Run(pragma);
        connection.CountLogPages();
        return connection;
    }

    /// <summary>Folds the log into the file beside the writer.</summary>
    public static SqliteConnection OpenCheckpointer(string path, Documents documents) => Open(path, documents, SqliteNative.OpenReadWrite);

    public static SqliteConnection OpenReader(string path, Documents documents, StoreOptions options)
    {
        var connection = Open(path, documents, SqliteNative.OpenReadWrite);
        foreach (var pragma in SqlitePragmas.Reader(options))
            connection.Run(pragma);
        return connection;
    }

    private static SqliteConnection Open(string path, Documents documents, int flags)
    {
        SqliteLibrary.EnsureLoaded();
        var code = SqliteNative.Open(path, out var db, flags | SqliteNative.OpenNoMutex, vfs: 0);
        if (code != SqliteNative.Ok)
        {
            _ = SqliteNative.Close(db);
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, $"Cannot open '{path}': SQLite error {code}.");
        }
        return new SqliteConnection(db, documents);
    }

    /// <summary>The prepared statement of a constant text, made at its first use.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (_statements.TryGetValue(sql, out var statement))
            return statement;
        if (_statements.Count == MaxStatements)
            throw new InvalidOperationException($"More than {MaxStatements} statements: SQL is a constant, values are parameters.");
        Check(SqliteNative.Prepare(_db, sql, bytes: -1, SqliteNative.PreparePersistent, out var handle, tail: 0));
        return _statements[sql] = new SqliteStatement(this, handle);
    }

    /// <summary>Runs any text with any number of statements, such as a migration, without keeping them.</summary>
    public void Run(string sql) => Check(SqliteNative.Execute(_db, sql, callback: 0, argument: 0, error: 0));

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
            return SqliteNative.Changes(_db);
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

    /// <summary>Pages in the shard's log after the writer's last commit.</summary>
    public int LogPages => *_logPages;

    /// <summary>SQLite tells the size after each commit; its own hook, which this replaces, would fold the log within the commit.</summary>
    private void CountLogPages()
    {
        _logPages = (int*)NativeMemory.AllocZeroed(sizeof(int));
        _ = SqliteNative.LogHook(_db, &KeepLogPages, (nint)_logPages);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int KeepLogPages(nint logPages, nint connection, nint database, int pages)
    {
        *(int*)logPages = pages;
        return SqliteNative.Ok;
    }

    public void Interrupt() => SqliteNative.InterruptAll(_db);

    /// <summary>True while a transaction is open; a full disk may have ended it already.</summary>
    public bool InTransaction => SqliteNative.AutoCommit(_db) == 0;

    /// <summary>True once SQLite could not make sense of the file.</summary>
    public bool FoundDamage { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Check(int code)
    {
        if (code != SqliteNative.Ok)
            Throw(code);
    }

    public void Throw(int code)
    {
        var text = SqliteNative.ErrorMessage(_db);
        throw (code & SqliteNative.PrimaryCode) switch
        {
            SqliteNative.Full => new StoreUnavailableException(StoreUnavailableException.Reasons.DiskFull, text),
            SqliteNative.InputOutputError or SqliteNative.CannotOpen or SqliteNative.ReadOnly or SqliteNative.Busy =>
                new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, text),
            SqliteNative.Interrupt => new OperationCanceledException("The statement was interrupted."),
            SqliteNative.Corrupt or SqliteNative.NotADatabase => Damaged(text),
            _ => new StoreException($"SQLite error {code}: {text}"),
        };
    }

    private StoreUnavailableException Damaged(string text)
    {
        FoundDamage = true;
        var path = SqliteNative.FileOf(_db);
        return new StoreUnavailableException(StoreUnavailableException.Reasons.Stopped, $"'{path}' is damaged: {text}. Restore it from a backup.");
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _ = SqliteNative.Close(_db);
        NativeMemory.Free(_logPages);
        _logPages = null;
    }
}
