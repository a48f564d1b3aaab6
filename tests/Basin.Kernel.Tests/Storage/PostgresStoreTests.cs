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
