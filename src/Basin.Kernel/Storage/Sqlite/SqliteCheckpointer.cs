using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Sqlite;

/// <summary>
/// Folds a shard's log back into its file. The bulk is copied beside the writer, by a connection of its own; the writer copies what has come
/// meanwhile, in a moment, so that its next commit begins the log anew. A writer that copied everything would stand still for a third of a second.
/// </summary>
internal sealed class SqliteCheckpointer(SqliteConnection writer, string path, StoreOptions options, string shard, ILogger log) : IDisposable
{
    private const int PageBytes = 4096;

    /// <summary>Where the disk takes commits faster than copies, the writer waits before the log becomes larger than so many full ones.</summary>
    private const int MostLogs = 8;

    private readonly int _fullAtPages = options.LogMegabytes * (1024 * 1024 / PageBytes);
    private SqliteConnection? _beside;
    private Task? _copying;
    private int _beginAtPages = options.LogMegabytes * (1024 * 1024 / PageBytes);

    /// <summary>Called by the writer between two transactions.</summary>
    public void AfterCommit()
    {
        var pages = writer.LogPages;
        if (pages < _beginAtPages)
        {
            // The log has begun anew.
            if (pages < _fullAtPages)
                _beginAtPages = _fullAtPages;
        }
        else if (_copying is null)
        {
            _copying = Task.Factory.StartNew(CopyBeside, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        else if (_copying.IsCompleted)
        {
            _copying = null;
            Copy(() => writer);
            // Somebody who reads for long holds the log as it is: there is more to copy once it has grown further.
            _beginAtPages = pages + (_fullAtPages / 4);
        }
        else if (pages > MostLogs * _fullAtPages)
        {
            _copying.Wait();
        }
    }

    private void CopyBeside()
    {
        // The second time takes what came during the first.
        for (var time = 0; time < 2; time++)
            Copy(() => _beside ??= SqliteConnection.OpenCheckpointer(path, writer.Documents));
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
