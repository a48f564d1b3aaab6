using Basin.Kernel.Storage.Backups;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// A database that is copied while its host may be writing to it. The file is only ever opened by SQLite: a process that opens and closes it by other
/// means loses every lock that it has on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
/// </summary>
internal sealed class SqliteSource : IDisposable
{
    private const int PagesPerStep = 1024;

    private readonly SqliteConnection _locker;
    private readonly SqliteConnection _snapshot;

    private SqliteSource(string path, SqliteConnection locker, SqliteConnection snapshot) => (Path, _locker, _snapshot) = (path, locker, snapshot);

    public string Path { get; }

    /// <summary>Inside the read transaction of the cut.</summary>
    public SqliteConnection Snapshot => _snapshot;

    /// <summary>Of the snapshot; most of a young one are in its log.</summary>
    public long Pages => _snapshot.Number("PRAGMA page_count", []) ?? 0;

    public static SqliteSource Open(string path)
    {
        var locker = OpenQuietly(path);
        try
        {
            // In any other mode a reader would hold up the writer for as long as the copy lasts.
            if (locker.Find("PRAGMA journal_mode", row => row.Text(0), []) != "wal")
                throw new BackupException($"'{path}' has no log: it is not a database of Basin, or it is being made just now.");
            locker.Run("PRAGMA busy_timeout = 0");
            return new SqliteSource(path, locker, OpenQuietly(path));
        }
        catch
        {
            locker.Dispose();
            throw;
        }
    }

    /// <summary>The last one that closes a database folds its log into it; a copy leaves the source as it is.</summary>
    private static SqliteConnection OpenQuietly(string path)
    {
        var connection = SqliteConnection.OpenPlain(path);
        connection.KeepLog(keep: true);
        // Whoever opens it first after a crash reads the whole log; and what is read here also loads the schema, before anything is locked.
        connection.Run("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF; SELECT COUNT(*) FROM sqlite_schema");
        return connection;
    }

    /// <returns>False when a writer is in its transaction.</returns>
    public bool TryLock()
    {
        var code = SqliteNative.Execute(_locker.Handle, "BEGIN IMMEDIATE", callback: 0, argument: 0, error: 0);
        if ((code & SqliteNative.PrimaryCode) == SqliteNative.Busy)
            return false;
        _locker.Check(code);
        return true;
    }

    /// <summary>A transaction has its snapshot from its first read on.</summary>
    public void FixSnapshot() => _snapshot.Run("BEGIN; SELECT COUNT(*) FROM sqlite_schema");

    public void Unlock() => _locker.Run("ROLLBACK");

    /// <summary>Writes the snapshot into an empty file.</summary>
    /// <param name="copied">Bytes so far, and of the whole.</param>
    public void CopyTo(string target, Action<long, long> copied, CancellationToken cancellation)
    {
        var pageBytes = _snapshot.Number("PRAGMA page_size", []) ?? 0;
        using var connection = SqliteConnection.OpenPlain(target);
        // Half a copy is of no use, so it needs no journal; it is flushed as a whole when it has been checked.
        connection.Run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
        var backup = SqliteNative.BackupInit(connection.Handle, "main", _snapshot.Handle, "main");
        if (backup == 0)
            throw Failed(target, SqliteNative.CannotOpen, SqliteNative.ErrorMessage(connection.Handle));
        var code = SqliteNative.Ok;
        try
        {
            while (code == SqliteNative.Ok)
            {
                cancellation.ThrowIfCancellationRequested();
                code = SqliteNative.BackupStep(backup, PagesPerStep);
                var pages = (long)SqliteNative.BackupPageCount(backup);
                copied((pages - SqliteNative.BackupRemaining(backup)) * pageBytes, pages * pageBytes);
            }
        }
        finally
        {
            // It tells the target's connection what has failed.
            _ = SqliteNative.BackupFinish(backup);
        }
        if (code != SqliteNative.Done)
            throw Failed(target, code & SqliteNative.PrimaryCode, SqliteNative.ErrorMessage(connection.Handle));
    }

    private BackupException Failed(string target, int code, string text) => new(code switch
    {
        SqliteNative.Full => $"There is no room left for '{target}'.",
        SqliteNative.Corrupt or SqliteNative.NotADatabase => $"'{Path}' is damaged: {text}.",
        _ => $"'{Path}' could not be copied to '{target}': {text}.",
    });

    public void Dispose()
    {
        _snapshot.Dispose();
        // Of a host that had ended in order there was no log before. It is gone again, because nothing is in it.
        if (!_locker.InTransaction && new FileInfo(Path + "-wal") is { Exists: true, Length: 0 })
            _locker.KeepLog(keep: false);
        _locker.Dispose();
    }
}
