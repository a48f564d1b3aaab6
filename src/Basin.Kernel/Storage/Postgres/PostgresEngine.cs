using System.Security.Cryptography;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>A schema per shard, in one database or in several.</summary>
internal sealed class PostgresEngine : StoreEngine
{
#pragma warning disable RS0030 // A lease counts by the clock of the database, which no test moves.
    internal static readonly TimeProvider RealTime = TimeProvider.System;
#pragma warning restore RS0030

    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromMilliseconds(250);

    public static readonly IReadOnlyList<Migration> OwnMigrations = Migration.In(typeof(PostgresEngine).Assembly, "postgres", "Storage.Postgres");

    private readonly List<PostgresShard> _shards = [];
    private readonly Dictionary<string, NpgsqlDataSource> _leasing = new(StringComparer.Ordinal);
    private readonly PostgresFeed _feed;
    private readonly PostgresOptions _postgres;
    private readonly StoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    // A restarted process is another one: what it left behind belongs to the former.
    private readonly string _process = $"{Environment.MachineName}/{Environment.ProcessId}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}";

    public PostgresEngine(PostgresOptions postgres, StoreOptions options, EventCarrier carrier, TimeProvider time, Randomness chance, ILogger log)
    {
        (_postgres, _options, _time, _log) = (postgres, options, time, log);
        _feed = new PostgresFeed(_shards, carrier, postgres, RealTime, chance, log);
        RefuseUnreadable();
        WaitUntilReachable();
    }

    private void RefuseUnreadable()
    {
        foreach (var database in Databases)
        {
            try
            {
                _ = new NpgsqlConnectionStringBuilder(database);
            }
            catch (Exception failure) when (failure is ArgumentException or FormatException)
            {
                // What it is may be a password, and is not repeated.
                throw new InvalidOperationException(
                    "Basin:Postgres:ConnectionString is no connection string of Npgsql, such as Host=db;Database=basin;Username=basin.", failure);
            }
        }
    }

    private IEnumerable<string> Databases => _postgres.OtherConnectionStrings.Values.Append(_postgres.ConnectionString!).Distinct();

    public override IReadOnlyList<int> ShardsOf(string system)
    {
        var prefix = $"{_postgres.SchemaPrefix}{system}_";
        var schemas = Databases.SelectMany(database => ListOf(
            database,
            """
            SELECT nspname::text FROM pg_namespace
            WHERE nspname >= $1::name AND nspname < ($1 || ':')::name AND substr(nspname::text, length($1) + 1) ~ '^[0-9]{3,4}$'
            """,
            prefix));
        return [.. schemas.Select(schema => int.Parse(schema[prefix.Length..])).Distinct().Order()];
    }

    public override bool IsUnused(string system, int shard)
    {
        var schema = $"{_postgres.SchemaPrefix}{system}_{shard:000}";
        var database = _postgres.ConnectionStringOf(system, shard);
        // What every shard has from its beginning says nothing.
        var tables = ListOf(
            database,
            """
            SELECT tablename::text FROM pg_tables WHERE schemaname = $1
            AND tablename NOT IN ('basin_schema', 'basin_shard', 'basin_owner', 'basin_writer', 'basin_id_lease', 'basin_process')
            """,
            schema);
        return tables.TrueForAll(table => ListOf(database, $"SELECT '' FROM \"{schema}\".\"{table}\" LIMIT 1").Count == 0)
            && ListOf(database, $"SELECT '' FROM \"{schema}\".basin_id_lease WHERE mark > 0").Count == 0;
    }

    public override string PlaceOf(string system) => $"{_postgres.SchemaPrefix}{system}";

    public override Shard Open(ShardPlace place, IReadOnlyList<Migration> migrations)
    {
        _shards.Add(PostgresShard.Open(
            place, [.. OwnMigrations, .. migrations], _process, () => _shards.Count(shard => shard.Ownership.IsMine), LeasingOf(place), _postgres, _options, _time, _log));
        return _shards[^1];
    }

    private NpgsqlDataSource LeasingOf(ShardPlace place)
    {
        var database = _postgres.ConnectionStringOf(place.System, place.Number);
        if (!_leasing.TryGetValue(database, out var leasing))
            _leasing.Add(database, leasing = PostgresDatabase.LeasingOf(database, _postgres));
        return leasing;
    }

    public override void Start() => _feed.Start();

    /// <summary>The database may start at the same time.</summary>
    private void WaitUntilReachable()
    {
        using var pause = new ManualResetEventSlim();
        var tries = 1 + (int)(_postgres.StartPatience / PauseBetweenTries);
        foreach (var database in Databases)
        {
            while (true)
            {
                try
                {
                    ListOf(database, "SELECT ''");
                    break;
                }
                catch (StoreUnavailableException unreachable) when (unreachable.Reason != StoreUnavailableException.Reasons.Stopped && --tries > 0)
                {
                    pause.Wait(PauseBetweenTries);
                }
            }
        }
    }

    private static List<string> ListOf(string database, string sql, params IEnumerable<object> values)
    {
        try
        {
            using var connection = new NpgsqlConnection(database);
            connection.Open();
            using var command = new NpgsqlCommand(sql, connection);
            foreach (var value in values)
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            using var reader = command.ExecuteReader();
            var found = new List<string>();
            while (reader.Read())
                found.Add(reader.GetString(0));
            return found;
        }
        catch (NpgsqlException failure)
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    public override async Task<List<string>> ExchangeAsync(string report, CancellationToken cancellation)
    {
        var table = $"{_shards[0].Schema}.basin_process";
        await using var command = _shards[0].Database.Leasing.CreateCommand(
            $"""
            WITH said AS (
                INSERT INTO {table} VALUES ($1, now(), $2) ON CONFLICT (process) DO UPDATE SET said_at = now(), report = excluded.report
            ), gone AS (
                DELETE FROM {table} WHERE said_at < now() - interval '1 hour'
            )
            SELECT report FROM {table} WHERE process <> $1 AND said_at > now() - interval '5 seconds'
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = _process });
        command.Parameters.Add(new NpgsqlParameter { Value = report });
        try
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            var others = new List<string>();
            while (await reader.ReadAsync(cancellation))
                others.Add(reader.GetString(0));
            return others;
        }
        catch (Exception failure) when (PostgresErrors.IsFailure(failure))
        {
            throw PostgresErrors.Translate(failure);
        }
    }

    public override void Dispose()
    {
        _feed.Dispose();
        foreach (var shard in _shards)
            shard.Dispose();
        foreach (var leasing in _leasing.Values)
            leasing.Dispose();
    }
}
