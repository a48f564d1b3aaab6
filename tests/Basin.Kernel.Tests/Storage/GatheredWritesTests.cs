using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Storage;

public sealed class GatheredWritesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Never waited for, unless something is broken.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _data = new();
    private readonly FakeClock _clock = new();
    private readonly SqliteConnection _connection;
    private readonly BatchTransaction _transaction;
    private int _commits;

    public GatheredWritesTests()
    {
        _connection = SqliteConnection.OpenWriter(_data.File("000.db"), new StoreOptions());
        var ids = new IdGenerator(_clock, 0, 0, _ => { });
        _transaction = new BatchTransaction(_connection, () => ids, _clock, checksKept: false);
    }

    /// <summary>A writer that does not wait is sometimes too slow to show it, so there are many rounds.</summary>
    [Fact]
    public async Task Background_work_waits_for_a_request_and_shares_its_commit()
    {
        using var writer = Start(Long);
        for (var round = 0; round < 50; round++)
        {
            _clock.Advance(Long);
            await IdleAsync(writer);
            var before = _commits;
            var gathered = await GatherAsync(writer);

            await WriteAsync(writer, WritePriority.Request).WaitAsync(Patience);

            await Task.WhenAll(gathered).WaitAsync(Patience);
            Assert.Equal(before + 1, _commits);
        }
    }

    [Fact]
    public async Task The_end_ends_the_wait_and_finishes_what_was_gathered()
    {
        for (var round = 1; round <= 10; round++)
        {
            using var writer = Start(Long);
            var gathered = await GatherAsync(writer);

            await Task.Run(writer.Dispose).WaitAsync(Patience);

            await Task.WhenAll(gathered);
            Assert.Equal(round, _commits);
        }
    }

    [Fact]
    public async Task A_request_does_not_wait()
    {
        using var writer = Start(Long);
        for (var i = 0; i < 20; i++)
            await WriteAsync(writer, WritePriority.Request).WaitAsync(Patience);
    }

    [Fact]
    public async Task The_wait_ends_by_itself()
    {
        using var writer = Start(TimeSpan.FromMilliseconds(1));
        for (var i = 0; i < 20; i++)
            await WriteAsync(writer, WritePriority.Background).WaitAsync(Patience);
    }

    [Fact]
    public async Task Background_work_long_after_the_last_commit_does_not_wait()
    {
        using var writer = Start(Long);
        for (var i = 0; i < 20; i++)
        {
            _clock.Advance(Long);
            await WriteAsync(writer, WritePriority.Background).WaitAsync(Patience);
        }
    }

    private ShardWriter Start(TimeSpan pause) => new(
        "gathered",
        0,
        _transaction,
        Ownership.Sole,
        new StoreOptions { BackgroundPauseMilliseconds = (int)pause.TotalMilliseconds },
        _clock,
        NullLogger.Instance,
        committed: _ => Interlocked.Increment(ref _commits),
        answered: () => { });

    private static async Task<List<Task>> GatherAsync(ShardWriter writer)
    {
        var gathered = new List<Task>();
        for (var i = 0; i < 20; i++)
        {
            gathered.Add(WriteAsync(writer, WritePriority.Background));
            await Task.Yield();
        }
        Assert.DoesNotContain(gathered, work => work.IsCompleted);
        return gathered;
    }

    /// <summary>Returns after a commit, when the writer has looked for more work and sleeps: it would take what comes before that at once.</summary>
    private static async Task IdleAsync(ShardWriter writer)
    {
        var thread = await writer.EnqueueAsync(_ => ValueTask.FromResult(Thread.CurrentThread), WritePriority.Request, CancellationToken.None)
            .WaitAsync(Patience);
        await Eventually.TrueAsync(() => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
    }

    private static Task<int> WriteAsync(ShardWriter writer, WritePriority priority) =>
        writer.EnqueueAsync(_ => ValueTask.FromResult(0), priority, CancellationToken.None);

    public void Dispose()
    {
        _connection.Dispose();
        _data.Dispose();
    }
}
