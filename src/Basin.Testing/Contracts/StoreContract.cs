using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Xunit;

namespace Basin.Testing.Contracts;

/// <summary>What every backend of the store must keep to. Derive from it and say how a shard is opened and closed.</summary>
public abstract partial class StoreContract
{
    private static readonly Migration Rows = new(
        "contract", 1, "0001_rows", "CREATE TABLE contract_row (number BIGINT PRIMARY KEY, body TEXT NOT NULL, amount BIGINT NOT NULL CHECK (amount >= 0))");

    protected FakeClock Clock { get; } = new();

    /// <summary>Opens the same data again at each call, with the kernel's migrations before the given ones.</summary>
    protected abstract Shard Open(StoreOptions options, params IReadOnlyList<Migration> migrations);

    protected abstract void Close(Shard shard);

    /// <summary>Takes the space away that the shard could still grow into, or gives it back.</summary>
    protected abstract Task LimitSpaceAsync(Shard shard, bool full);

    private Shard Open() => Open(new StoreOptions(), Rows);

    private static Task<int> AddAsync(Shard shard, long number, string body = "", long amount = 0) =>
        shard.WriteAsync(tx => InsertAsync(tx, number, body, amount), WritePriority.Request, CancellationToken.None);

    private static ValueTask<int> InsertAsync(Transaction tx, long number, string body = "", long amount = 0) =>
        tx.ExecuteAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, $2, $3)", number, body, amount);

    private static async Task<List<long>> NumbersAsync(Shard shard) => await shard.ReadAsync(
        snapshot => snapshot.ListAsync("SELECT number FROM contract_row ORDER BY number", row => row.Integer(0)), CancellationToken.None);

    private static async Task<StoreUnavailableException.Reasons> RefusalOfAsync(Task write) =>
        (await Assert.ThrowsAsync<StoreUnavailableException>(() => write)).Reason;

    private static InvalidOperationException Refused() => new InvalidOperationException("refused");

    [Fact]
    public async Task What_was_acknowledged_is_there_after_reopening()
    {
        var shard = Open();
        await AddAsync(shard, 1, "one");
        await AddAsync(shard, 2, "two");
        Close(shard);

        shard = Open();
        Assert.Equal([1, 2], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Every_kind_of_value_comes_back_as_it_was()
    {
        var shard = Open(new StoreOptions(), new Migration("contract", 1, "0001_kinds", "CREATE TABLE kind (n BIGINT, r REAL, t TEXT, b BLOB)"));
        string[] texts = ["", "a", "Zoë 🚲", new string('x', 170), new string('€', 171), new string('y', 5000)];
        foreach (var text in texts)
        {
            var kept = await shard.WriteAsync(
                async tx =>
                {
                    await tx.ExecuteAsync("DELETE FROM kind");
                    await tx.ExecuteAsync(
                        "INSERT INTO kind (n, r, t, b) VALUES ($4, $3, $2, $1)", System.Text.Encoding.UTF8.GetBytes(text), text, 0.1, long.MinValue);
                    return await tx.FindAsync(
                        "SELECT n, r, t, b FROM kind", row => Tuple.Create(row.Integer(0), row.Real(1), row.TextOrNull(2), row.Bytes(3).ToArray()));
                },
                WritePriority.Request,
                CancellationToken.None);
            Assert.Equal(Tuple.Create(long.MinValue, 0.1, text), Tuple.Create(kept!.Item1, kept.Item2, kept.Item3!));
            Assert.Equal(System.Text.Encoding.UTF8.GetBytes(text), kept.Item4);
        }
        Close(shard);
    }

    [Fact]
    public async Task Missing_values_and_empty_ones_are_told_apart()
    {
        var shard = Open(new StoreOptions(), new Migration("contract", 1, "0001_kinds", "CREATE TABLE kind (t TEXT, u TEXT, b BLOB)"));
        var nulls = await shard.WriteAsync(
            async tx =>
            {
                await tx.ExecuteAsync("INSERT INTO kind (t, u, b) VALUES ($1, $2, $3)", "", SqlValue.Utf8(default), Array.Empty<byte>());
                await tx.ExecuteAsync("INSERT INTO kind (t, u, b) VALUES ($1, $2, $3)", (string?)null, (long?)null, (byte[]?)null);
                return await tx.ListAsync("SELECT t IS NULL, u IS NULL, b IS NULL FROM kind ORDER BY 1", row => (row.Flag(0), row.Flag(1), row.Flag(2)));
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal([(false, false, false), (true, true, true)], nulls);
        Close(shard);
    }

    [Fact]
    public async Task A_refusal_undoes_only_itself()
    {
        var shard = Open();
        var gate = await Gate.CloseAsync(shard);
        var writes = new List<Task>();
        for (var number = 1; number <= 40; number++)
        {
            var n = number;
            writes.Add(shard.WriteAsync(
                async tx =>
                {
                    await InsertAsync(tx, n);
                    await InsertAsync(tx, n + 1000);
                    return n % 3 == 0 ? throw Refused() : n;
                },
                WritePriority.Request,
                CancellationToken.None));
        }
        await gate.OpenAsync();

        for (var number = 1; number <= 40; number++)
        {
            if (number % 3 == 0)
                await Assert.ThrowsAsync<InvalidOperationException>(() => writes[number - 1]);
            else
                await writes[number - 1];
        }
        var kept = Enumerable.Range(1, 40).Where(n => n % 3 != 0).Select(n => (long)n).ToList();
        Assert.Equal([.. kept, .. kept.Select(n => n + 1000)], await NumbersAsync(shard));
        gate.Dispose();
        Close(shard);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_is_sent_fails_its_own_work_wherever_that_is_in_the_batch(int wrong)
    {
        var shard = Open();
        using var gate = await Gate.CloseAsync(shard);
        var writes = Enumerable.Range(0, 3).Select(n => shard.WriteAsync(
            async tx =>
            {
                await tx.SendAsync(
                    "INSERT INTO contract_row (number, body, amount) VALUES ($1, '', $2)", n, n == wrong ? -1 : 0);
                await tx.PublishAsync(new Id<Tenant>(1), new ContractEvent(n));
                return n;
            },
            WritePriority.Request,
            CancellationToken.None)).ToList();
        await gate.OpenAsync();

        for (var n = 0; n < 3; n++)
        {
            if (n == wrong)
                await Assert.ThrowsAsync<StoreException>(() => writes[n]);
            else
                await writes[n];
        }
        long[] kept = [.. Enumerable.Range(0, 3).Where(n => n != wrong).Select(n => (long)n)];
        Assert.Equal(kept, await NumbersAsync(shard));
        Assert.Equal(kept, (await shard.Events.ReadAfterAsync(shard, 0, 10, CancellationToken.None)).Select(record => record.Key));
        Assert.Null(shard.Trouble);
        Close(shard);
    }

    [Fact]
    public async Task What_is_sent_is_there_for_the_next_query_of_its_work()
    {
        var shard = Open();
        var found = await shard.WriteAsync(
            async tx =>
            {
                for (var n = 0; n < 300; n++)
                    await tx.SendAsync("INSERT INTO contract_row (number, body, amount) VALUES ($1, '', 0)", n);
                return await tx.NumberAsync("SELECT COUNT(*) FROM contract_row");
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal(300, found);
        Close(shard);
    }

    [Fact]
    public async Task A_query_that_writes_is_undone_by_a_refusal_too()
    {
        var shard = Open();
        var writing = shard.WriteAsync<int>(
            async tx =>
            {
                await tx.NumberAsync("INSERT INTO contract_row (number, body, amount) VALUES (7, '', 0) RETURNING number");
                throw Refused();
            },
            WritePriority.Request,
            CancellationToken.None);
        await Assert.ThrowsAsync<InvalidOperationException>(() => writing);
        Assert.Empty(await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task A_part_that_fails_is_undone_also_by_work_that_catches_everything()
    {
        var shard = Open();
        var caught = new List<Exception>();
        await shard.WriteAsync(
            async tx =>
            {
                try
                {
                    await tx.TryAsync(async () =>
                    {
                        await InsertAsync(tx, 1);
                        throw Refused();
                    });
                }
                catch (Exception failure)
                {
                    caught.Add(failure);
                }
                return await InsertAsync(tx, 2);
            },
            WritePriority.Request,
            CancellationToken.None);
        Assert.Equal([2L], await NumbersAsync(shard));
        Close(shard);
    }

    [Fact]
    public async Task Work_runs_in_the_order_in_which_it_came()
    {
        var shard = Open();
        var order = new List<int>();
        using (var gate = await Gate.CloseAsync(shard))
        {
            var writes = Enumerable.Range(1, 100).Select(n => shard.WriteAsync(
                tx =>
                {
                    order.Add(n);
                    return InsertAsync(tx, n);
                },
                WritePriority.Request,
                CancellationToken.None)).ToList();
            await gate.OpenAsync();
            await Task.WhenAll(writes);
        }
        Assert.Equal(Enumerable.Range(1, 100), order);
        Close(shard);
    }

    /// <summary>Random batches against a model: what was answered is there, what was refused is not, and nothing else.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Random_work_leaves_exactly_what_was_answered(int seed)
    {
        var chance = new Randomness(seed);
        var shard = Open(new StoreOptions { MaxWritesPerCommit = 1 + chance.Next(40) }, Rows);
        var expected = new SortedSet<long>();
        var events = new List<long>();
        for (var round = 0; round < 12; round++)
        {
            using var gate = await Gate.CloseAsync(shard);
            var writes = Enumerable.Range(0, 1 + chance.Next(60)).Select(i => RandomWork.Of(chance, (round * 1000) + i)).ToList();
            var running = writes.ConvertAll(work => shard.WriteAsync(work.RunAsync, WritePriority.Request, CancellationToken.None));
            await gate.OpenAsync();
            for (var i = 0; i < writes.Count; i++)
            {
                if (writes[i].Refuses)
                {
                    await Assert.ThrowsAsync<InvalidOperationException>(() => running[i]);
                    continue;
                }
                await running[i];
                expected.UnionWith(writes[i].Leaves);
                events.AddRange(writes[i].Publishes);
            }
        }
        Assert.Equal(expected, await NumbersAsync(shard));
        var published = await shard.Events.ReadAfterAsync(shard, 0, int.MaxValue, CancellationToken.None);
        Assert.Equal(events, published.Select(record => record.Key));
        Close(shard);

        shard = Open();
        Assert.Equal(expected, await NumbersAsync(shard));
        published = await shard.Events.ReadAfterAsync(shard, 0, int.MaxValue, CancellationToken.None);
        Assert.Equal(events, published.Select(record => record.Key));
        Close(shard);
    }
}
