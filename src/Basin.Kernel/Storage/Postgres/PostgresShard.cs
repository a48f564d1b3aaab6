using System.Data;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Load;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>A shard in a schema of PostgreSQL, with its writer in this process; other processes have theirs.</summary>
internal sealed class PostgresShard : Shard
{
    /// <summary>Who is further behind does not read it all into memory; whoever wants old events reads the outbox.</summary>
    private const int MaxCaughtUp = 8192;

    /// <summary>A reload reads many jobs, and others may schedule some all the time.</summary>
    private static readonly TimeSpan BetweenReloads = TimeSpan.FromMilliseconds(200);

    private readonly PostgresConnection _connection;
    private readonly IdLease _ids;
    private readonly PostgresOwnership _ownership;
    private readonly ShardWriter _writer;
    private readonly Reachability _reading;
    private readonly ReadPlaces _reads;
    private readonly string _name;

    // Events come from this process's commits and from those of others, and go into the log in one order.
    private readonly Lock _handing = new();
    private long _jobCommits;
    private long _reloadedAt;
    private volatile bool _closed;

    private PostgresShard(
        ShardPlace place, PostgresDatabase database, string process, Func<int> owned, PostgresOptions postgres, StoreOptions options, TimeProvider time,
        ILogger log)
    {
        (Number, _name, Database) = (place.Number, place.ToString(), database);
        Server = postgres.ConnectionStringOf(place.System, place.Number);
        _ids = new IdLease(database, process, place, time);
        _connection = new PostgresConnection(
            database, process, postgres.SilenceTimeout, new Reachability(postgres.FailoverPatience, PostgresEngine.RealTime));
        _reading = new Reachability(postgres.FailoverPatience, PostgresEngine.RealTime);
        _reads = new ReadPlaces(_name, postgres.ReadersPerShard, options);
        _ownership = new PostgresOwnership(database, _name, process, () => _connection.Backend, owned, postgres, PostgresEngine.RealTime, log);
        Events = new EventLog(_connection.Introduce());
        Jobs = new JobQueue(this);
        _writer = new ShardWriter(
            place.System, place.Number, new BatchTransaction(_connection, () => Ids, time, options.ChecksKeptEntities), _ownership, options, time, log, HandOn,
            answered: static () => { });
    }

    public override int Number { get; }

    public PostgresDatabase Database { get; }

    public string Schema => Database.Schema;

    /// <summary>Shards that have this in common are in one database.</summary>
    public string Server { get; }

    public override IdGenerator Ids => _ids.Ids;

    public override EventLog Events { get; }

    internal override JobQueue Jobs { get; }

    internal override Ownership Ownership => _ownership;

    public override StoreUnavailableException? Trouble => _writer.Trouble;

    public override int QueuedWrites => _writer.Queued;

    internal override QueueTime QueueTime => _writer.QueueTime;

    internal override WriteCounts Writes => _writer.Counts;

    /// <summary>Opens or creates the schema and brings it up to date.</summary>
    public static PostgresShard Open(
        ShardPlace place, IReadOnlyList<Migration> migrations, string process, Func<int> owned, NpgsqlDataSource? leasing, PostgresOptions postgres,
        StoreOptions options, TimeProvider time, ILogger log)
    {
        var database = PostgresDatabase.Of(place.System, place.Number, postgres, leasing);
        try
        {
            PostgresMigrator.Migrate(database, migrations, time, name => StoreLog.Migrated(log, place.ToString(), name));
            return new PostgresShard(place, database, process, owned, postgres, options, time, log);
        }
        catch (Exception failure)
        {
            database.Dispose();
            if (failure is NpgsqlException)
                throw PostgresErrors.Translate(failure);
            throw;
        }
    }

    public override Task<T> WriteAsync<T>(Func<Transaction, ValueTask<T>> work, WritePriority priority, CancellationToken cancellation) =>
        _writer.EnqueueAsync(work, priority, cancellation);

    public override async ValueTask<T> ReadAsync<T>(Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        using var place = _reads.Take();
        var askedAt = _reading.Now;
        for (var tries = 1; ; tries++)
        {
            if (_closed)
                throw new StoreUnavailableException(StoreUnavailableException.Reasons.Closing, $"Shard {_name} is closing.");
            try
            {
                var result = await ReadOnceAsync(work, cancellation);
                _reading.NoteReached();
                return result;
            }
            catch (StoreUnavailableException gone) when (gone.Reason == StoreUnavailableException.Reasons.Unreachable
                && (tries == 1 || _reading.IsWorthAnotherTry(askedAt)))
            {
                // The first try may have met a connection that was lost long ago, while nobody read over it.
                if (tries > 1)
                    await Task.Delay(Reachability.Pause, PostgresEngine.RealTime, cancellation);
            }
        }
    }

