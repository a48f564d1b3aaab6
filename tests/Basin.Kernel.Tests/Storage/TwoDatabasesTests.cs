using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Npgsql;

namespace Basin.Kernel.Tests.Storage;

public sealed class TwoDatabasesTests
{
    [Fact]
    public async Task Systems_and_shards_in_different_databases_hear_each_other()
    {
        var other = $"other_{PostgresServer.NewPrefix()}db";
        await RunAsync(PostgresServer.ConnectionString, $"CREATE DATABASE {other}");
        var otherText = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString) { Database = other }.ToString();
        await using var host = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(),
            options: new TestHostOptions
            {
                Backend = Backend.Postgres,
                Settings =
                {
                    ["Basin:Store:Shards:walker"] = "2",
                    ["Basin:Postgres:OtherConnectionStrings:listener"] = otherText,
                    ["Basin:Postgres:OtherConnectionStrings:walker/1"] = otherText,
                },
            });
        var walker = host.Get<Walker>();

        await walker.StepAsync(walker.NewThing(shard: 0), 1, 2);
        await walker.StepAsync(walker.NewThing(shard: 1), 3, 4);
        await host.SettleAsync();

        Assert.Equal([1, 2, 3, 4], (await Effects.OfAsync(host.StoreOf("listener"))).Select(effect => effect.Value).Order());
        Assert.Equal(1L, await RunAsync(otherText, "SELECT count(*) FROM pg_tables WHERE schemaname LIKE '%walker_001' AND tablename = 'basin_outbox'"));
        Assert.Equal(0L, await RunAsync(otherText, "SELECT count(*) FROM pg_tables WHERE schemaname LIKE '%walker_000'"));
    }

    private static async Task<object?> RunAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
