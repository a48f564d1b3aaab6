using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Basin.Kernel.Events;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed unsafe class SqliteConnection : Connection
{
    /// <summary>More distinct statements than this means that somebody builds SQL from values.</summary>
    private const int MaxStatements = 512;

    // Statements are constants, so the reference is the identity and no text is hashed.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);
    private readonly ArrayBufferWriter<byte> _segment = new();
    private readonly nint _db;
    private int* _logPages;
    private long _lastSequence;

    private SqliteConnection(nint db, Documents documents) => (_db, Documents) = (db, documents);

    public override long Epoch => 0;

    public override Documents Documents { get; }

    public override SqlDialect Dialect => SqlDialect.Sqlite;

    public static SqliteConnection OpenWriter(string path, StoreOptions options)
    {
        var connection = Open(path, new Documents(), SqliteNative.OpenReadWrite | SqliteNative.OpenCreate, SqliteLogBuffer.Name);
        foreach (var pragma in SqlitePragmas.Writer(options))
            connection.Run(pragma);
        connection.CountLogPages();
        return connection;
    }

    /// <summary>Folds the log into the file beside the writer.</summary>
    public static SqliteConnection OpenCheckpointer(string path, Documents documents) => Open(path, documents, SqliteNative.OpenReadWrite);

    /// <summary>Without any setting, for whoever copies the file as it is.</summary>
    public static SqliteConnection OpenPlain(string path) => Open(path, new Documents(), SqliteNative.OpenReadWrite);

    public static SqliteConnection OpenReader(string path, Documents documents, StoreOptions options)
    {
        var connection = Open(path, documents, SqliteNative.OpenReadWrite);
        foreach (var pragma in SqlitePragmas.Reader(options))
            connection.Run(pragma);
        return connection;
    }

    private static SqliteConnection Open(string path, Documents documents, int flags, string? fileSystem = null)
    {
        SqliteLibrary.EnsureLoaded();
        var code = SqliteNative.Open(path, out var db, flags | SqliteNative.OpenNoMutex, fileSystem);
        if (code != SqliteNative.Ok)
        {
            _ = SqliteNative.Close(db);
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.InputOutput, $"Cannot open '{path}': SQLite error {code}.");
        }
        return new SqliteConnection(db, documents);
    }

    /// <summary>Reads how far the log of events goes; only the writer's connection has to know.</summary>
    public long ReadLastSequence() => _lastSequence = Number("SELECT MAX(last_sequence) FROM basin_outbox", []) ?? 0;

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

    public override int Execute(string sql, ReadOnlySpan<SqlValue> values)
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

    public override T? Find<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
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

    public override List<T> List<T>(string sql, RowMap<T> map, ReadOnlySpan<SqlValue> values)
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

    public override long? Number(string sql, ReadOnlySpan<SqlValue> values)
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

    /// <summary>For a call that is made by whoever needs it alone.</summary>
    public nint Handle => _db;

    /// <summary>Whether the last one that closes the database leaves its log as it is, instead of folding it into the file.</summary>
    public void KeepLog(bool keep)
    {
        // Apple passes variadic arguments in another way. There, the log of a host that does not run is folded, which changes nothing in it.
        if (!OperatingSystem.IsMacOS())
            Check(SqliteNative.ConfigureConnection(_db, SqliteNative.ConfigKeepLogOnClose, keep ? 1 : 0, inForce: 0));
    }

    public void Interrupt() => SqliteNative.InterruptAll(_db);

    public override bool InTransaction => SqliteNative.AutoCommit(_db) == 0;

    /// <summary>SQLite undoes a statement that fails and goes on.</summary>
    public override bool IsSpoiled => false;

    public override bool IsReadOnly(string sql) => Prepare(sql).IsReadOnly;

    /// <summary>The file has one writer, which knows the last sequence since it has read it at the start.</summary>
    public override long Begin()
    {
        Execute("BEGIN IMMEDIATE", []);
        return _lastSequence;
    }

    public override void Commit(IReadOnlyList<EventRecord> published, bool hasJobs)
    {
        EventSegment.WriteAll(published, _segment, (lastSequence, events) => Execute(EventSegment.Insert, [lastSequence, SqlValue.Utf8(events)]));
        Execute("COMMIT", []);
        if (published.Count > 0)
            _lastSequence = published[^1].Sequence;
    }

    public override void Rollback() => Execute("ROLLBACK", []);

    public override void Savepoint(SavepointName name) => Execute(name == SavepointName.Item ? "SAVEPOINT item" : "SAVEPOINT part", []);

    public override void Release(SavepointName name) => Execute(name == SavepointName.Item ? "RELEASE item" : "RELEASE part", []);

    public override void RollbackTo(SavepointName name) => Execute(name == SavepointName.Item ? "ROLLBACK TO item" : "ROLLBACK TO part", []);

    /// <summary>Commits pages that nobody needs, to learn whether the disk takes them; later pages use their place.</summary>
    public override void Probe() =>
        Run("BEGIN IMMEDIATE; CREATE TABLE basin_probe AS SELECT zeroblob(65536) AS room; DROP TABLE basin_probe; COMMIT");

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

    public override void Dispose()
    {
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _statements.Clear();
        _ = SqliteNative.Close(_db);
        NativeMemory.Free(_logPages);
        _logPages = null;
    }
}