    private async ValueTask<T> ReadOnceAsync<T>(Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await Database.Reading.OpenConnectionAsync(cancellation);
            try
            {
                return await ReadOverAsync(connection, work, cancellation);
            }
            catch (Exception failure) when (PostgresErrors.HasBroken(connection, failure))
            {
                throw PostgresErrors.Translate(failure);
            }
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    private async ValueTask<T> ReadOverAsync<T>(NpgsqlConnection connection, Func<Snapshot, ValueTask<T>> work, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
        var result = await work(new PostgresSnapshot(Database, connection, cancellation));
        await transaction.CommitAsync(cancellation);
        return result;
    }

    internal override async Task ReportAsync(ConsumerProgress progress, CancellationToken cancellation)
    {
        try
        {
            // A report that a crash has swallowed is followed by the next.
            await using var command = Database.Leasing.CreateCommand(
                $"""
                INSERT INTO {Database.Schema}.basin_consumer AS known (consumer, shard, sequence) VALUES ($1, $2, $3)
                ON CONFLICT (consumer, shard) DO UPDATE SET sequence = greatest(known.sequence, excluded.sequence)
                """);
            command.Parameters.Add(new NpgsqlParameter { Value = progress.Consumer });
            command.Parameters.Add(new NpgsqlParameter { Value = (long)progress.Shard });
            command.Parameters.Add(new NpgsqlParameter { Value = progress.Sequence });
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (NpgsqlException failure)
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    internal override async Task<List<ConsumerProgress>> ReportedAsync(CancellationToken cancellation) => await ReadAsync(
        snapshot => snapshot.ListAsync(
            "SELECT consumer, shard, sequence FROM basin_consumer", row => new ConsumerProgress(row.Text(0), row.Int(1), row.Integer(2))),
        cancellation);

    /// <summary>Renews the leases of shards of one database, where they are wanted.</summary>
    public static Task RenewAsync(IEnumerable<PostgresShard> shards, CancellationToken cancellation) =>
        PostgresOwnership.KeepUpAsync(shards.Select(shard => shard._ownership), cancellation);

    /// <summary>Renews the lease of the number in its ids.</summary>
    public Task RenewIdsAsync(CancellationToken cancellation) => _ids.KeepUpAsync(cancellation);

    /// <summary>Whether this process runs the system.</summary>
    public bool IsWanted => _ownership.IsWanted;

    /// <summary>Asks another process for the shard, in case that one owns more.</summary>
    public Task WishAsync(CancellationToken cancellation) => _ownership.WishAsync(cancellation);

    private void HandOn(BatchTransaction committed)
    {
        lock (_handing)
        {
            // When another process has published in between, its events come first: the feed brings them, and these behind them.
            if (Events.LastSequence == _connection.LastSequence)
                Events.Append(committed.PublishedEvents);
            if (!_ownership.IsMine)
                return;
            // Where others have scheduled jobs in between, the count stays behind, and the next look finds them.
            if (_jobCommits == _connection.JobCommits && committed.ScheduledJobs.Count > 0)
                _jobCommits++;
            Jobs.Append(committed.ScheduledJobs);
        }
    }

    /// <summary>Called with what the database says about commits that have scheduled jobs.</summary>
    public void NoteJobCommits(long jobCommits)
    {
        lock (_handing)
        {
            // What was asked before a commit of this process may be answered after it.
            if (jobCommits <= _jobCommits || PostgresEngine.RealTime.GetElapsedTime(_reloadedAt) < BetweenReloads)
                return;
            (_jobCommits, _reloadedAt) = (jobCommits, PostgresEngine.RealTime.GetTimestamp());
            Jobs.Reload();
        }
    }

    internal override Task ReceiveAsync(long previous, List<EventRecord> events, CancellationToken cancellation)
    {
        lock (_handing)
        {
            if (previous <= Events.LastSequence)
            {
                Events.Append(events.FindAll(e => e.Sequence > Events.LastSequence));
                return Task.CompletedTask;
            }
        }
        return CatchUpAsync(events[^1].Sequence, cancellation);
    }

    /// <summary>Brings the log of events up to a sequence that other processes have reached.</summary>
    public async Task CatchUpAsync(long lastSequence, CancellationToken cancellation)
    {
        if (lastSequence - Events.LastSequence > MaxCaughtUp)
        {
            lock (_handing)
                Events.SkipTo(Math.Max(lastSequence, Events.LastSequence));
            return;
        }
        var after = Events.LastSequence;
        var (missed, isWhole) = await ReadAsync(
            async snapshot => (await EventSegment.ReadAfterAsync(snapshot, after, MaxCaughtUp), await EventSegment.IsWholeAfterAsync(snapshot, after)),
            cancellation);
        lock (_handing)
        {
            if (isWhole || Events.LastSequence >= lastSequence)
                Events.Append(missed.FindAll(e => e.Sequence > Events.LastSequence));
            else
                Events.SkipTo(lastSequence);
        }
    }

    public override void Dispose()
    {
        _closed = true;
        _connection.Leave();
        _writer.Dispose();
        try
        {
            _ids.Release();
        }
        catch (StoreUnavailableException)
        {
            // The lease ends by itself.
        }
        _ownership.Dispose();
        _connection.Dispose();
        Database.Dispose();
    }
}
