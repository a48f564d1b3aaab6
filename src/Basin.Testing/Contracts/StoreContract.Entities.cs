using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Xunit;

namespace Basin.Testing.Contracts;

public abstract partial class StoreContract
{
    private static readonly Id<Tenant> Owner = new(1);
    private readonly Entities<long, Amount> _amounts;
    private int _reads;
    private int _saves;

    protected StoreContract() => _amounts = new Entities<long, Amount>(FindAmountAsync, SaveAmountAsync, FindAmountsAsync);

    private ValueTask<Amount?> FindAmountAsync(Snapshot snapshot, Id<Tenant> tenant, long number)
    {
        _reads++;
        return snapshot.FindAsync("SELECT amount FROM contract_row WHERE number = $1", row => new Amount(row.Integer(0)), number);
    }

    private async ValueTask<List<KeyValuePair<long, Amount>>> FindAmountsAsync(
        Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<long> numbers)
    {
        _reads++;
        var found = await snapshot.ListAsync(
            "SELECT number, amount FROM contract_row WHERE number BETWEEN $1 AND $2",
            row => KeyValuePair.Create(row.Integer(0), new Amount(row.Integer(1))),
            numbers.Min(), numbers.Max());
        return found.FindAll(row => numbers.Contains(row.Key));
    }

    private async ValueTask SaveAmountAsync(Transaction tx, Id<Tenant> tenant, long number, Amount before, Amount after)
    {
        _saves++;
        var saved = await tx.ExecuteAsync("UPDATE contract_row SET amount = $2 WHERE number = $1 AND amount = $3", number, after.Value, before.Value);
        Transaction.Invariant(saved == 1, $"{before} is what is stored");
    }

    /// <summary>Of a row, found by its number.</summary>
    private sealed record Amount(long Value);

    private async ValueTask<long> RaiseAsync(Transaction tx, long number, long by)
    {
        var before = (await tx.FindAsync(_amounts, Owner, number))!;
        tx.Put(_amounts, Owner, number, before, new Amount(before.Value + by));
        return before.Value + by;
    }

    private Task<long> RaiseAsync(Shard shard, long number, long by) =>
        shard.WriteAsync(tx => RaiseAsync(tx, number, by), WritePriority.Request, CancellationToken.None);

    private Task<long> AmountAsync(Shard shard, long number) => shard.ReadAsync(
        async snapshot => (await snapshot.FindAsync(_amounts, Owner, number))!.Value, CancellationToken.None).AsTask();

    [Fact]
    public async Task What_was_put_is_stored_when_its_work_is_answered()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        await RaiseAsync(shard, 1, 1);
        Assert.Equal(6, await AmountAsync(shard, 1));
        Assert.Equal(8, await RaiseAsync(shard, 1, 2));
        Assert.Equal(8, await AmountAsync(shard, 1));
        Close(shard);

