using System.Security.Cryptography;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Moving;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Storage.Sqlite;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Basin.Kernel.Tests.Storage;

/// <summary>An installation of two small systems, one of them with two shards and more rows than a transaction of the move copies.</summary>
public sealed class MoveTests : IAsyncLifetime
{
    private const int Rows = 120_000;
    private const string Shards = "Basin:Store:Shards:walker";

    private readonly string _prefix = PostgresServer.NewPrefix();
    private TestHost _host = null!;
    private List<SystemDefinition> _systems = null!;
    private List<Effect> _heard = null!;

    private string Data => Path.Combine(_host.DataDirectory, "data");

    public async ValueTask InitializeAsync()
    {
        _host = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(), options: new TestHostOptions { Backend = Backend.Sqlite, Settings = { [Shards] = "2" } });
        _systems = [.. _host.Services.GetServices<SystemDefinition>()];
        var walker = _host.Get<Walker>();
        await walker.StepAsync(walker.NewThing(0), 1, 2, 3);
        await walker.StepAsync(walker.NewThing(1), 4);
        await walker.ScheduleAsync(walker.NewThing(1), 5, _host.Clock.GetUtcNow().AddHours(1));
        await _host.SettleAsync();
        _heard = await Effects.OfAsync(_host.StoreOf("listener"));
        await walker.Store.WriteAsync(
            ShardKey.ForShard(0),
            tx => tx.ExecuteAsync(
                """
                INSERT INTO effect (number, key, value, note)
                WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i * 3, -i, i % 7, 'é' || i FROM n
                """,
                Rows),
            CancellationToken.None);
        await _host.StopAsync();
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_host_goes_on_in_PostgreSQL_where_it_was_in_its_files()
    {
        var before = HashesOf(Data);

        Assert.True(Run().IsEqual);

        Assert.Equal(before, HashesOf(Data));
        await using var moved = await TestHost.StartAsync(builder => builder.AddWalkerAndListener(), options: InPostgres());
        Assert.Equal(_heard, await Effects.OfAsync(moved.StoreOf("listener")));
        var walker = moved.Get<Walker>();
        Assert.Equal([3L, 1L], walker.Store.Shards.Select(shard => shard.Events.LastSequence));
        var thing = walker.NewThing(1);
        await walker.StepAsync(thing, 6);
        await moved.SettleAsync();
        Assert.Equal([.. _heard, new Effect(thing.Value, 6, "stepped")], await Effects.OfAsync(moved.StoreOf("listener")));
        moved.Clock.Advance(TimeSpan.FromHours(2));
        await moved.SettleAsync();
        Assert.Equal(5, Assert.Single(walker.Called).Call.Value);
    }

