using Basin.Kernel.Ids;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// The number that the ids of one process carry in one shard. What keeps ids unique is not the lease but its mark: a new holder begins above it, and a
/// former holder cannot move it on. The lease spares the others a number that is in use.
/// </summary>
internal sealed class IdLease
{
    private const string Insert = """
        INSERT INTO basin_id_lease (number, process, leased_until) VALUES ($1, $2, now() + interval '30 seconds')
        ON CONFLICT (number) DO UPDATE SET process = excluded.process, leased_until = excluded.leased_until WHERE basin_id_lease.leased_until < now()
        RETURNING mark
        """;

    private const string Mark = "UPDATE basin_id_lease SET mark = $1 WHERE number = $2 AND process = $3";

    private string Renew => $"UPDATE {_database.Schema}.basin_id_lease SET leased_until = now() + interval '30 seconds' WHERE number = $1 AND process = $2";

    private const string End = "UPDATE basin_id_lease SET leased_until = '-infinity' WHERE number = $1 AND process = $2";

    /// <summary>Nobody asks what became of a batch of a process that is long gone.</summary>
    private const string ForgetWriters = """
        DELETE FROM basin_writer WHERE process NOT IN (SELECT process FROM basin_id_lease WHERE leased_until > now() - interval '1 hour')
        """;

    /// <summary>A third of the lease.</summary>
    public static readonly TimeSpan RenewPeriod = TimeSpan.FromSeconds(10);

    private readonly PostgresDatabase _database;
    private readonly string _process;
    private readonly ShardPlace _place;
    private readonly TimeProvider _time;
    private long _number;
    private volatile IdGenerator _ids;

    public IdLease(PostgresDatabase database, string process, ShardPlace place, TimeProvider time)
    {
        (_database, _process, _place, _time) = (database, process, place, time);
        _ids = Take();
    }

    public IdGenerator Ids => _ids;

    /// <summary>Takes another number when this one has gone to somebody else meanwhile.</summary>
    public async Task KeepUpAsync(CancellationToken cancellation)
    {
        await using var command = CommandOf(_database.Leasing, Renew, _number, _process);
        if (await command.ExecuteNonQueryAsync(cancellation) == 0)
            _ids = Take();
    }

    public void Release() => Run(End, _number, _process);

    private IdGenerator Take()
    {
        Run(ForgetWriters);
        // A number leads to its shard modulo their count.
        for (long number = _place.Number; number < Snowflake.MaxShards; number += _place.Count)
        {
            if (TakeNumber(number) is not { } mark)
                continue;
            _number = number;
            return new IdGenerator(_time, (int)number, mark, later => MoveMark(number, later), _place.Sequences);
        }
        throw new StoreUnavailableException(
            StoreUnavailableException.Reasons.Busy, $"All numbers for ids of {_database.Schema} are taken by other processes.");
    }

    private long? TakeNumber(long number)
    {
        using var command = CommandOf(_database.Writing, Insert, number, _process);
        return (long?)command.ExecuteScalar();
    }

    private void MoveMark(long number, long mark)
    {
        if (Run(Mark, mark, number, _process) == 0)
        {
            throw new StoreUnavailableException(
                StoreUnavailableException.Reasons.TakenOver, $"Another process makes the ids of {_database.Schema} that this one made.");
        }
    }

    private int Run(string sql, params object[] values)
    {
        try
        {
            using var command = CommandOf(_database.Writing, sql, values);
            return command.ExecuteNonQuery();
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    private static NpgsqlCommand CommandOf(NpgsqlDataSource source, string sql, params object[] values)
    {
        var command = source.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }
}
