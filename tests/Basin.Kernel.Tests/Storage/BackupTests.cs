using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Basin.Kernel.Storage.Backups;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;

namespace Basin.Kernel.Tests.Storage;

public sealed class BackupTests : IDisposable
{
    private const int Senders = 4;
    private const int Cuts = 200;
    private const string Left = "left/000.db";
    private const string Right = "right/000.db";

    private static readonly CutPatience OneTry = new(TimeSpan.Zero, 1, TimeSpan.Zero);

    private readonly TemporaryDirectory _place = new();
    private readonly Watcher _watcher = new();

    private string Data => _place.File("data");

    private string Target => _place.File("backup");

    private string Restored => _place.File("restored");

    public BackupTests() => Directory.CreateDirectory(Data);

    public void Dispose() => _place.Dispose();

    /// <summary>The sender flushes nothing and never sleeps, so that it passes many numbers on while a cut without locks would be taken.</summary>
    [Fact]
    public async Task A_cut_shows_one_moment_of_all_shards_while_others_write()
    {
        using (var shards = new TwoShards(Data))
            await shards.SendAsync(1, 0);
        using var end = new CancellationTokenSource();
        var number = 0L;
        var sending = Task.Run(() =>
        {
            using SqliteConnection left = OpenFast(Left), right = OpenFast(Right);
            while (!end.IsCancellationRequested)
            {
                Interlocked.Increment(ref number);
                Count(left);
                Count(right);
            }
        });

        var seen = 0L;
        for (var i = 0; i < Cuts; i++)
        {
            var goesOn = SpinWait.SpinUntil(() => Interlocked.Read(ref number) > seen + 1, TimeSpan.FromSeconds(20));
            Assert.True(goesOn, "The sender goes on after a cut.");
            using var cut = Cut();
            var (sent, come) = (NumberIn(cut.Sources[0]), NumberIn(cut.Sources[1]));
            Assert.InRange(sent - come, 0, 1);
            seen = sent;
        }

        await end.CancelAsync();
        await sending;
    }

    [Fact]
    public async Task A_backup_under_load_is_restored_as_it_was_at_one_moment()
    {
        using var shards = new TwoShards(Data);
        await shards.WhileSendingAsync(Senders, async () =>
        {
            for (var i = 0; i < 5; i++)
            {
                var before = await shards.ReadAsync();
                BackUp(_place.File($"backup{i}"));
                var after = await shards.ReadAsync();
                Restore(_place.File($"backup{i}"), _place.File($"restored{i}"));

                using var again = new TwoShards(_place.File($"restored{i}"));
                var restored = await again.ReadAsync();
                Assert.All(restored, one => Assert.InRange(one.Sent - one.Come, 0, 1));
                Assert.All(restored.Zip(before), pair => Assert.True(pair.First.Come >= pair.Second.Come));
                Assert.All(restored.Zip(after), pair => Assert.True(pair.First.Sent <= pair.Second.Sent));
            }
        });
    }

