using System.Data;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>A shard in a schema of PostgreSQL, with its writer in this process; other processes have theirs.</summary>
internal sealed class PostgresShard : Shard
{
    private readonly PostgresDatabase _database;
    private readonly PostgresConnection _connection;
    private readonly IdLease _ids;
    private readonly ShardWriter _writer;
    private readonly string _name;
    private volatile bool _closed;

    private PostgresShard(ShardPlace place, PostgresDatabase database, string process, StoreOptions options, TimeProvider time, ILogger log)
    {
        (Number, _name, _database) = (place.Number, place.ToString(), database);
        _ids = new IdLease(database, process, place.Number, place.Count, time);
        _connection = new PostgresConnection(database, process);
        Events = new EventLog(_connection.Introduce());
        Jobs = new JobQueue(this);
        _writer = new ShardWriter(place.System, place.Number, new BatchTransaction(_connection, () => Ids, time), options, time, log, HandOn, answered: static () => { });
    }

    public override int Number { get; }

    public override IdGenerator Ids => _ids.Ids;

    public override EventLog Events { get; }

    internal override JobQueue Jobs { get; }

    public override StoreUnavailableException? Trouble => _writer.Trouble;

    public override int QueuedWrites => _writer.Queued;

    internal override WriteCounts Writes => _writer.Counts;

    /// <summary>Opens or creates the schema and brings it up to date.</summary>
    public static PostgresShard Open(
        ShardPlace place, IReadOnlyList<Migration> migrations, string process, PostgresOptions postgres, StoreOptions options, TimeProvider time, ILogger log)
    {
        var database = PostgresDatabase.Of(place.System, place.Number, postgres);
        try
        {
            PostgresMigrator.Migrate(database, migrations, time, name => StoreLog.Migrated(log, place.ToString(), name));
            return new PostgresShard(place, database, process, options, time, log);
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
        if (_closed)
            throw new StoreUnavailableException(StoreUnavailableException.Reasons.Closing, $"Shard {_name} is closing.");
        try
        {
            await using var connection = await _database.Reading.OpenConnectionAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation);
            var result = await work(new PostgresSnapshot(_database, connection, cancellation));
            await transaction.CommitAsync(cancellation);
            return result;
        }
        catch (NpgsqlException failure)
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    private void HandOn(BatchTransaction committed)
    {
        Events.Append(committed.PublishedEvents);
        Jobs.Append(committed.ScheduledJobs);
    }

    public override void Dispose()
    {
        _closed = true;
        _writer.Dispose();
        try
        {
            _ids.Release();
        }
        catch (StoreUnavailableException)
        {
            // The lease ends by itself.
        }
        _connection.Dispose();
        _database.Dispose();
    }
}
