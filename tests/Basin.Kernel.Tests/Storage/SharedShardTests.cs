using System.Collections.Concurrent;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Basin.Kernel.Tests.Storage;

/// <summary>A shard of PostgreSQL that several processes have open; each is an engine of its own here.</summary>
public sealed class SharedShardTests : IDisposable
{
#pragma warning disable RS0030 // Leases count by the clock of the database, which is nobody's to move.
    private static readonly TimeProvider Clock = TimeProvider.System;
#pragma warning restore RS0030

    private readonly List<PostgresEngine> _processes = [];
    private readonly string _prefix = PostgresServer.NewPrefix();

    [Fact]
    public async Task Events_of_all_processes_are_in_one_order_in_each()
    {
        var shards = Enumerable.Range(0, 3).Select(_ => Open()).ToList();
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), async (n, _) => await StepAsync(shards[n % 3], n));

        await Eventually.TrueAsync(() => shards.TrueForAll(shard => shard.Events.LastSequence == 300));
        var logs = shards.ConvertAll(shard => shard.Events.TryReadAfter(0)!.Select(e => (e.Sequence, e.Key, Value: System.Text.Encoding.UTF8.GetString(e.Data.Span))).ToList());
        Assert.Equal(300, logs[0].Count);
        Assert.Equal(logs[0].Select(e => e.Sequence).Order(), logs[0].Select(e => e.Sequence));
        Assert.Equal(logs[0], logs[1]);
        Assert.Equal(logs[0], logs[2]);
        var stored = await shards[0].ReadAsync(snapshot => EventSegment.ReadAfterAsync(snapshot, 0, 1000), CancellationToken.None);
        Assert.Equal(logs[0].Select(e => e.Sequence), stored.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Ids_of_several_processes_never_meet_and_lead_to_their_shard()
    {
        var ids = new ConcurrentDictionary<long, bool>();
        for (var start = 0; start < 3; start++)
        {
            var shards = Enumerable.Range(0, 3).Select(_ => Open(shards: 2, number: 1)).ToList();
            await Parallel.ForEachAsync(Enumerable.Range(0, 3), (process, _) =>
            {
                for (var i = 0; i < 2000; i++)
                    Assert.True(ids.TryAdd(shards[process].Ids.Next(), true));
                return ValueTask.CompletedTask;
            });
            CloseAll();
        }
        Assert.All(ids.Keys, id => Assert.Equal(1, new ShardKey(id).ShardIn(2)));
    }

    [Fact]
    public async Task Only_one_process_owns_a_shard_and_the_next_takes_it_when_that_leaves()
    {
        var (first, second) = (Open(), Open());
        var lost = await first.Ownership.TakeAsync(CancellationToken.None);
        var waiting = second.Ownership.TakeAsync(CancellationToken.None);
        await StepAsync(second, 1);
        Assert.False(waiting.IsCompleted);
        Assert.True(first.Ownership.IsMine);

        await first.Ownership.LeaveAsync();

        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(lost.IsCancellationRequested);
        Assert.False(first.Ownership.IsMine);
    }

    [Fact]
    public async Task What_a_former_owner_still_does_as_the_owner_is_refused()
    {
        var (frozen, next) = (Open(), Open());
        await frozen.Ownership.TakeAsync(CancellationToken.None);
        await OwnAsync(frozen, 1);
        var epoch = frozen.Ownership.Epoch;
        await ExpireLeaseAsync();

        await next.Ownership.TakeAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(epoch + 1, next.Ownership.Epoch);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => OwnAsync(frozen, 2));
        Assert.Equal(StoreUnavailableException.Reasons.TakenOver, refusal.Reason);
        await OwnAsync(next, 3);
        // Requests are nobody's own.
        await StepAsync(frozen, 4);
        Assert.Equal([1, 3, 4], await ValuesAsync(next));
    }

    [Fact]
    public async Task An_owner_finds_the_jobs_that_another_process_has_scheduled()
    {
        var (owner, other) = (Open(), Open());
        await owner.Ownership.TakeAsync(CancellationToken.None);
        owner.Jobs.Reset();
        Assert.Null((await owner.Jobs.TakeAsync(Clock.GetUtcNow(), CancellationToken.None)).Job);
        await other.WriteAsync(
            async tx =>
            {
                await tx.ScheduleAsync(Walker.Tenant, new Call(new Id<Thing>(7), 1), tx.Now);
                return 0;
            },
            WritePriority.Request,
            CancellationToken.None);

        JobRecord? found = null;
        await Eventually.TrueAsync(async () => (found = (await owner.Jobs.TakeAsync(Clock.GetUtcNow().AddSeconds(1), CancellationToken.None)).Job) is not null);

        Assert.Equal(7, found!.Key);
    }

    [Fact]
    public async Task A_writer_whose_session_was_ended_goes_on_with_the_next_batch()
    {
        var shard = Open();
        await StepAsync(shard, 1);
        await EndSessionsAsync();
        await StepAsync(shard, 2);
        Assert.Equal([1, 2], await ValuesAsync(shard));
        Assert.Null(shard.Trouble);
    }

    [Fact]
    public async Task A_batch_whose_session_ends_in_the_middle_is_kept_as_a_whole_or_not_at_all()
    {
        var shard = Open();
        for (var n = 0; n < 40; n++)
        {
            var writing = StepAsync(shard, n);
            await Task.Yield();
            await EndSessionsAsync();
            var failure = await Record.ExceptionAsync(() => writing);
            var there = (await ValuesAsync(shard)).Contains(n);
            // What was answered is true, also when the answer of the commit was lost.
            Assert.Equal(there, failure is null);
        }
    }

    [Fact]
    public async Task Work_whose_session_ends_in_its_middle_runs_again_and_happens_once()
    {
        var shard = Open();
        var runs = 0;
        await shard.WriteAsync(
            async tx =>
            {
                await LoneShard.StepAsync(tx, 1);
                if (++runs == 1)
                    EndSessionsAsync().GetAwaiter().GetResult();
                return await LoneShard.StepAsync(tx, 2);
            },
            WritePriority.Request,
            CancellationToken.None);

        Assert.Equal(2, runs);
        Assert.Equal([1, 2], await ValuesAsync(shard));
        Assert.Equal(2, (await shard.Events.ReadAfterAsync(shard, 0, 10, CancellationToken.None)).Count);
        Assert.Null(shard.Trouble);
    }

    [Fact]
    public async Task A_batch_whose_question_loses_its_session_too_is_kept_once_or_not_at_all()
    {
        var shard = Open();
        for (var n = 0; n < 20; n++)
        {
            var writing = StepAsync(shard, n);
            for (var times = 0; times < 4 && !writing.IsCompleted; times++)
                await EndSessionsAsync();
            var failure = await Record.ExceptionAsync(() => writing);
            Assert.Equal(failure is null ? 1 : 0, (await ValuesAsync(shard)).Count(value => value == n));
        }
    }

    [Fact]
    public async Task A_process_that_is_frozen_in_the_middle_of_what_it_sends_loses_its_turn()
    {
        var shard = Open(patience: TimeSpan.FromSeconds(1));
        await using var frozen = new NpgsqlConnection(PostgresServer.ConnectionString);
        await frozen.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await frozen.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var turn = new NpgsqlCommand($"LOCK TABLE {_prefix}walker_000.basin_turn IN EXCLUSIVE MODE", frozen))
            await turn.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        // The server waits for what was announced, as it does for the rest of a batch.
        await frozen.BeginTextImportAsync($"COPY {_prefix}walker_000.basin_turn FROM STDIN", TestContext.Current.CancellationToken);

        await StepAsync(shard, 1);

        Assert.Equal([1], await ValuesAsync(shard));
    }

    [Fact]
    public async Task Events_are_in_the_log_once_after_a_time_without_writes()
    {
        var shard = Open(patience: TimeSpan.FromSeconds(1));
        for (var n = 1; n <= 5; n++)
        {
            await using (var other = new NpgsqlConnection(PostgresServer.ConnectionString))
            {
                await other.OpenAsync(TestContext.Current.CancellationToken);
                await using var transaction = await other.BeginTransactionAsync(TestContext.Current.CancellationToken);
                await using var turn = new NpgsqlCommand($"LOCK TABLE {_prefix}walker_000.basin_turn IN EXCLUSIVE MODE", other);
                await turn.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
                await Assert.ThrowsAsync<StoreUnavailableException>(() => StepAsync(shard, 0));
            }

            await StepAsync(shard, n);

            Assert.Null(shard.Trouble);
            Assert.Equal(Enumerable.Range(1, n).Select(sequence => (long)sequence), shard.Events.TryReadAfter(0)!.Select(e => e.Sequence));
        }
    }

    [Fact]
    public async Task A_process_that_comes_back_after_events_were_trimmed_knows_that_it_missed_some()
    {
        var busy = Open();
        await StepAsync(busy, 1);
        var away = (PostgresShard)Open(poll: TimeSpan.FromHours(1));
        await Eventually.TrueAsync(() => away.Events.LastSequence == 1);
        for (var n = 2; n <= 10; n++)
            await StepAsync(busy, n);

        await away.CatchUpAsync(5, CancellationToken.None);
        Assert.Equal(9, away.Events.TryReadAfter(1)!.Count);

        await StepAsync(busy, 11);
        await RunAsync($"DELETE FROM {_prefix}walker_000.basin_outbox WHERE last_sequence <= 10");
        await away.CatchUpAsync(11, CancellationToken.None);
        Assert.Null(away.Events.TryReadAfter(10));
        Assert.Equal(11, away.Events.LastSequence);
    }

    [Fact]
    public async Task Two_processes_that_start_at_once_make_one_schema()
    {
        var shards = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Open())));
        await Task.WhenAll(shards.Select((shard, n) => StepAsync(shard, n)));
        Assert.Equal(4, (await ValuesAsync(shards[0])).Count);
    }

    /// <param name="patience">With a writer that does not end its turn.</param>
    /// <param name="poll">How often it looks for what others have written.</param>
    private Shard Open(int shards = 1, int number = 0, TimeSpan? patience = null, TimeSpan? poll = null)
    {
        var postgres = new PostgresOptions
        {
            ConnectionString = PostgresServer.ConnectionString,
            SchemaPrefix = _prefix,
            Lease = TimeSpan.FromSeconds(2),
            PollInterval = poll ?? TimeSpan.FromMilliseconds(5),
            LockTimeout = patience ?? TimeSpan.FromSeconds(10),
            SilenceTimeout = patience ?? TimeSpan.FromSeconds(5),
        };
        var engine = new PostgresEngine(
            postgres, new StoreOptions { BackgroundPauseMilliseconds = 0 }, new EventCarrier(), Clock, new Randomness(1), NullLogger.Instance);
        var shard = engine.Open(
            new ShardPlace("walker", number, shards),
            [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. Migration.In(typeof(Walker).Assembly, "walker")]);
        engine.Start();
        lock (_processes)
            _processes.Add(engine);
        return shard;
    }

    private static Task<int> StepAsync(Shard shard, int value) =>
        shard.WriteAsync(tx => LoneShard.StepAsync(tx, value), WritePriority.Request, CancellationToken.None);

    private static Task<int> OwnAsync(Shard shard, int value) =>
        shard.WriteAsync(tx => LoneShard.StepAsync(tx, value), WritePriority.Owner, CancellationToken.None);

    private static async Task<List<int>> ValuesAsync(Shard shard) =>
        await shard.ReadAsync(snapshot => snapshot.ListAsync("SELECT value FROM effect ORDER BY value", row => row.Int(0)), CancellationToken.None);

    /// <summary>As if the owner had not renewed it for long.</summary>
    private Task ExpireLeaseAsync() => RunAsync(
        $"UPDATE {_prefix}walker_000.basin_owner SET process = 'frozen', leased_until = '-infinity'");

    /// <summary>Ends all sessions of the shard, whatever they do.</summary>
    private Task EndSessionsAsync() => RunAsync(
        $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'basin {_prefix}walker_000'");

    private static async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private void CloseAll()
    {
        _processes.ForEach(engine => engine.Dispose());
        _processes.Clear();
    }

    public void Dispose() => CloseAll();
}
