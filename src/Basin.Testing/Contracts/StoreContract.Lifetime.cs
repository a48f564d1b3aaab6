using Basin.Kernel.Storage;
using Xunit;

namespace Basin.Testing.Contracts;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_new_migration_runs_once_and_keeps_the_data()
    {
        var shard = Open();
        await AddAsync(shard, 1);
        Close(shard);
        var second = new Migration("contract", 2, "0002_more", "ALTER TABLE contract_row ADD COLUMN more TEXT; UPDATE contract_row SET amount = amount + 1");

        Close(Open(new StoreOptions(), Rows, second));
        shard = Open(new StoreOptions(), Rows, second);

        Assert.Equal(1, await shard.ReadAsync(snapshot => snapshot.NumberAsync("SELECT amount FROM contract_row"), CancellationToken.None));
        Close(shard);
    }

    [Fact]
    public void A_changed_migration_refuses_to_open()
    {
        Close(Open());
        var failure = Assert.Throws<InvalidOperationException>(() => Open(new StoreOptions(), new Migration(Rows.Owner, Rows.Number, Rows.Name, Rows.Sql + " ")));
        Assert.Contains("0001_rows was changed", failure.Message);
    }

    [Fact]
    public void Newer_data_refuses_to_open()
    {
        Close(Open(new StoreOptions(), Rows, new Migration("contract", 2, "0002_more", "CREATE TABLE more (n BIGINT)")));
        var failure = Assert.Throws<InvalidOperationException>(Open);
        Assert.Contains("newer", failure.Message);
        Assert.Contains("contract/0002", failure.Message);
    }

    [Fact]
    public async Task A_migration_that_fails_leaves_nothing()
    {
        Close(Open());
        Assert.ThrowsAny<Exception>(() => Open(
            new StoreOptions(), Rows, new Migration("contract", 2, "0002_bad", "CREATE TABLE more (n BIGINT); INSERT INTO nowhere VALUES (1)")));
        var shard = Open(new StoreOptions(), Rows, new Migration("contract", 2, "0002_good", "CREATE TABLE more (n BIGINT)"));
        await AddAsync(shard, 1);
        Close(shard);
    }

    [Fact]
    public async Task A_broken_invariant_stops_the_shard_until_it_is_opened_again()
    {
        var shard = Open();
        await AddAsync(shard, 1);
        using (var gate = await Gate.CloseAsync(shard))
        {
            var sameBatch = AddAsync(shard, 2);
            var breaking = shard.WriteAsync(
                async tx =>
                {
                    await InsertAsync(tx, 3);
                    Transaction.Invariant(false, $"three is never there");
                    return 0;
                },
                WritePriority.Request,
                CancellationToken.None);
            // The gate shares the first batch of its shard with nobody, so it passes.
            await gate.OpenAsync();
            Assert.Equal(StoreUnavailableException.Reasons.Stopped, await RefusalOfAsync(breaking));
            Assert.Equal(StoreUnavailableException.Reasons.Stopped, await RefusalOfAsync(sameBatch));
        }
        Assert.Equal(StoreUnavailableException.Reasons.Stopped, await RefusalOfAsync(AddAsync(shard, 4)));
        Assert.Equal(StoreUnavailableException.Reasons.Stopped, shard.Trouble?.Reason);
        Assert.Equal([1], await NumbersAsync(shard));
        Close(shard);
        shard = Open();
        await AddAsync(shard, 5);
        Assert.Equal([1, 5], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_failed_check_of_a_table_fails_its_own_work_and_no_other()
    {
        var shard = Open();
        using (var gate = await Gate.CloseAsync(shard))
        {
            var before = AddAsync(shard, 1);
            var refused = shard.WriteAsync(
                async tx =>
                {
                    await InsertAsync(tx, 2);
                    return await InsertAsync(tx, 3, amount: -1);
                },
                WritePriority.Request,
                CancellationToken.None);
            var after = AddAsync(shard, 4);
            await gate.OpenAsync();
            await Assert.ThrowsAsync<StoreException>(() => refused);
            await Task.WhenAll(before, after);
        }
        Assert.Null(shard.Trouble);
        Assert.Equal([1, 4], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Closing_finishes_what_was_queued_and_refuses_the_rest()
    {
        var shard = Open();
        var gate = await Gate.CloseAsync(shard);
        var queued = Enumerable.Range(1, 200).Select(n => AddAsync(shard, n)).ToList();
        var closing = Task.Run(() => Close(shard));
        await gate.OpenAsync();
        await closing;
        await Task.WhenAll(queued).WaitAsync(Patience);

        Assert.Equal(StoreUnavailableException.Reasons.Closing, await RefusalOfAsync(AddAsync(shard, 201).WaitAsync(Patience)));
        Assert.Equal(StoreUnavailableException.Reasons.Closing, await RefusalOfAsync(NumbersAsync(shard).WaitAsync(Patience)));
        shard = Open();
        Assert.Equal(200, (await NumbersAsync(shard)).Count);
        Close(shard);
        gate.Dispose();
    }

    [Fact]
    public async Task Whoever_writes_while_the_shard_closes_gets_an_answer_that_is_true()
    {
        for (var round = 0; round < 20; round++)
        {
            var shard = Open();
            var numbers = Enumerable.Range(round * 1000, 400).ToList();
            var writing = Task.Run(() => numbers.ConvertAll(n => (Number: (long)n, Write: AddAsync(shard, n))));
            await Task.Yield();
            Close(shard);
            var kept = new List<long>();
            foreach (var (number, write) in await writing)
            {
                if (await Record.ExceptionAsync(() => write.WaitAsync(Patience)) is not { } failure)
                    kept.Add(number);
                else
                    Assert.Equal(StoreUnavailableException.Reasons.Closing, Assert.IsType<StoreUnavailableException>(failure).Reason);
            }
            shard = Open();
            Assert.Equal(kept, (await NumbersAsync(shard)).Where(n => n >= round * 1000));
            Close(shard);
        }
    }

    [Fact]
    public async Task Ids_never_repeat_though_the_clock_goes_back_between_two_starts()
    {
        var last = 0L;
        for (var start = 0; start < 5; start++)
        {
            var shard = Open();
            for (var i = 0; i < 100; i++)
            {
                var next = shard.Ids.Next();
                Assert.True(next > last, $"{next} comes after {last}");
                last = next;
            }
            await AddAsync(shard, start);
            Close(shard);
            Clock.StepWall(TimeSpan.FromHours(-3));
        }
    }

    [Fact]
    public async Task Sequences_go_on_growing_after_reopening()
    {
        var shard = Open();
        await shard.WriteAsync(new RandomWork(1, true, false, false, false).RunAsync, WritePriority.Request, CancellationToken.None);
        var before = shard.Events.LastSequence;
        Close(shard);
        shard = Open();
        Assert.Equal(before, shard.Events.LastSequence);
        await shard.WriteAsync(new RandomWork(2, true, false, false, false).RunAsync, WritePriority.Request, CancellationToken.None);
        var records = await shard.Events.ReadAfterAsync(shard, 0, 100, CancellationToken.None);
        Assert.Equal([1, -2, 2, -3], records.Select(record => record.Key));
        Assert.Equal(records.Select(record => record.Sequence).Order(), records.Select(record => record.Sequence));
        Close(shard);
    }
}
