using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;
using Basin.Testing;
using Basin.Testing.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Basin.Kernel.Tests.Storage;

public sealed class PostgresStoreTests : StoreContract, IDisposable
{
    private readonly PostgresOptions _postgres = new()
    {
        ConnectionString = $"{PostgresServer.ConnectionString};Options=-c default_tablespace={PostgresServer.SmallSpace}",
        SchemaPrefix = PostgresServer.NewPrefix(),
    };

    /// <summary>PostgreSQL computes it while it plans, hence while it binds, and looks often whether anybody still wants it.</summary>
    private const string SlowToBind = "SELECT CASE WHEN factorial(12000) > 0 THEN 1 END";

    private bool _isFilled;

    private static string Filler => Path.Combine(PostgresServer.SmallDirectory, "filler");

    protected override Shard Open(StoreOptions options, params IReadOnlyList<Migration> migrations) =>
        new PostgresEngine(_postgres, options, new EventCarrier(), Clock, new Randomness(1), NullLogger.Instance)
            .Open(new ShardPlace("contract", 0, 1), [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. migrations]);

    protected override void Close(Shard shard) => shard.Dispose();

    /// <summary>The server itself fills its file system, as a table that grows would.</summary>
    protected override async Task LimitSpaceAsync(Shard shard, bool full)
    {
        _isFilled = full;
        await using var connection = new NpgsqlConnection(PostgresServer.ConnectionString);
        await connection.OpenAsync();
        var size = full ? 1_000_000 : 0;
        await using var command = new NpgsqlCommand($"COPY (SELECT repeat('x', 1000) FROM generate_series(1, {size})) TO '{Filler}'", connection);
        if (full)
            Assert.Equal(PostgresErrorCodes.DiskFull, (await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync())).SqlState);
        else
            await command.ExecuteNonQueryAsync();
    }

    /// <summary>Npgsql holds a statement for prepared as soon as it is parsed, and knows nothing of its columns when it was cancelled before it heard of them.</summary>
    [Fact]
    public async Task A_read_given_up_while_its_statement_is_prepared_spoils_no_later_one()
    {
        _postgres.ReadersPerShard = 1;
        using var shard = Open(new StoreOptions());
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(1, await ReadAsync(CancellationToken.None));
            using var givenUp = new CancellationTokenSource(TimeSpan.FromMilliseconds(20));
            await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(givenUp.Token));
        }
        Assert.Equal(1, await ReadAsync(CancellationToken.None));

        Task<long?> ReadAsync(CancellationToken cancellation) => shard.ReadAsync(snapshot => snapshot.NumberAsync(SlowToBind), cancellation).AsTask();
    }

    public void Dispose()
    {
        if (!_isFilled)
            return;
        using var connection = new NpgsqlConnection(PostgresServer.ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand($"COPY (SELECT) TO '{Filler}'", connection);
        command.ExecuteNonQuery();
    }
}