    [Fact]
    public async Task Ids_go_on_above_those_that_were_made_before_the_backup()
    {
        using var shards = new TwoShards(Data);
        await shards.SendAsync(1, 1);
        var last = shards.NextId();

        BackUp(Target);
        Restore(Target, Restored);

        using var again = new TwoShards(Restored);
        Assert.True(again.NextId() > last, "The clock stands still, so only the mark keeps them apart.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_source_stays_as_it_is_whether_its_host_has_ended_or_crashed(bool crashed)
    {
        using (var shards = new TwoShards(Data))
            await shards.SendAsync(1, 1);
        if (crashed)
            LeaveLog(Path.Combine(Data, Left));
        var before = FilesIn(Data);
        Assert.Equal(crashed, before.ContainsKey(Left + "-wal"));

        BackUp(Target);

        // The index of a log is made anew by whoever opens it first.
        Assert.Equal(before.Where(IsNoIndex), FilesIn(Data).Where(IsNoIndex));
        Restore(Target, Restored);
        using var connection = SqliteConnection.OpenPlain(Path.Combine(Restored, Left));
        Assert.Equal(crashed ? 2 : 1, connection.Number("SELECT COUNT(*) FROM passed", []));
    }

    [Fact]
    public async Task The_manifest_names_every_file_with_its_hash_and_the_rows_of_each_table()
    {
        await BackUpSomethingAsync();

        var manifest = JsonNode.Parse(await File.ReadAllTextAsync(ManifestPath))!;

        var named = manifest["files"]!.AsArray().ToDictionary(file => file!["path"]!.GetValue<string>(), file => file!["sha256"]!.GetValue<string>());
        var there = FilesIn(Target);
        Assert.Equal(there.Keys.Where(path => path != BackupManifest.Name).Order(), named.Keys.Order());
        Assert.All(named, file => Assert.Equal(there[file.Key], file.Value));
        Assert.Equal(["keys/key.xml", Left, "left/000.mark", Right, "right/000.mark"], named.Keys);
        Assert.Equal(1, manifest["files"]![1]!["rows"]!["passed"]!.GetValue<long>());
    }

    [Fact]
    public async Task Only_its_user_reads_what_was_copied()
    {
        if (OperatingSystem.IsWindows())
            return;
        await BackUpSomethingAsync();
        Restore(Target, Restored);

        string[] tops = [Target, Restored];
        foreach (var path in tops.SelectMany(top => Directory.GetFileSystemEntries(top, "*", SearchOption.AllDirectories)).Concat(tops))
        {
            var others = File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            Assert.True(others == UnixFileMode.None, $"{path}: {others}");
        }
    }

    [Fact]
    public async Task What_is_on_its_way_is_not_copied()
    {
        using (var shards = new TwoShards(Data))
            await shards.SendAsync(1, 1);
        foreach (var name in new[] { "mail/.draft/one.eml", "mail/two.eml", "keys/three.tmp", "lost+found/four" })
            WriteFile(Path.Combine(Data, name));

        BackUp(Target);

        Assert.Equal(["left/000.db", "left/000.mark", "mail/two.eml", "manifest.json", "right/000.db", "right/000.mark"], FilesIn(Target).Keys);
    }

    [Fact]
    public async Task A_changed_byte_is_found()
    {
        await BackUpSomethingAsync();
        Damage(Path.Combine(Target, Left));

        AssertRefusedRestore("has changed since it was made");
    }

    [Fact]
    public async Task A_missing_file_is_found()
    {
        await BackUpSomethingAsync();
        File.Delete(Path.Combine(Target, "left/000.mark"));

        AssertRefusedRestore("left/000.mark' is missing");
    }

    [Fact]
    public async Task A_file_that_is_cut_short_is_found()
    {
        await BackUpSomethingAsync();
        using (var file = File.OpenWrite(Path.Combine(Target, Right)))
            file.SetLength(file.Length - 4096);

        AssertRefusedRestore("the manifest says");
    }

    [Theory]
    [InlineData("other/000.db")]
    [InlineData("left/000.db-wal")]
    [InlineData(".hidden")]
    public async Task A_file_that_is_not_named_is_found(string name)
    {
        await BackUpSomethingAsync();
        WriteFile(Path.Combine(Target, name));

        AssertRefusedRestore($"holds '{name}', which its manifest does not name");
    }

    [Fact]
    public async Task A_link_is_no_copy()
    {
        await BackUpSomethingAsync();
        File.Move(Path.Combine(Target, "keys/key.xml"), _place.File("key.xml"));
        File.CreateSymbolicLink(Path.Combine(Target, "keys/key.xml"), _place.File("key.xml"));

        AssertRefusedRestore("is a link");
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("keys/../../outside")]
    [InlineData("/outside")]
    [InlineData("keys//outside")]
    [InlineData("./outside")]
    [InlineData("..\\outside")]
    [InlineData("C:outside")]
    [InlineData("manifest.json")]
    [InlineData("")]
    public async Task A_path_that_leaves_the_directory_is_refused(string path)
    {
        await BackUpSomethingAsync();
        EditManifest(manifest => manifest["files"]![0]!["path"] = path);

        AssertRefusedRestore($"names '{path}', which is no path below the backup");
    }

    [Fact]
    public async Task A_file_that_is_named_twice_is_refused()
    {
        await BackUpSomethingAsync();
        EditManifest(manifest => manifest["files"]![0]!["path"] = "LEFT/000.db");

        AssertRefusedRestore("twice");
    }

    [Fact]
    public async Task A_newer_format_is_refused_whatever_else_it_has()
    {
        await BackUpSomethingAsync();
        EditManifest(manifest => (manifest["format"], manifest["compression"]) = (2, "zstd"));

        AssertRefusedRestore("has format 2, of a newer Basin");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{ "format": "1" }""")]
    [InlineData("""{ "format": 1, "basin": "", "at": "2026-01-01T00:00:00Z", "files": null }""")]
    [InlineData("""{ "format": 1, "basin": "", "at": "2026-01-01T00:00:00Z", "files": [], "more": 1 }""")]
    public async Task A_manifest_that_makes_no_sense_is_refused(string json)
    {
        await BackUpSomethingAsync();
        await File.WriteAllTextAsync(ManifestPath, json);

        AssertRefusedRestore("manifest.json' is damaged");
    }

    [Fact]
    public void A_directory_without_a_manifest_is_no_backup()
    {
        WriteFile(Path.Combine(Target, "something"));

        AssertRefusedRestore("is not a complete backup");
    }

    [Fact]
    public async Task Damage_that_the_hashes_do_not_know_of_is_found()
    {
        await BackUpSomethingAsync();
        var path = Path.Combine(Target, Left);
        Damage(path);
        EditManifest(manifest => manifest["files"]![1]!["sha256"] = HashOf(path));

        AssertRefusedRestore("left/000.db' is damaged");
    }

    [Fact]
    public async Task A_damaged_source_makes_no_backup()
    {
        using (var shards = new TwoShards(Data))
            await shards.SendAsync(1, 1);
        Damage(Path.Combine(Data, Right));

        Assert.Contains("right/000.db' is damaged", AssertRefusedBackup().Message);
    }

    [Fact]
    public void A_database_without_a_log_is_none_of_Basin()
    {
        Directory.CreateDirectory(Path.Combine(Data, "left"));
        File.Create(Path.Combine(Data, Left)).Dispose();

        Assert.Contains("is not a database of Basin", AssertRefusedBackup().Message);
    }

    [Fact]
    public void A_directory_without_a_database_is_refused() => Assert.Contains("holds no database of Basin", AssertRefusedBackup().Message);

    [Fact]
    public async Task An_empty_place_is_taken_and_any_other_refused()
    {
        await BackUpSomethingAsync(() => Directory.CreateDirectory(Target));
        Directory.CreateDirectory(Restored);
        Restore(Target, Restored);

        Assert.Contains("exists and is not empty", Assert.Throws<BackupException>(() => BackUp(Target)).Message);
        Assert.Contains("exists and is not empty", Assert.Throws<BackupException>(() => Restore(Target, Restored)).Message);
        Assert.Contains("exists and is not empty", Assert.Throws<BackupException>(() => Restore(Target, Data)).Message);
        Assert.Contains("is a file", Assert.Throws<BackupException>(() => BackUp(ManifestPath)).Message);
        Assert.Contains("There is no directory", Assert.Throws<BackupException>(() => BackUp(_place.File("not/there"))).Message);
    }

    [Fact]
    public async Task Neither_directory_is_in_the_other()
    {
        await BackUpSomethingAsync();

        Assert.Throws<BackupException>(() => BackUp(Path.Combine(Data, "backup")));
        Assert.Throws<BackupException>(() => BackUp(Data));
        Assert.Throws<BackupException>(() => Restore(Target, Path.Combine(Target, "data")));
        Assert.Throws<BackupException>(() => Restore(Target, _place.Path));
    }

    [Fact]
    public async Task What_an_interrupted_backup_has_left_is_taken_over()
    {
        WriteFile(Path.Combine(Target + ".partial", "left/000.db"));
        WriteFile(Path.Combine(Target + ".partial", "manifest.json"));
        WriteFile(Path.Combine(Target + ".partial", "old/000.db"));
        WriteFile(Path.Combine(Target + ".partial", ".lock"));

        await BackUpSomethingAsync();

        Assert.False(Directory.Exists(Target + ".partial"));
        Assert.Equal(["keys/key.xml", Left, "left/000.mark", "manifest.json", Right, "right/000.mark"], FilesIn(Target).Keys);
    }

    [Fact]
    public async Task Two_backups_to_one_place_do_not_mix()
    {
        var refusals = new List<string>();
        _watcher.On = _ =>
        {
            _watcher.On = null;
            refusals.Add(Assert.Throws<BackupException>(() => BackUp(Target)).Message);
        };

        await BackUpSomethingAsync();

        Assert.Contains("Somebody else is filling", Assert.Single(refusals));
        Restore(Target, Restored);
    }

    [Theory]
    [InlineData(CopyStage.Copying)]
    [InlineData(CopyStage.Checking)]
    public async Task An_interruption_leaves_nothing(CopyStage stage)
    {
        await BackUpSomethingAsync();
        using var ending = new CancellationTokenSource();
        _watcher.On = copy =>
        {
            if (copy.Stage == stage)
                ending.Cancel();
        };

        Assert.Throws<OperationCanceledException>(() => new Backup(new FakeClock(), _watcher).Run(Data, _place.File("second"), ending.Token));
        Assert.Throws<OperationCanceledException>(() => new Restore(_watcher).Run(Target, Restored, ending.Token));

        Assert.Equal(["backup", "data"], Directory.GetFileSystemEntries(_place.Path).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public async Task Writers_that_never_rest_make_the_backup_fail_and_not_themselves()
    {
        using var shards = new TwoShards(Data);
        await shards.SendAsync(1, 1);
        using (var busy = SqliteConnection.OpenPlain(Path.Combine(Data, Right)))
        {
            busy.Run("BEGIN IMMEDIATE");

            Assert.Contains("never all at rest", AssertRefusedBackup(OneTry).Message);
        }

        await shards.SendAsync(1, 2);
        BackUp(Target);
    }

    [Fact]
    public async Task A_shard_that_appears_meanwhile_is_in_the_cut()
    {
        using var shards = new TwoShards(Data);
        await shards.SendAsync(1, 1);
        var lists = new Queue<string[]>([[Left], [Left, Right], [Left, Right], [Left, Right]]);

        using var cut = SqliteCut.Take(
            () => [.. lists.Dequeue().Select(path => Path.Combine(Data, path))], OneTry with { Tries = 2 }, new FakeClock(), CancellationToken.None);

        Assert.Equal(2, cut.Sources.Count);
        Assert.Empty(lists);
    }

    private string ManifestPath => Path.Combine(Target, BackupManifest.Name);

    private async Task BackUpSomethingAsync(Action? before = null)
    {
        using (var shards = new TwoShards(Data))
            await shards.SendAsync(1, 1);
        WriteFile(Path.Combine(Data, "keys/key.xml"));
        before?.Invoke();
        BackUp(Target);
    }

    private CopyReport BackUp(string target) => new Backup(new FakeClock(), _watcher).Run(Data, target, CancellationToken.None);

    private CopyReport Restore(string source, string data) => new Restore(_watcher).Run(source, data, CancellationToken.None);

    private SqliteCut Cut() =>
        SqliteCut.Take(() => [Path.Combine(Data, Left), Path.Combine(Data, Right)], CutPatience.Default, new FakeClock(), CancellationToken.None);

    private BackupException AssertRefusedBackup(CutPatience? patience = null)
    {
        var backup = new Backup(new FakeClock(), _watcher) { Patience = patience ?? CutPatience.Default };
        var refusal = Assert.Throws<BackupException>(() => backup.Run(Data, Target, CancellationToken.None));
        Assert.False(Directory.Exists(Target) || Directory.Exists(Target + ".partial"));
        return refusal;
    }

    private void AssertRefusedRestore(string why)
    {
        Assert.Contains(why, Assert.Throws<BackupException>(() => Restore(Target, Restored)).Message);
        Assert.False(Directory.Exists(Restored) || Directory.Exists(Restored + ".partial"));
    }

    private void EditManifest(Action<JsonNode> edit)
    {
        var manifest = JsonNode.Parse(File.ReadAllText(ManifestPath))!;
        edit(manifest);
        File.WriteAllText(ManifestPath, manifest.ToJsonString());
    }

    private static long NumberIn(SqliteSource source) => source.Snapshot.Number("SELECT number FROM passed", [])!.Value;

    private SqliteConnection OpenFast(string path)
    {
        var connection = SqliteConnection.OpenPlain(Path.Combine(Data, path));
        connection.Run("PRAGMA synchronous = OFF");
        return connection;
    }

    /// <summary>Never sleeps while it is locked out.</summary>
    private static void Count(SqliteConnection connection)
    {
        int code;
        do
        {
            code = SqliteNative.Execute(connection.Handle, "UPDATE passed SET number = number + 1", callback: 0, argument: 0, error: 0);
        }
        while ((code & SqliteNative.PrimaryCode) == SqliteNative.Busy);
        connection.Check(code);
    }

    /// <summary>Commits one more row and closes as a crash does.</summary>
    private static void LeaveLog(string path)
    {
        using var connection = SqliteConnection.OpenPlain(path);
        connection.Check(SqliteNative.ConfigureConnection(connection.Handle, SqliteNative.ConfigKeepLogOnClose, 1, inForce: 0));
        connection.Run("INSERT INTO passed (sender, number, id) VALUES (2, 1, 1)");
    }

    /// <summary>Overwrites every page but the first, which says that it is a database.</summary>
    private static void Damage(string path)
    {
        using var file = File.OpenWrite(path);
        file.Position = 4096;
        file.Write(new byte[file.Length - 4096]);
    }

    private static void WriteFile(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "x");
    }

    private static bool IsNoIndex(KeyValuePair<string, string> file) => !file.Key.EndsWith("-shm", StringComparison.Ordinal);

    /// <summary>The hash of each file, by its path.</summary>
    private static SortedDictionary<string, string> FilesIn(string directory) => new(
        Directory.GetFiles(directory, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(directory, path), HashOf),
        StringComparer.Ordinal);

    private static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    private sealed class Watcher : IProgress<CopyProgress>
    {
        public Action<CopyProgress>? On { get; set; }

        public void Report(CopyProgress value) => On?.Invoke(value);
    }
}