    [Fact]
    public async Task An_id_made_after_a_move_is_above_those_made_before_it()
    {
        await _host.StartAgainAsync();
        var last = _host.Get<Walker>().NewThing(1);
        await _host.StopAsync();

        Run();

        await using var moved = await TestHost.StartAsync(
            builder => builder.AddWalkerAndListener(), options: InPostgres(new FakeClock(_host.Clock.GetUtcNow().AddDays(-1))));
        Assert.True(moved.Get<Walker>().NewThing(1).Value > last.Value);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_interrupted_again_and_again_goes_on_and_ends_equal(int seed)
    {
        var chance = new Randomness(seed);
        var before = new List<long>();
        for (var interruptions = 0; ; interruptions++)
        {
            using var interruption = new CancellationTokenSource();
            var reports = 1 + chance.Next(150);
            try
            {
                var report = Run(
                    progress =>
                    {
                        if (progress.Stage == MoveStage.Copying && before.Count == interruptions)
                            before.Add(progress.Overall.Before);
                        if (--reports == 0)
                            interruption.Cancel();
                    },
                    cancellation: interruption.Token);
                Assert.True(report.IsEqual);
                Assert.Equal(before.Order(), before);
                Assert.NotEqual(0, interruptions);
                return;
            }
            catch (OperationCanceledException)
            {
                if (before.Count == interruptions)
                    before.Add(before.LastOrDefault());
                Assert.True(interruptions < 100, "It never gets further.");
            }
        }
    }

    [Fact]
    public void A_connection_that_is_lost_in_a_table_loses_what_was_not_committed()
    {
        var begun = 0L;
        var lost = Assert.Throws<StoreUnavailableException>(() => Run(progress =>
        {
            if (progress is { Stage: MoveStage.Copying, What: "walker/0 effect", Done: > 60_000 })
                Execute($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = '{_prefix}walker_000.effect'::regclass");
        }));

        Assert.Equal(StoreUnavailableException.Reasons.Unreachable, lost.Reason);
        Assert.True(Run(progress => begun = progress.Stage == MoveStage.Copying ? progress.Overall.Before : begun).IsEqual);
        Assert.InRange(begun, 50_000, 60_000);
    }

    [Fact]
    public async Task No_host_starts_on_half_of_an_installation()
    {
        Interrupt();

        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TestHost.StartAsync(builder => builder.AddWalkerAndListener(), options: InPostgres()));

        Assert.StartsWith("A move into this database has not come to its end.", refusal.Message);
    }

    [Fact]
    public void What_was_interrupted_while_it_let_hosts_start_is_ended_by_the_next_run()
    {
        Interrupt();
        foreach (var shard in (string[])["listener_000", "walker_000", "walker_001"])
            Execute($"UPDATE {_prefix}{shard}.basin_move SET done = FALSE WHERE name = ''");
        Assert.Throws<OperationCanceledException>(() =>
        {
            using var cancellation = new CancellationTokenSource();
            Run(
                progress =>
                {
                    if (progress.Stage == MoveStage.Comparing)
                        cancellation.Cancel();
                },
                cancellation: cancellation.Token);
        });
        Execute($"UPDATE {_prefix}walker_001.basin_move SET done = TRUE WHERE name = ''");
        Execute($"DROP TABLE {_prefix}access_000.basin_move; DELETE FROM {_prefix}access_000.basin_schema WHERE owner = 'move'");

        Assert.True(Run().IsEqual);
        Assert.Equal("0", Execute($"SELECT count(*)::text FROM pg_tables WHERE tablename = 'basin_move' AND starts_with(schemaname, '{_prefix}')"));
    }

    [Theory]
    [InlineData("UPDATE @walker_000.effect SET note = 'x' WHERE number = 30000", "walker/0", "effect")]
    [InlineData("DELETE FROM @listener_000.effect WHERE value = 4", "listener/0", "effect")]
    [InlineData("INSERT INTO @listener_000.effect (key, value, note) VALUES (1, 1, '')", "listener/0", "effect")]
    [InlineData("UPDATE @listener_000.basin_checkpoint SET sequence = 2 WHERE source_shard = 0", "listener/0", "basin_checkpoint")]
    [InlineData("UPDATE @access_000.tenant SET name = 'x'", "access/0", "tenant")]
    public void What_differs_is_found_and_named(string change, string shard, string table)
    {
        Assert.True(Run().IsEqual);
        Assert.True(Compare().IsEqual);

        Execute(change.Replace("@", _prefix, StringComparison.Ordinal));

        var report = Compare();
        var different = Assert.Single(report.Tables, found => !found.IsEqual);
        Assert.Equal((shard, table), (different.Shard, different.Table));
        Assert.False(report.IsEqual);
    }

    [Fact]
    public void A_log_or_a_mark_that_differs_is_named()
    {
        Run();

        Execute($"UPDATE {_prefix}walker_000.basin_shard SET last_sequence = 2; UPDATE {_prefix}walker_001.basin_id_lease SET mark = 5");

        Assert.Collection(
            Compare().Differences,
            sentence => Assert.Equal("The events of walker/0 go up to 3 in the file and to 2 in PostgreSQL.", sentence),
            sentence => Assert.Matches("^New ids of walker/1 begin above [0-9]+ in the files and above 5 in PostgreSQL.$", sentence));
    }

    [Fact]
    public async Task A_log_of_which_nothing_is_left_begins_behind_what_was_applied()
    {
        ExecuteInFile("walker/000.db", "DELETE FROM basin_outbox");

        Assert.True(Run().IsEqual);

        await using var moved = await TestHost.StartAsync(builder => builder.AddWalkerAndListener(), options: InPostgres());
        Assert.Equal(3, moved.StoreOf("walker").Shards[0].Events.LastSequence);
    }

    [Fact]
    public void A_number_that_PostgreSQL_gives_next_is_above_those_that_are_there()
    {
        Run();

        Execute($"INSERT INTO {_prefix}walker_000.effect (key, value, note) VALUES (1, 1, '')");

        Assert.Equal($"{(3 * Rows) + 1}", Execute($"SELECT max(number)::text FROM {_prefix}walker_000.effect"));
    }

    [Fact]
    public void A_text_that_PostgreSQL_cannot_keep_is_named_with_its_table_and_row()
    {
        ExecuteInFile("walker/000.db", "UPDATE effect SET note = 'a' || char(0) || 'b' WHERE number = 60000");

        Assert.Equal(
            "PostgreSQL keeps no text with a zero byte, or that is not UTF-8, and table 'effect' of walker/0 has one in 'note' "
                + "of the row with number = 60000.",
            Refusal());
    }

    [Fact]
    public void Files_that_have_changed_since_a_part_was_copied_are_refused()
    {
        Interrupt();
        ExecuteInFile("listener/000.db", "UPDATE effect SET value = 99 WHERE value = 4");

        Assert.Matches("^The schema '.*' holds a part of other files, or the files have changed since that was copied.", Refusal());
    }

    [Fact]
    public void A_schema_that_has_tables_is_refused_and_stays_as_it_is()
    {
        Execute($"CREATE SCHEMA {_prefix}walker_001; CREATE TABLE {_prefix}walker_001.something (a INT)");

        Assert.StartsWith($"The schema '{_prefix}walker_001' has tables already", Refusal());
        Assert.Equal("1", Execute($"SELECT count(*)::text FROM pg_namespace WHERE starts_with(nspname, '{_prefix}')"));
    }

    [Fact]
    public void A_second_run_is_refused()
    {
        Run();

        Assert.StartsWith($"The schema '{_prefix}access_000' has tables already", Refusal());
    }

    [Fact]
    public void A_schema_of_a_shard_that_is_not_named_is_refused()
    {
        Execute($"CREATE SCHEMA {_prefix}walker_002");

        Assert.Equal($"The database 'postgres' has a schema '{_prefix}walker_002', of a shard that the settings do not name.", Refusal());
    }

    [Theory]
    [InlineData(1, "'.*/walker/001.db' belongs to no shard that this Basin would open.")]
    [InlineData(3, "'.*/walker/002.db' is not there: the settings name more shards than there are")]
    public void Another_number_of_shards_is_refused(int shards, string sentence) =>
        Assert.Matches($"^{sentence}", Refusal(Settings() with { Files = FilesWith(shards) }));

    [Fact]
    public void Files_of_an_older_Basin_are_refused()
    {
        ExecuteInFile("walker/001.db", "DELETE FROM basin_schema WHERE owner = 'walker'");

        Assert.Matches("^'.*/walker/001.db' is of an older Basin. Start this one on the data once", Refusal());
    }

    [Fact]
    public void Files_of_a_newer_Basin_are_refused()
    {
        ExecuteInFile("walker/001.db", "INSERT INTO basin_schema VALUES ('walker', 2, '0002_new', '', 0)");

        Assert.StartsWith(
            "The data was written by a newer Basin", Assert.Throws<InvalidOperationException>(() => Run()).Message);
    }

    [Fact]
    public void A_damaged_file_is_refused_before_anything_is_copied()
    {
        using (var file = new FileStream(Path.Combine(Data, "walker", "000.db"), FileMode.Open))
        {
            file.Position = file.Length / 2 / 4096 * 4096;
            file.Write(new byte[8192]);
        }

        Assert.Matches("/walker/000.db' is damaged: .* Restore it from a backup.$", Assert.ThrowsAny<Exception>(() => Run()).Message);
        Assert.Equal("0", Execute($"SELECT count(*)::text FROM pg_namespace WHERE starts_with(nspname, '{_prefix}')"));
    }

    [Fact]
    public async Task Files_that_a_host_is_running_on_are_refused_even_when_it_rests()
    {
        await _host.StartAgainAsync();

        Assert.Matches("^'.*/access/000.db' is in use. End the Basin that runs on it first", Refusal());
    }

    [Fact]
    public void Two_moves_into_the_same_schemas_do_not_meet()
    {
        using var other = new NpgsqlConnection(PostgresServer.ConnectionString);
        other.Open();
        using var command = new NpgsqlCommand($"SELECT pg_advisory_lock(hashtextextended('basin move {_prefix}', 0))", other);
        command.ExecuteNonQuery();

        Assert.Equal("Another move into the same schemas is under way.", Refusal());
    }

    [Fact]
    public void A_database_that_cannot_be_reached_is_named() => Assert.StartsWith(
        "The database 'nowhere' on '127.0.0.1' cannot be reached: ",
        Refusal(Settings("Host=127.0.0.1;Port=1;Username=basin;Database=nowhere;Timeout=5")));

    [Fact]
    public void Who_may_not_create_schemas_is_told_so()
    {
        Execute($"CREATE ROLE {_prefix}guest LOGIN");

        Assert.Equal(
            $"'{_prefix}guest' may not create schemas in the database 'postgres': GRANT CREATE ON DATABASE would let it.",
            Refusal(Settings($"{PostgresServer.ConnectionString};Username={_prefix}guest")));
    }

    private void Interrupt()
    {
        using var interruption = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Run(
            progress =>
            {
                if (progress is { Stage: MoveStage.Copying, What: "walker/0 effect", Done: > 60_000 })
                    interruption.Cancel();
            },
            cancellation: interruption.Token));
    }

