using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;
using Basin.Testing.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Storage;

public sealed class SqliteStoreTests : StoreContract, IDisposable
{
    private static readonly Migration Big = new("contract", 1, "0001_big", "CREATE TABLE big (number INTEGER PRIMARY KEY, body TEXT NOT NULL)");

    private readonly TemporaryDirectory _data = new();

    protected override Shard Open(StoreOptions options, params IReadOnlyList<Migration> migrations)
    {
        options.Directory = _data.Path;
        return SqliteShard.Open(
            new ShardPlace("contract", 0, 1), [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. migrations], options, Clock, NullLogger.Instance);
    }

    protected override void Close(Shard shard) => ((SqliteShard)shard).Dispose();

    protected override async Task LimitSpaceAsync(Shard shard, bool full)
    {
        // SQLite never goes below the pages that there are, so 1 means no page more.
        var pragma = full ? "PRAGMA max_page_count = 1" : "PRAGMA max_page_count = 1000000";
        await shard.WriteAsync(tx => tx.NumberAsync(pragma), WritePriority.Background, CancellationToken.None);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_file_stops_the_writer_whoever_meets_it_and_is_read_where_it_is_whole(bool byReading)
    {
        await DamageAsync(length => length / 2);
        var shard = Open(new StoreOptions(), Big);
        var meeting = byReading
            ? shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT SUM(LENGTH(body)) FROM big"), CancellationToken.None).AsTask()
            : shard.WriteAsync(tx => tx.NumberAsync("SELECT SUM(LENGTH(body)) FROM big"), WritePriority.Request, CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => meeting);

        Assert.Equal(StoreUnavailableException.Reasons.Stopped, refusal.Reason);
        Assert.Contains("000.db' is damaged", refusal.Message);
        await Eventually.TrueAsync(() => shard.Trouble?.Reason == StoreUnavailableException.Reasons.Stopped);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => AddAsync(shard, 301, 301));
        Assert.Equal(1, await shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT number FROM big WHERE number = 1"), CancellationToken.None));
        Close(shard);
    }

    [Fact]
    public async Task A_transaction_larger_than_its_memory_reads_what_it_has_written_and_leaves_a_whole_file()
    {
        var shard = Open(new StoreOptions { CacheMegabytesPerConnection = 1, LogMegabytes = 4 }, Big);
        for (var round = 0; round < 3; round++)
        {
            var first = round * 4000;
            // Pages that find no room in the cache go to the log before the commit, and are read from there.
            var sum = await shard.WriteAsync(
                async tx =>
                {
                    for (var number = first + 4000; number > first; number--)
                        await tx.SendAsync("INSERT INTO big (number, body) VALUES ($1, $2)", (number * 7919L) % 100_003, new string('x', 2000));
                    await tx.TryAsync(async () =>
                    {
                        await tx.ExecuteAsync("UPDATE big SET body = ''");
                        throw new FormatException("undone");
                    });
                    return await tx.NumberAsync("SELECT SUM(LENGTH(body)) FROM big");
                },
                WritePriority.Request,
                CancellationToken.None);
            Assert.Equal((first + 4000) * 2000, sum);
            Assert.Equal(sum, await shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT SUM(LENGTH(body)) FROM big"), CancellationToken.None));
        }
        Close(shard);

        shard = Open(new StoreOptions(), Big);
        Assert.Equal("ok", await shard.ReadAsync(snapshot => snapshot.FindAsync("PRAGMA integrity_check", row => row.Text(0)), CancellationToken.None));
        Close(shard);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named()
    {
        await DamageAsync(_ => 0);

        var refusal = Assert.Throws<StoreUnavailableException>(() => Open(new StoreOptions(), Big));

        Assert.Contains("000.db' is damaged", refusal.Message);
    }

    [Fact]
    public async Task The_log_is_folded_into_the_file_while_work_goes_on()
    {
        var shard = Open(new StoreOptions { LogMegabytes = 1 }, Big);
        for (var batch = 0; batch < 100; batch++)
        {
            await AddAsync(shard, batch * 300, (batch * 300) + 299);
            Assert.True(LogBytes < 10 * Megabyte, $"The log has {LogBytes} bytes.");
        }

        await UntilTheLogIsSmallAsync(shard);

        Assert.Equal(30_000, await CountAsync(shard));
        Close(shard);
        Assert.False(File.Exists(LogPath));
        shard = Open(new StoreOptions(), Big);
        Assert.Equal(30_000, await CountAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_reader_that_stays_sees_what_it_saw_and_holds_the_log_only_until_it_goes()
    {
        var shard = Open(new StoreOptions { LogMegabytes = 1 }, Big);
        await AddAsync(shard, 0, 9);
        var (began, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        var reading = shard.ReadAsync(
            async snapshot =>
            {
                var before = await snapshot.NumberAsync("SELECT COUNT(*) FROM big");
                began.SetResult();
                await leave.Task;
                return (before, await snapshot.NumberAsync("SELECT COUNT(*) FROM big"));
            },
            CancellationToken.None);
        await began.Task;
        for (var batch = 1; batch <= 20; batch++)
            await AddAsync(shard, batch * 300, (batch * 300) + 299);
        Assert.True(LogBytes > 4 * Megabyte, $"The log has {LogBytes} bytes.");

        leave.SetResult();

        Assert.Equal((10, 10), await reading);
        await UntilTheLogIsSmallAsync(shard);
        Assert.Equal(6_010, await CountAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Text_goes_on_behind_a_nul()
    {
        var shard = Open(new StoreOptions(), Big);
        await shard.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO big (number, body) VALUES (1, $1)", "nul\0inside"), WritePriority.Request, CancellationToken.None);
        Assert.Equal("nul\0inside", await shard.ReadAsync(snapshot => snapshot.FindAsync("SELECT body FROM big", row => row.Text(0)), CancellationToken.None));
        Close(shard);
    }

    private const int Megabyte = 1024 * 1024;

    private string LogPath => Path.Combine(_data.Path, "contract", "000.db-wal");

    private long LogBytes => new FileInfo(LogPath).Length;

    private Task UntilTheLogIsSmallAsync(Shard shard) => Eventually.TrueAsync(async () =>
    {
        await shard.WriteAsync(tx => tx.ExecuteAsync("UPDATE big SET body = body || 'y' WHERE number = 0"), WritePriority.Request, CancellationToken.None);
        return LogBytes <= Megabyte;
    });

    private static async Task<long> CountAsync(Shard shard) =>
        (await shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT COUNT(*) FROM big"), CancellationToken.None))!.Value;

    /// <summary>Fills a file and overwrites its end.</summary>
    private async Task DamageAsync(Func<long, long> from)
    {
        var shard = Open(new StoreOptions(), Big);
        await AddAsync(shard, 1, 300);
        Close(shard);
        using var file = File.OpenWrite(Path.Combine(_data.Path, "contract", "000.db"));
        var begin = file.Seek(from(file.Length), SeekOrigin.Begin);
        file.Write(Enumerable.Repeat((byte)0xff, (int)(file.Length - begin)).ToArray());
    }

    private static Task<int> AddAsync(Shard shard, int first, int last) => shard.WriteAsync(
        tx => tx.ExecuteAsync(
            """
            INSERT INTO big (number, body)
            WITH RECURSIVE n (i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) SELECT i, $3 FROM n
            """,
            first, last, new string('x', 1000)),
        WritePriority.Request,
        CancellationToken.None);

    public void Dispose() => _data.Dispose();
}
