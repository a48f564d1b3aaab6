using System.Collections.Concurrent;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Tests.Storage;

/// <summary>A copy beside the writer looks for a file that is not there, and the log says so: that shows who copies.</summary>
public sealed class SqliteCheckpointerTests : IDisposable
{
    private const int FullPages = 256;

    private static readonly StoreOptions Options = new() { LogMegabytes = 1 };

    private readonly TemporaryDirectory _data = new();
    private readonly FailedCopies _beside = new();
    private readonly SqliteConnection _writer;
    private readonly SqliteCheckpointer _checkpointer;

    public SqliteCheckpointerTests()
    {
        _writer = SqliteConnection.OpenWriter(_data.File("000.db"), Options);
        _writer.Run("CREATE TABLE big (body BLOB NOT NULL)");
        _checkpointer = new SqliteCheckpointer(_writer, _data.File("nowhere/000.db"), Options, "copied/0", _beside);
    }

    [Fact]
    public async Task A_full_log_is_copied_beside_the_writer_each_time_that_it_has_begun_anew()
    {
        for (var round = 1; round <= 3; round++)
        {
            Fill();
            await BesideAsync(round);
            BeginAnew();
        }
    }

    [Fact]
    public async Task What_has_come_meanwhile_is_copied_by_the_writer_so_that_the_log_begins_anew()
    {
        Fill();
        await BesideAsync(1);

        Fill();
        Commit(bytes: 1);

        Assert.InRange(_writer.LogPages, 1, FullPages - 1);
        Assert.Single(_beside.Threads);
    }

    private void Fill()
    {
        Commit(FullPages * 4096);
        Assert.True(_writer.LogPages >= FullPages);
    }

    /// <summary>As after a copy that left no rest.</summary>
    private void BeginAnew()
    {
        _writer.Run("PRAGMA wal_checkpoint(PASSIVE)");
        Commit(bytes: 1);
        Assert.InRange(_writer.LogPages, 1, FullPages - 1);
    }

    private void Commit(int bytes)
    {
        _writer.Execute("INSERT INTO big (body) VALUES (zeroblob($1))", [bytes]);
        _checkpointer.AfterCommit();
    }

    /// <summary>Waits until so many copies beside the writer have ended.</summary>
    private async Task BesideAsync(int copies)
    {
        await Eventually.TrueAsync(() => _beside.Threads.Count == copies);
        foreach (var thread in _beside.Threads)
            thread.Join();
    }

    public void Dispose()
    {
        _checkpointer.Dispose();
        _writer.Dispose();
        _data.Dispose();
    }

    private sealed class FailedCopies : ILogger
    {
        public ConcurrentQueue<Thread> Threads { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Threads.Enqueue(Thread.CurrentThread);
    }
}
