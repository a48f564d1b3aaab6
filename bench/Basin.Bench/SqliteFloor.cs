using System.Reflection;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using SQLitePCL;

namespace Basin.Bench;

/// <summary>The least that keeps balances in a SQLite file: one writer, and for each transfer a row and two balances. What waits shares a commit.</summary>
internal sealed class SqliteFloor : IBooks
{
    private const int MostPerCommit = 1024;

    private static readonly Dictionary<OSPlatform, string> SystemSqlite = new()
    {
        [OSPlatform.Linux] = "libsqlite3.so.0",
        [OSPlatform.OSX] = "libsqlite3.dylib",
        [OSPlatform.Windows] = "winsqlite3",
    };

    private readonly Channel<(IReadOnlyList<Move> Moves, TaskCompletionSource Done)> _waiting =
        Channel.CreateUnbounded<(IReadOnlyList<Move>, TaskCompletionSource)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _begin, _insert, _debit, _credit, _commit;
    private readonly Thread _writer;

    static SqliteFloor()
    {
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, LoadSystemSqlite);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
    }

    public SqliteFloor(string directory)
    {
        // Only the writer thread uses this connection, so SQLite needs no mutex of its own.
        var flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        Check(raw.sqlite3_open_v2(Path.Combine(directory, "floor.db"), out _database, flags, null), raw.SQLITE_OK);
        Execute("PRAGMA journal_mode = WAL");
        Execute("PRAGMA synchronous = FULL");
        Execute("CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL, debits INTEGER NOT NULL, credits INTEGER NOT NULL) STRICT");
        Execute("CREATE TABLE transfer (id INTEGER PRIMARY KEY, debit INTEGER NOT NULL, credit INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT");
        _begin = Prepare("BEGIN IMMEDIATE");
        _insert = Prepare("INSERT INTO transfer (id, debit, credit, amount) VALUES (?1, ?2, ?3, ?4)");
        _debit = Prepare("UPDATE account SET debits = debits + ?2 WHERE id = ?1");
        _credit = Prepare("UPDATE account SET credits = credits + ?2 WHERE id = ?1");
        _commit = Prepare("COMMIT");
        _writer = new Thread(WriteUntilClosed) { Name = "Floor writer" };
        _writer.Start();
    }

    public Task OpenAsync(string[] accounts, CancellationToken cancellation)
    {
        Execute("BEGIN");
        for (var i = 0; i < accounts.Length; i++)
            Execute($"INSERT INTO account (id, name, debits, credits) VALUES ({i}, '{accounts[i]}', 0, 0)");
        Execute("COMMIT");
        return Task.CompletedTask;
    }

    public async Task MoveAsync(IReadOnlyList<Move> moves, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Writer.WriteAsync((moves, done), cancellation);
        await done.Task;
    }

    public Task<decimal> MovedAsync(CancellationToken cancellation)
    {
        using var statement = Prepare("SELECT SUM(debits) FROM account");
        Check(raw.sqlite3_step(statement), raw.SQLITE_ROW);
        return Task.FromResult((decimal)raw.sqlite3_column_int64(statement, 0));
    }

    private void WriteUntilClosed()
    {
        var answers = new List<TaskCompletionSource>(MostPerCommit);
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            Step(_begin);
            while (answers.Count < MostPerCommit && _waiting.Reader.TryRead(out var waiting))
            {
                foreach (var move in waiting.Moves)
                    Write(move);
                answers.Add(waiting.Done);
            }
            Step(_commit);
            answers.ForEach(answer => answer.SetResult());
            answers.Clear();
        }
    }

    private void Write(Move move)
    {
        _ = raw.sqlite3_bind_int64(_insert, 1, move.Id);
        _ = raw.sqlite3_bind_int64(_insert, 2, move.Debit);
        _ = raw.sqlite3_bind_int64(_insert, 3, move.Credit);
        _ = raw.sqlite3_bind_int64(_insert, 4, move.Amount);
        Step(_insert);
        Change(_debit, move.Debit, move.Amount);
        Change(_credit, move.Credit, move.Amount);
    }

    private void Change(sqlite3_stmt statement, int account, long amount)
    {
        _ = raw.sqlite3_bind_int64(statement, 1, account);
        _ = raw.sqlite3_bind_int64(statement, 2, amount);
        Step(statement);
    }

    public ValueTask DisposeAsync()
    {
        _waiting.Writer.Complete();
        _writer.Join();
        foreach (var statement in new[] { _begin, _insert, _debit, _credit, _commit })
            statement.Dispose();
        _database.Dispose();
        return ValueTask.CompletedTask;
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
}