    private string Refusal(MoveSettings? settings = null) => Assert.Throws<MoveException>(() => Run(settings: settings)).Message;

    private MoveReport Run(Action<MoveProgress>? watch = null, MoveSettings? settings = null, CancellationToken cancellation = default)
    {
        using var move = Move.Begin(_systems, settings ?? Settings(), new Watch(watch), cancellation);
        return move.Run();
    }

    private MoveReport Compare()
    {
        using var move = Move.Begin(_systems, Settings(), new Watch(null), CancellationToken.None);
        return move.Compare();
    }

    private MoveSettings Settings(string? connection = null) => new(
        FilesWith(2), new PostgresOptions { ConnectionString = connection ?? PostgresServer.ConnectionString, SchemaPrefix = _prefix }, _host.Time);

    private StoreOptions FilesWith(int shards) => new() { Directory = Data, Shards = { ["walker"] = shards } };

    private TestHostOptions InPostgres(FakeClock? clock = null) => new()
    {
        Backend = Backend.Postgres,
        Clock = clock ?? _host.Clock,
        Settings = { [Shards] = "2", ["Basin:Postgres:SchemaPrefix"] = _prefix },
    };

    private static string Execute(string sql)
    {
        using var connection = new NpgsqlConnection(PostgresServer.ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar() as string ?? "";
    }

    private void ExecuteInFile(string file, string sql)
    {
        using var connection = SqliteConnection.OpenPlain(Path.Combine(Data, file));
        connection.Run(sql);
    }

    private static SortedDictionary<string, string> HashesOf(string directory) => new(
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories)
            .ToDictionary(path => path, path => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)))),
        StringComparer.Ordinal);

    private sealed class Watch(Action<MoveProgress>? watch) : IProgress<MoveProgress>
    {
        public void Report(MoveProgress value) => watch?.Invoke(value);
    }
}
