using Basin.Kernel.Storage;
using Xunit;

namespace Basin.Testing.Contracts;

public abstract partial class StoreContract
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_full_queue_refuses_requests_as_busy_and_takes_what_is_owed()
    {
        var shard = Open(new StoreOptions { MaxQueuedWrites = 3 }, Rows);
        using (var gate = await Gate.CloseAsync(shard))
        {
            var taken = Enumerable.Range(1, 3).Select(n => AddAsync(shard, n)).ToList();
            Assert.Equal(StoreUnavailableException.Reasons.Busy, await RefusalOfAsync(AddAsync(shard, 4)));
            var owed = shard.WriteAsync(tx => InsertAsync(tx, 5), WritePriority.Background, CancellationToken.None);
            await gate.OpenAsync();
            await Task.WhenAll([.. taken, owed]);
        }
        await AddAsync(shard, 6);
        Assert.Equal([1, 2, 3, 5, 6], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_request_that_waited_too_long_is_refused_as_busy()
    {
        var shard = Open(new StoreOptions { MaxQueueSeconds = 5 }, Rows);
        using (var gate = await Gate.CloseAsync(shard))
        {
            var late = AddAsync(shard, 1);
            Clock.Advance(TimeSpan.FromSeconds(6));
            var inTime = AddAsync(shard, 2);
            await gate.OpenAsync();
            Assert.Equal(StoreUnavailableException.Reasons.Busy, await RefusalOfAsync(late));
            await inTime;
        }
        Assert.Equal([2], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Work_that_awaits_something_foreign_is_refused_and_cannot_write_later()
    {
        var shard = Open();
        var foreign = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var afterwards = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var writing = shard.WriteAsync(
            async tx =>
            {
                await InsertAsync(tx, 1);
                await foreign.Task;
                afterwards.TrySetResult(await Record.ExceptionAsync(async () => await InsertAsync(tx, 2)));
                return 0;
            },
            WritePriority.Request,
            CancellationToken.None);

        await Assert.ThrowsAsync<InvalidOperationException>(() => writing);
        foreign.SetResult();
        Assert.IsType<InvalidOperationException>(await afterwards.Task.WaitAsync(Patience));
        await AddAsync(shard, 3);
        Assert.Equal([3], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Work_cancelled_before_it_begins_does_nothing()
    {
        var shard = Open();
        using var cancelled = new CancellationTokenSource();
        var ran = false;
        using (var gate = await Gate.CloseAsync(shard))
        {
            var writing = shard.WriteAsync(
                tx =>
                {
                    ran = true;
                    return InsertAsync(tx, 1);
                },
                WritePriority.Request,
                cancelled.Token);
            await cancelled.CancelAsync();
            await gate.OpenAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        }
        Assert.False(ran);
        Assert.Empty(await NumbersAsync(shard));
        Close(shard);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_wrong_number_of_values_is_a_mistake_and_changes_nothing(int count)
    {
        var shard = Open();
        var values = Enumerable.Range(0, count).Select(n => (SqlValue)n).ToArray();
        await Assert.ThrowsAsync<InvalidOperationException>(() => shard.WriteAsync(
            tx => tx.ExecuteAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, $2, 0)", values),
            WritePriority.Request,
            CancellationToken.None));
        await AddAsync(shard, 9);
        Assert.Equal([9], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_wrong_statement_is_a_mistake_and_changes_nothing()
    {
        var shard = Open();
        await Assert.ThrowsAsync<StoreException>(() => shard.WriteAsync(
            async tx =>
            {
                await InsertAsync(tx, 1);
                return await tx.ExecuteAsync("INSERT INTO nowhere (number) VALUES (1)");
            },
            WritePriority.Request,
            CancellationToken.None));
        Assert.Empty(await NumbersAsync(shard));
        Assert.Null(shard.Trouble);
        Close(shard);
    }

    [Fact]
    public async Task A_snapshot_stays_as_it_was_while_others_write()
    {
        var shard = Open();
        await AddAsync(shard, 1);
        var counts = await shard.ReadAsync(
            async snapshot =>
            {
                var before = await snapshot.NumberAsync("SELECT COUNT(*) FROM contract_row");
                await AddAsync(shard, 2);
                return (before, await snapshot.NumberAsync("SELECT COUNT(*) FROM contract_row"));
            },
            CancellationToken.None);
        Assert.Equal((1L, 1L), counts);
        Assert.Equal([1, 2], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_snapshot_cannot_write()
    {
        var shard = Open();
        await Assert.ThrowsAnyAsync<Exception>(async () => await shard.ReadAsync(
            snapshot => snapshot.NumberAsync("INSERT INTO contract_row (number, body, amount) VALUES (1, '', 0) RETURNING number"), CancellationToken.None));
        Assert.Empty(await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_cancelled_read_leaves_its_connection_usable()
    {
        var shard = Open(new StoreOptions { ReadersPerShard = 1 }, Rows);
        await AddAsync(shard, 1);
        for (var i = 0; i < 20; i++)
        {
            using var cancelled = new CancellationTokenSource();
            var reading = Task.Run(async () => await shard.ReadAsync(
                snapshot => snapshot.NumberAsync(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000) SELECT COUNT(*) FROM n"),
                cancelled.Token));
            await Task.Yield();
            await cancelled.CancelAsync();
            // An interruption that comes before the statement begins goes unnoticed, so only the time is bounded.
            await Record.ExceptionAsync(() => reading.WaitAsync(Patience));
            Assert.Equal([1], await NumbersAsync(shard));
        }
        Close(shard);
    }

    [Fact]
    public async Task A_full_disk_refuses_writes_loses_nothing_and_recovers_by_itself()
    {
        var shard = Open();
        var acknowledged = new List<long>();
        await LimitSpaceAsync(shard, full: true);
        StoreUnavailableException.Reasons? refusal = null;
        for (var number = 1L; refusal is null && number < 10_000; number++)
        {
            try
            {
                await AddAsync(shard, number, new string('x', 3000));
                acknowledged.Add(number);
            }
            catch (StoreUnavailableException full)
            {
                refusal = full.Reason;
            }
        }

        Assert.Equal(StoreUnavailableException.Reasons.DiskFull, refusal);
        Assert.Equal(StoreUnavailableException.Reasons.DiskFull, shard.Trouble?.Reason);
        Assert.Equal(acknowledged, await NumbersAsync(shard));
        // A commit that changes nothing says nothing about the disk.
        await shard.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM contract_row WHERE number = 0"), WritePriority.Request, CancellationToken.None);
        Assert.Equal(StoreUnavailableException.Reasons.DiskFull, shard.Trouble?.Reason);
        await LimitSpaceAsync(shard, full: false);
        await AddAsync(shard, 10_000, new string('x', 3000));
        Assert.Null(shard.Trouble);
        Close(shard);
        shard = Open();
        Assert.Equal([.. acknowledged, 10_000], await NumbersAsync(shard));
        Close(shard);
    }
}