        shard = Open();
        Assert.Equal(8, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task Many_steps_of_one_entity_in_one_piece_of_work_are_one_write_and_one_read()
    {
        var shard = Open();
        await AddAsync(shard, 1);
        var (reads, saves) = (_reads, _saves);
        await shard.WriteAsync(
            async tx =>
            {
                for (var i = 0; i < 10; i++)
                    await RaiseAsync(tx, 1, 1);
                return 0;
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal((reads + 1, saves + 1), (_reads, _saves));
        Assert.Equal(10, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task A_query_sees_what_was_put_before_it()
    {
        var shard = Open();
        await AddAsync(shard, 1);
        var seen = await shard.WriteAsync(
            async tx =>
            {
                await RaiseAsync(tx, 1, 3);
                var queried = await tx.NumberAsync("SELECT SUM(amount) FROM contract_row");
                await RaiseAsync(tx, 1, 4);
                var changed = await tx.ExecuteAsync("UPDATE contract_row SET body = 'seen' WHERE amount = 7");
                tx.Forget(_amounts);
                return (queried, changed, (await tx.FindAsync(_amounts, Owner, 1))!.Value);
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal((3, 1, 7), seen);
        Close(shard);
    }

    [Fact]
    public async Task What_a_refused_work_or_a_failed_part_has_put_is_not_there_for_those_who_follow()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 100);
        var gate = await Gate.CloseAsync(shard);
        var writes = Enumerable.Range(1, 30).Select(n => shard.WriteAsync(
            async tx =>
            {
                await RaiseAsync(tx, 1, 1);
                var failure = await tx.TryAsync(async () =>
                {
                    await RaiseAsync(tx, 1, 1000);
                    if (n % 2 == 0)
                        throw new FormatException("part");
                });
                if (failure is null)
                    await RaiseAsync(tx, 1, -1000);
                return n % 3 == 0 ? throw Refused() : (await tx.FindAsync(_amounts, Owner, 1))!.Value;
            },
            WritePriority.Request,
            CancellationToken.None)).ToList();
        gate.Dispose();
        foreach (var (write, n) in writes.Select((write, i) => (write, i + 1)))
        {
            if (n % 3 == 0)
                await Assert.ThrowsAsync<InvalidOperationException>(() => write);
            else
                Assert.Equal(100 + n - (n / 3), await write);
        }
        Assert.Equal(120, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task Forgetting_loses_nothing_that_was_put_before_it()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        await shard.WriteAsync(
            async tx =>
            {
                await RaiseAsync(tx, 1, 1);
                tx.Forget(_amounts);
                return await RaiseAsync(tx, 1, 1);
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal(7, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task Work_that_hides_the_failure_of_a_save_is_not_kept()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        await Assert.ThrowsAsync<StoreException>(() => shard.WriteAsync(
            async tx =>
            {
                await RaiseAsync(tx, 1, -100);
                await Record.ExceptionAsync(async () => await tx.NumberAsync("SELECT SUM(amount) FROM contract_row"));
                return await InsertAsync(tx, 2);
            },
            WritePriority.Request,
            CancellationToken.None));
        Assert.Equal([1], await NumbersAsync(shard));
        Assert.Equal(6, await RaiseAsync(shard, 1, 1));
        Close(shard);
    }

    [Fact]
    public async Task A_part_whose_save_fails_is_undone_and_the_work_goes_on()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        await shard.WriteAsync(
            async tx =>
            {
                Assert.IsType<StoreException>(await tx.TryAsync(async () => await RaiseAsync(tx, 1, -100)));
                return await InsertAsync(tx, 2);
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal([1, 2], await NumbersAsync(shard));
        Assert.Equal(5, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task A_save_that_the_database_refuses_undoes_its_own_work_only()
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        var gate = await Gate.CloseAsync(shard);
        var (first, below, last) = (RaiseAsync(shard, 1, 1), RaiseAsync(shard, 1, -100), RaiseAsync(shard, 1, 2));
        gate.Dispose();
        Assert.Equal(6, await first);
        await Assert.ThrowsAsync<StoreException>(() => below);
        Assert.Equal(8, await last);
        Assert.Equal(8, await AmountAsync(shard, 1));
        Close(shard);
    }

    [Fact]
    public async Task Many_are_found_at_once_those_at_hand_as_they_have_become()
    {
        var shard = Open();
        for (var number = 1; number <= 4; number++)
            await AddAsync(shard, number, amount: 10 * number);
        var reads = 0;
        var found = await shard.WriteAsync(
            async tx =>
            {
                await RaiseAsync(tx, 1, 5);
                reads = _reads;
                Assert.Empty(await tx.FindManyAsync(_amounts, Owner, new HashSet<long>()));
                Assert.Equal(2, (await tx.FindManyAsync(_amounts, Owner, new HashSet<long> { 3, 4 })).Count);
                return await tx.FindManyAsync(_amounts, Owner, new HashSet<long> { 1, 2, 3, 99 });
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal(reads + 2, _reads);
        Assert.Equal([(1, 15), (2, 20), (3, 30)], found.OrderBy(row => row.Key).Select(row => (row.Key, row.Value.Value)));
        var read = await shard.ReadAsync(
            snapshot => snapshot.FindManyAsync(_amounts, Owner, new HashSet<long> { 1, 2 }), CancellationToken.None);
        Assert.Equal([15, 20], read.OrderBy(row => row.Key).Select(row => row.Value.Value));
        Close(shard);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_statement_for_one_row_that_finds_none_stops_the_shard_and_nothing_is_kept(bool asksAfterwards)
    {
        var shard = Open();
        await AddAsync(shard, 1, amount: 5);
        await WriteToOneAsync(1);
        Assert.Equal(6, await AmountAsync(shard, 1));
        var stopped = await Assert.ThrowsAsync<StoreUnavailableException>(() => WriteToOneAsync(99));
        Assert.Equal(StoreUnavailableException.Reasons.Stopped, stopped.Reason);
        Assert.Equal(6, await AmountAsync(shard, 1));
        Close(shard);

        Task<long> WriteToOneAsync(long number) => shard.WriteAsync(
            async tx =>
            {
                await tx.SendOneAsync("UPDATE contract_row SET amount = amount + 1 WHERE number = $1", 1);
                await tx.SendOneAsync("UPDATE contract_row SET body = 'x' WHERE number = $1", number);
                return asksAfterwards ? (await tx.NumberAsync("SELECT COUNT(*) FROM contract_row"))!.Value : 0;
            },
            WritePriority.Request,
            CancellationToken.None);
    }

    [Fact]
    public async Task More_entities_than_are_kept_are_all_right()
    {
        const int Count = 40_000;
        var shard = Open();
        await shard.WriteAsync(
            tx => tx.ExecuteAsync(
                """
                WITH RECURSIVE counter (n) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT n + 1 FROM counter WHERE n < $1)
                INSERT INTO contract_row (number, body, amount) SELECT n, '', 0 FROM counter
                """,
                Count),
            WritePriority.Request,
            CancellationToken.None);
        for (var round = 0; round < 2; round++)
        {
            await shard.WriteAsync(
                async tx =>
                {
                    for (var number = 1; number <= Count; number++)
                        await RaiseAsync(tx, number, number);
                    return 0;
                },
                WritePriority.Request,
                CancellationToken.None);
        }
        var wrong = await shard.ReadAsync(
            snapshot => snapshot.NumberAsync("SELECT COUNT(*) FROM contract_row WHERE amount <> 2 * number"), CancellationToken.None);
        Assert.Equal(0, wrong);
        Close(shard);
    }

    [Fact]
    public async Task Who_changes_a_row_without_saying_so_is_found_out_where_that_is_checked()
    {
        var shard = Open(new StoreOptions { ChecksKeptEntities = true }, Rows);
        await AddAsync(shard, 1, amount: 5);
        await RaiseAsync(shard, 1, 1);
        await shard.WriteAsync(tx => tx.ExecuteAsync("UPDATE contract_row SET amount = 50"), WritePriority.Request, CancellationToken.None);
        if (await Record.ExceptionAsync(() => RaiseAsync(shard, 1, 1)) is { } found)
            Assert.Equal(StoreUnavailableException.Reasons.Stopped, Assert.IsType<StoreUnavailableException>(found).Reason);
        else
            Assert.Equal(51, await AmountAsync(shard, 1)); // Where others write too, nothing is kept from one commit to the next.
        Close(shard);
    }
}
