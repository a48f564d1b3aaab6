using System.Threading.Channels;
using Basin.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Basin.Bench;

/// <summary>
/// The least that keeps balances in PostgreSQL by the statement: for each transfer a row and two balances, prepared and pipelined over one connection. What waits
/// shares a commit.
/// </summary>
internal sealed class PostgresFloor : IBooks
{
    private const int MostMovesPerPipeline = 128;
    private const int MostPerCommit = 1024;

    private static int _servers;

    private readonly Channel<(IReadOnlyList<Move> Moves, TaskCompletionSource Done)> _waiting =
        Channel.CreateUnbounded<(IReadOnlyList<Move>, TaskCompletionSource)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly PostgresServer _server;
    private readonly NpgsqlConnection _connection;
    private readonly Task _writing;

    private PostgresFloor(PostgresServer server, NpgsqlConnection connection)
    {
        (_server, _connection) = (server, connection);
        _writing = Task.Run(WriteUntilClosedAsync);
    }

    /// <summary>On a disk, and where the path of a socket is short enough.</summary>
    public static PostgresServer StartServer()
    {
        var name = $"basin-transfers-{Environment.ProcessId}-{Interlocked.Increment(ref _servers)}";
        return PostgresServer.StartDurable(Directory.CreateDirectory(Path.Combine("/var/tmp", name)).FullName);
    }

    public static async Task<IBooks> StartAsync(string directory, CancellationToken cancellation)
    {
        var server = StartServer();
        var connection = new NpgsqlConnection($"{server.ConnectionText};Max Auto Prepare=16;Auto Prepare Min Usages=1");
        await connection.OpenAsync(cancellation);
        await ExecuteAsync(connection, "CREATE TABLE account (id INT PRIMARY KEY, name TEXT NOT NULL, debits BIGINT NOT NULL, credits BIGINT NOT NULL)");
        await ExecuteAsync(connection, "CREATE TABLE transfer (id BIGINT PRIMARY KEY, debit INT NOT NULL, credit INT NOT NULL, amount BIGINT NOT NULL)");
        return new PostgresFloor(server, connection);
    }

    public async Task OpenAsync(string[] accounts, CancellationToken cancellation)
    {
        for (var i = 0; i < accounts.Length; i++)
        {
            await ExecuteAsync(
                _connection, "INSERT INTO account (id, name, debits, credits) VALUES ($1, $2, 0, 0)", Integer(i),
                new NpgsqlParameter<string> { TypedValue = accounts[i] });
        }
    }

    public async Task MoveAsync(IReadOnlyList<Move> moves, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await _waiting.Writer.WriteAsync((moves, done), cancellation);
        await done.Task;
    }

    private async Task WriteUntilClosedAsync()
    {
        var (moves, answers) = (new List<Move>(), new List<TaskCompletionSource>(MostPerCommit));
        while (await _waiting.Reader.WaitToReadAsync())
        {
            while (answers.Count < MostPerCommit && _waiting.Reader.TryRead(out var waiting))
            {
                moves.AddRange(waiting.Moves);
                answers.Add(waiting.Done);
            }
            try
            {
                await WriteAsync(moves);
                answers.ForEach(answer => answer.SetResult());
            }
            catch (NpgsqlException failure)
            {
                answers.ForEach(answer => answer.SetException(failure));
            }
            moves.Clear();
            answers.Clear();
        }
    }

    private async Task WriteAsync(List<Move> moves)
    {
        await using var transaction = await _connection.BeginTransactionAsync();
        foreach (var some in moves.Chunk(MostMovesPerPipeline))
        {
            await using var batch = new NpgsqlBatch(_connection, transaction);
            foreach (var move in some)
                Add(batch, move);
            await batch.ExecuteNonQueryAsync();
        }
        await transaction.CommitAsync();
    }

    private static void Add(NpgsqlBatch batch, Move move)
    {
        batch.BatchCommands.Add(Command(
            "INSERT INTO transfer (id, debit, credit, amount) VALUES ($1, $2, $3, $4)", Long(move.Id), Integer(move.Debit), Integer(move.Credit), Long(move.Amount)));
        batch.BatchCommands.Add(Command("UPDATE account SET debits = debits + $2 WHERE id = $1", Integer(move.Debit), Long(move.Amount)));
        batch.BatchCommands.Add(Command("UPDATE account SET credits = credits + $2 WHERE id = $1", Integer(move.Credit), Long(move.Amount)));
    }

    private static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private static NpgsqlParameter<int> Integer(int value) => new() { NpgsqlDbType = NpgsqlDbType.Integer, TypedValue = value };

    private static NpgsqlParameter<long> Long(long value) => new() { NpgsqlDbType = NpgsqlDbType.Bigint, TypedValue = value };

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<decimal> MovedAsync(CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT SUM(debits) FROM account", _connection);
        return (decimal)(await command.ExecuteScalarAsync(cancellation))!;
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.Complete();
        await _writing;
        await _connection.DisposeAsync();
        _server.Dispose();
    }
}
