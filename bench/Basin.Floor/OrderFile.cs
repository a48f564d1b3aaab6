using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using SQLitePCL;

namespace Basin.Floor;

/// <summary>A SQLite file of orders (id, body) with one writer: whatever waits is inserted in one transaction, then answered.</summary>
internal sealed class OrderFile : IDisposable
{
    private const int MostPerCommit = 1000;
    private static readonly Dictionary<OSPlatform, string> SystemSqlite = new()
    {
        [OSPlatform.Linux] = "libsqlite3.so.0",
        [OSPlatform.OSX] = "libsqlite3.dylib",
        [OSPlatform.Windows] = "winsqlite3",
    };

    private readonly Channel<Pending> _waiting = Channel.CreateBounded<Pending>(new BoundedChannelOptions(10_000) { SingleReader = true });
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _begin, _insert, _commit;
    private readonly Thread _writer;
    private long _lastId;

    public OrderFile(string directory)
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, LoadSystemSqlite);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());

        // Only the writer thread uses this connection, so SQLite needs no mutex of its own.
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        Check(raw.sqlite3_open_v2(Path.Combine(directory, "floor.db"), out _database, flags, null), raw.SQLITE_OK);
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT");
        _begin = Prepare("BEGIN IMMEDIATE");
        _insert = Prepare("INSERT INTO orders (id, body) VALUES (?1, ?2)");
        _commit = Prepare("COMMIT");
        _lastId = ReadLastId();

        _writer = new Thread(WriteUntilClosed) { Name = "Order writer" };
        _writer.Start();
    }

    /// <summary>Completes with the order's id once the order is on disk.</summary>
    public async ValueTask<long> AddAsync(byte[] body)
    {
        var pending = new Pending(body);
        await _waiting.Writer.WriteAsync(pending);
        return await pending.Task;
    }

    public void Dispose()
    {
        _waiting.Writer.Complete();
        _writer.Join();
        foreach (var statement in new[] { _begin, _insert, _commit })
            statement.Dispose();
        _database.Dispose();
    }

    private void WriteUntilClosed()
    {
        var batch = new List<Pending>(MostPerCommit);
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < MostPerCommit && _waiting.Reader.TryRead(out var pending))
                batch.Add(pending);
            Write(batch);
            batch.Clear();
        }
    }

    private void Write(List<Pending> batch)
    {
        Step(_begin);
        foreach (var pending in batch)
        {
            pending.Id = ++_lastId;
            Check(raw.sqlite3_bind_int64(_insert, 1, pending.Id), raw.SQLITE_OK);
            Check(raw.sqlite3_bind_blob(_insert, 2, pending.Body), raw.SQLITE_OK);
            Step(_insert);
        }
        Step(_commit);
        foreach (var pending in batch)
            pending.SetResult(pending.Id);
    }

    private long ReadLastId()
    {
        using var statement = Prepare("SELECT COALESCE(MAX(id), 0) FROM orders");
        Check(raw.sqlite3_step(statement), raw.SQLITE_ROW);
        return raw.sqlite3_column_int64(statement, 0);
    }

    private void Execute(string sql) => Check(raw.sqlite3_exec(_database, sql), raw.SQLITE_OK);

    private sqlite3_stmt Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v3(_database, sql, raw.SQLITE_PREPARE_PERSISTENT, out var statement), raw.SQLITE_OK);
        return statement;
    }

    private void Step(sqlite3_stmt statement)
    {
        Check(raw.sqlite3_step(statement), raw.SQLITE_DONE);
        Check(raw.sqlite3_reset(statement), raw.SQLITE_OK);
    }

    // A floor that cannot write has nothing left to measure: the exception ends the process.
    private void Check(int result, int expected)
    {
        if (result != expected)
            throw new InvalidOperationException($"SQLite answered {result}: {raw.sqlite3_errmsg(_database).utf8_to_string()}");
    }

    private static nint LoadSystemSqlite(string name, Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" ? NativeLibrary.Load(SystemSqlite.First(system => RuntimeInformation.IsOSPlatform(system.Key)).Value) : 0;

    private sealed class Pending(byte[] body) : TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public byte[] Body => body;
        public long Id { get; set; }
    }
}
