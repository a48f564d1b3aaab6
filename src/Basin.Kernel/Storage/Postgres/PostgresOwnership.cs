using Microsoft.Extensions.Logging;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// A lease in the shard's schema, by the clock of the database. An owner that is frozen, or cut off, for longer than its lease is replaced; each
/// change of hands counts the epoch on, which every transaction reads, so a former owner that wakes up writes nothing more.
/// </summary>
/// <param name="backend">The session of this process's writer.</param>
/// <param name="owned">How many shards this process owns.</param>
internal sealed class PostgresOwnership(
    PostgresDatabase database, string shard, string process, Func<int> backend, Func<int> owned, PostgresOptions options, TimeProvider time, ILogger log)
    : Ownership, IDisposable
{
    /// <summary>An owner that has missed a renewal and whose session is gone is not waited for.</summary>
    private string Take(int place) => $"""
        UPDATE {database.Schema}.basin_owner AS owner SET
            process = $1, epoch = epoch + CASE WHEN process = $1 THEN 0 ELSE 1 END, leased_until = now() + $2, backend = {backend()}
        WHERE process = $1 OR leased_until < now()
            OR (leased_until < now() + 0.6 * $2 AND NOT EXISTS (SELECT 1 FROM pg_stat_activity AS session WHERE session.pid = owner.backend))
        RETURNING {place} AS place, epoch, CASE WHEN wisher <> $1 AND wished_at > now() - interval '5 seconds' THEN wisher_owns END AS wisher_owns
        """;

    private string Leave => $"UPDATE {database.Schema}.basin_owner SET process = NULL, leased_until = '-infinity' WHERE process = $1";

    private string Wish => $"""
        UPDATE {database.Schema}.basin_owner SET wisher = $1, wisher_owns = $2, wished_at = now()
        WHERE process <> $1 AND wished_at < now() - interval '5 seconds'
        """;

    private readonly Lock _lock = new();
    private CancellationTokenSource _lost = new();
    private TaskCompletionSource _taken = NewSignal();
    private long _epoch;
    private long _renewedAt;
    private long _yieldedAt;
    private bool _isYielded;

    public override long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Whether this process has something to do as the owner.</summary>
    public bool IsWanted { get; private set; }

    public override bool IsMine => _taken.Task.IsCompleted;

    public override async Task<CancellationToken> TakeAsync(CancellationToken cancellation)
    {
        IsWanted = true;
        await KeepUpAsync([this], cancellation);
        while (true)
        {
            Task taken;
            lock (_lock)
            {
                if (IsMine)
                    return _lost.Token;
                taken = _taken.Task;
            }
            await taken.WaitAsync(cancellation);
        }
    }

    /// <summary>
    /// Renews the leases of shards of one database, and takes those that are free, all in one statement. Called several times per lease. A lease needs not
    /// survive a crash of the server: a change of hands is in its log before anything that the new owner writes.
    /// </summary>
    public static async Task KeepUpAsync(IEnumerable<PostgresOwnership> shards, CancellationToken cancellation)
    {
        var asking = shards.Where(shard => shard.IsWanted && !shard.IsResting).ToList();
        if (asking.Count == 0)
            return;
        var first = asking[0];
        var asked = first.Now;
        try
        {
            var answers = await first.AskAsync(asking, cancellation);
            for (var place = 0; place < asking.Count; place++)
            {
                if (answers.TryGetValue(place, out var answer))
                    asking[place].Hold(answer.Epoch, asked, answer.WisherOwns);
                else
                    asking[place].Lose("another process has it");
            }
        }
        catch (Exception unreachable) when (PostgresErrors.IsFailure(unreachable))
        {
            asking.ForEach(shard => shard.Doubt(unreachable));
        }
    }

    private async Task<Dictionary<int, (long Epoch, long? WisherOwns)>> AskAsync(List<PostgresOwnership> asking, CancellationToken cancellation)
    {
        var parts = asking.Select((shard, place) => $"taken_{place} AS ({shard.Take(place)})");
        var all = asking.Select((_, place) => $"SELECT place, epoch, wisher_owns FROM taken_{place}");
        await using var batch = database.Leasing.CreateCommand($"WITH {string.Join(", ", parts)} {string.Join(" UNION ALL ", all)}");
        batch.Parameters.Add(new NpgsqlParameter { Value = process });
        batch.Parameters.Add(new NpgsqlParameter { Value = options.Lease });
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var answers = new Dictionary<int, (long, long?)>();
        while (await reader.ReadAsync(cancellation))
            answers.Add(reader.GetInt32(0), (reader.GetInt64(1), await reader.IsDBNullAsync(2, cancellation) ? null : reader.GetInt64(2)));
        return answers;
    }

    private long Now => time.GetTimestamp();

    /// <summary>It is still this process's for a while, and the database may come back.</summary>
    private void Doubt(Exception unreachable)
    {
        if (time.GetElapsedTime(_renewedAt) > options.Lease)
            Lose(unreachable.Message);
    }

    /// <summary>Asks the owner for the shard; one that owns at least two more gives it.</summary>
    public async Task WishAsync(CancellationToken cancellation)
    {
        await using var command = CommandOf(Wish, process, (long)owned());
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Whoever has given a shard away leaves it to the one who asked for a while.</summary>
    private bool IsResting => _isYielded && time.GetElapsedTime(_yieldedAt) < options.Lease;

    private void Hold(long epoch, long asked, long? wisherOwns)
    {
        lock (_lock)
        {
            _renewedAt = asked;
            if (IsMine && epoch == _epoch)
            {
                if (wisherOwns + 1 < owned())
                    YieldLocked();
                return;
            }
            if (IsMine)
                LoseLocked("it changed hands meanwhile");
            Volatile.Write(ref _epoch, epoch);
            _isYielded = false;
            StoreLog.Taken(log, shard, epoch);
            _taken.SetResult();
        }
    }

    private void YieldLocked()
    {
        (_isYielded, _yieldedAt) = (true, time.GetTimestamp());
        LoseLocked(why: null);
    }

    private void Lose(string? why)
    {
        lock (_lock)
        {
            if (IsMine)
                LoseLocked(why);
        }
    }

    /// <param name="why">Null when it is given up on purpose.</param>
    private void LoseLocked(string? why)
    {
        if (why is not null)
            StoreLog.Lost(log, shard, why);
        var lost = _lost;
        (_lost, _taken) = (new CancellationTokenSource(), NewSignal());
        _ = lost.CancelAsync();
    }

    public override async Task EndAsync()
    {
        if (_isYielded)
            await LeaseEndsAsync();
    }

    public override async Task LeaveAsync()
    {
        IsWanted = false;
        Lose(why: null);
        await LeaseEndsAsync();
    }

    private async Task LeaseEndsAsync()
    {
        try
        {
            await using var command = CommandOf(Leave, process);
            await command.ExecuteNonQueryAsync();
        }
        catch (Exception unreachable) when (PostgresErrors.IsFailure(unreachable))
        {
            // The lease ends by itself.
        }
    }

    private NpgsqlCommand CommandOf(string sql, params IEnumerable<object> values)
    {
        var command = database.Leasing.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _lost.Dispose();
}
