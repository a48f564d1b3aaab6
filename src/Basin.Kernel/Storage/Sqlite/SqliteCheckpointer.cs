using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// Folds a shard's log back into its file. The bulk is copied beside the writer, by a connection of its own; the writer copies what has come
/// meanwhile, in a moment, so that its next commit begins the log anew. A writer that copied everything would stand still for a third of a second.
/// </summary>
internal sealed class SqliteCheckpointer(SqliteConnection writer, string path, StoreOptions options, string shard, ILogger log) : IDisposable
{
    private const int PageBytes = 4096;

    /// <summary>Where the disk takes commits faster than copies, the writer waits for the copy before the log is larger than so many full ones.</summary>
    private const int MostLogs = 8;

    private readonly int _fullAtPages = options.LogMegabytes * (1024 * 1024 / PageBytes);
    private SqliteConnection? _beside;
    private Task? _copying;
    private bool _isBulkCopied;
    private int _nextAtPages = options.LogMegabytes * (1024 * 1024 / PageBytes);

    /// <summary>Called by the writer between two transactions.</summary>
    public void AfterCommit()
    {
        var pages = writer.LogPages;
        if (pages < _fullAtPages)
        {
            // The log has begun anew, perhaps after a copy that left no rest.
            if (_copying is { IsCompleted: true })
                _copying = null;
            (_isBulkCopied, _nextAtPages) = (false, _fullAtPages);
        }
        else if (pages >= _nextAtPages)
        {
            if (_isBulkCopied)
                CopyRest(pages);
            else
                CopyBulk(pages);
        }
    }

    private void CopyBulk(int pages)
    {
        if (_copying is null)
        {
            // Only once: SQLite before 3.51.3 may damage the file when a copy begins while everything is copied and, at that moment, a commit begins the
            // log anew (https://www.sqlite.org/wal.html). This one begins with a full log that is not copied, and the rest is the writer's own.
            _copying = Task.Factory.StartNew(
                () => Copy(() => _beside ??= SqliteConnection.OpenCheckpointer(path, writer.Documents)),
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        else if (_copying.IsCompleted)
        {
            _copying = null;
            CopyRest(pages);
        }
        else if (pages > MostLogs * _fullAtPages)
        {
            _copying.Wait();
        }
    }

    /// <summary>The next commit begins the log anew, unless somebody still reads in it; then it is tried again soon.</summary>
    private void CopyRest(int pages)
    {
        Copy(() => writer);
        (_isBulkCopied, _nextAtPages) = (true, pages + (_fullAtPages / 16));
    }

    private void Copy(Func<SqliteConnection> connection)
    {
        try
        {
            connection().Run("PRAGMA wal_checkpoint(PASSIVE)");
        }
        catch (Exception failure) when (failure is StoreException or StoreUnavailableException)
        {
            // What is in the log is safe there, and the next time is as good.
            StoreLog.CheckpointFailed(log, shard, failure);
        }
    }

    public void Dispose()
    {
        _copying?.Wait();
        _beside?.Dispose();
    }
}
