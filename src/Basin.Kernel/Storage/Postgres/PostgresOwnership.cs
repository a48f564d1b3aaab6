using Microsoft.Extensions.Logging;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// A lease in the shard's schema, by the clock of the database. An owner that is frozen, or cut off, for longer than its lease is replaced; each
/// change of hands counts the epoch on, which every transaction reads, so a former owner that wakes up writes nothing more.
/// </summary>
/// <param name="backend">The session of this process's writer.</param>
internal sealed class PostgresOwnership(
    PostgresDatabase database, string shard, string process, Func<int> backend, PostgresOptions options, TimeProvider time, ILogger log) : Ownership
{
    /// <summary>An owner that has missed a renewal and whose session is gone is not waited for.</summary>
    private const string Take = """
        UPDATE basin_owner SET process = $1, epoch = epoch + CASE WHEN process = $1 THEN 0 ELSE 1 END, leased_until = now() + $2, backend = $3
        WHERE process = $1 OR leased_until < now()
            OR (leased_until < now() + 0.6 * $2 AND NOT EXISTS (SELECT 1 FROM pg_stat_activity AS session WHERE session.pid = basin_owner.backend))
        RETURNING epoch
        """;

    private const string Leave = "UPDATE basin_owner SET process = NULL, leased_until = '-infinity' WHERE process = $1";

    private readonly Lock _lock = new();
    private CancellationTokenSource _lost = new();
    private TaskCompletionSource _taken = NewSignal();
    private long _epoch;
    private long _renewedAt;
    private bool _isWanted;

    public override long Epoch => Volatile.Read(ref _epoch);

    public override bool IsMine => _taken.Task.IsCompleted;

    public override async Task<CancellationToken> TakeAsync(CancellationToken cancellation)
    {
        _isWanted = true;
        await KeepUpAsync(cancellation);
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

    /// <summary>Renews the lease, or takes it when it is free. Called several times per lease.</summary>
    public async Task KeepUpAsync(CancellationToken cancellation)
    {
        if (!_isWanted)
            return;
        var asked = time.GetTimestamp();
        try
        {
            await using var command = database.Writing.CreateCommand(Take);
            command.Parameters.Add(new NpgsqlParameter { Value = process });
            command.Parameters.Add(new NpgsqlParameter { Value = options.Lease });
            command.Parameters.Add(new NpgsqlParameter { Value = (long)backend() });
            if (await command.ExecuteScalarAsync(cancellation) is long epoch)
                Hold(epoch, asked);
            else
                Lose("another process has it");
        }
        catch (NpgsqlException) when (time.GetElapsedTime(_renewedAt) < options.Lease)
        {
            // It is still this process's for a while, and the database may come back.
        }
        catch (NpgsqlException unreachable)
        {
            Lose(unreachable.Message);
        }
    }

    private void Hold(long epoch, long asked)
    {
        lock (_lock)
        {
            _renewedAt = asked;
            if (IsMine && epoch == _epoch)
                return;
            if (IsMine)
                LoseLocked("it changed hands meanwhile");
            Volatile.Write(ref _epoch, epoch);
            StoreLog.Taken(log, shard, epoch);
            _taken.SetResult();
        }
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

    public override async Task LeaveAsync()
    {
        _isWanted = false;
        Lose(why: null);
        try
        {
            await using var command = database.Writing.CreateCommand(Leave);
            command.Parameters.Add(new NpgsqlParameter { Value = process });
            await command.ExecuteNonQueryAsync();
        }
        catch (NpgsqlException)
        {
            // The lease ends by itself.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
