using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>The commands as people type them, beside a host that takes orders all the time.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    private const int Backups = 3;
    private const int Customers = 6;
    private const int OrdersBetweenBackups = 40;
    private const int Quantity = 2;
    private const long OnHand = 1_000_000;

    private static readonly string[] Settings =
    [
        "--Basin:Shipping:DispatchAfter=00:00:00", "--Basin:Shipping:DeliverAfter=00:00:00", "--Basin:Notifications:Email=false",
        "--Basin:Payments:FirstWait=00:00:00.1", "--Basin:Store:Shards:orders=2", "--Basin:Store:Shards:payments=2",
    ];

    private static readonly string[] Tokens = ["tok_visa", "tok_visa", "tok_visa", "tok_unknown", "tok_timeout", "tok_chargeDeclined"];
    private static readonly string[] PostalCodes = ["10115", "10115", "10115", "00000"];

    private readonly TemporaryDirectory _place = new();
    private readonly ConcurrentDictionary<int, string> _acknowledged = new();
    private readonly SemaphoreSlim _acknowledgement = new(0);
    private int _asked;

    private string Data => _place.File("data");

    public void Dispose()
    {
        _acknowledgement.Dispose();
        _place.Dispose();
    }

    [Fact]
    public async Task Every_backup_of_a_host_under_load_is_whole_and_goes_on_by_itself()
    {
        var before = new List<Dictionary<int, string>>();
        await using (var host = await HostProcess.StartAsync(new Surroundings { Data = Data, Backend = Backend.Sqlite }, Settings))
        {
            var client = host.ClientOf();
            await client.StockAsync(OnHand);
            using var end = new CancellationTokenSource();
            var customers = Enumerable.Range(0, Customers).Select(_ => ShopAsync(client, end.Token)).ToList();
            for (var i = 0; i < Backups; i++)
            {
                await AcknowledgedAsync(OrdersBetweenBackups);
                before.Add(new Dictionary<int, string>(_acknowledged));
                output.WriteLine(await BackUpAsync(_place.File($"backup{i}")));
            }
            await end.CancelAsync();
            await Task.WhenAll(customers);
            await Books.AssertAgreeAsync(client, await client.AllFinalAsync(), OnHand, Quantity);
        }
        for (var i = 0; i < Backups; i++)
            await AssertGoesOnAsync(_place.File($"backup{i}"), _place.File($"restored{i}"), before[i]);
    }

    /// <param name="before">Orders that were acknowledged before the backup began.</param>
    private async Task AssertGoesOnAsync(string backup, string data, Dictionary<int, string> before)
    {
        await SucceedAsync("restore", "--from", backup, "--data", data);
        await using var host = await HostProcess.StartAsync(new Surroundings { Data = data, Backend = Backend.Sqlite }, Settings);
        var client = host.ClientOf();
        var there = (await client.AllFinalAsync()).ConvertAll(order => order.Text("id"));
        output.WriteLine($"{before.Count} orders before the backup, {there.Count} in it, {_acknowledged.Count} in all");
        Assert.Subset(there.ToHashSet(), before.Values.ToHashSet());
        Assert.Subset(_acknowledged.Values.ToHashSet(), there.ToHashSet());
        Assert.Equal(there.Distinct(), there);

        // Whoever asks again under the same key gets the order that is there, or a new one in the place of one that is lost.
        await Parallel.ForEachAsync(_acknowledged, async (asked, _) =>
            Assert.Equal(there.Contains(asked.Value), asked.Value == await PlaceAsync(client, asked.Key)));
        var orders = await client.AllFinalAsync();
        Assert.Equal(_acknowledged.Count, orders.Count);
        await Books.AssertAgreeAsync(client, orders, OnHand, Quantity);
        var dead = (await client.GetFromJsonAsync<JsonNode>("/v1/dead-letters"))!;
        Assert.Empty(dead["items"]!.AsArray());
    }

    [Fact]
    public async Task A_backup_that_is_killed_leaves_nothing_that_looks_complete()
    {
        await MakeDataAsync();
        var (target, restored) = (_place.File("backup"), _place.File("restored"));
        var lines = (await BackUpAsync(target)).Split('\n').Length;
        var inTheMiddle = 0;
        for (var line = 1; line < lines; line++)
        {
            Directory.Delete(target, recursive: true);
            await KillAfterAsync(line, "backup", "--data", Data, "--to", target);
            // It may have been too fast; then all of it is there.
            if (Directory.Exists(target))
            {
                await SucceedAsync("restore", "--from", target, "--data", restored);
                Directory.Delete(restored, recursive: true);
                continue;
            }
            inTheMiddle++;
            // The manifest comes last, and half of one is none.
            var (code, _, _) = await HostProcess.RunAsync("restore", "--from", target + ".partial", "--data", restored);
            Assert.True(code == 1 || File.Exists(target + ".partial/manifest.json"));
            if (code == 0)
                Directory.Delete(restored, recursive: true);
            await BackUpAsync(target);
            Assert.Equal([target, Data], Directory.GetDirectories(_place.Path).Order());
        }
        output.WriteLine($"{inTheMiddle} of {lines - 1} were killed in the middle.");
        Assert.NotEqual(0, inTheMiddle);
    }

    [Fact]
    public async Task A_restore_that_is_killed_leaves_nothing_that_a_host_starts_on()
    {
        await MakeDataAsync();
        var (target, restored) = (_place.File("backup"), _place.File("restored"));
        await BackUpAsync(target);

        for (var line = 1; !Directory.Exists(restored + ".partial"); line++)
        {
            await KillAfterAsync(line, "restore", "--from", target, "--data", restored);
            Assert.True(line < 100, "It is never killed in the middle.");
            if (Directory.Exists(restored))
                Directory.Delete(restored, recursive: true);
        }

        Assert.False(Directory.Exists(restored));
        await SucceedAsync("restore", "--from", target, "--data", restored);
        Assert.False(Directory.Exists(restored + ".partial"));
        await using var host = await HostProcess.StartAsync(new Surroundings { Data = restored, Backend = Backend.Sqlite }, Settings);
        Assert.Single(await host.ClientOf().ListAsync("/v1/products?limit=10"));
    }

    [Fact]
    public async Task A_disk_that_is_full_is_named_and_nothing_is_left_on_it()
    {
        if (!SmallDisk.IsPermitted)
            return;
        await MakeDataAsync();
        await BackUpAsync(_place.File("backup"));
        var small = Directory.CreateDirectory(_place.File("small")).FullName;

        var backup = await HostProcess.RunAsync(SmallDisk.At(small, "200k"), "backup", "--data", Data, "--to", $"{small}/backup");
        var restore = await HostProcess.RunAsync(SmallDisk.At(small, "200k"), "restore", "--from", _place.File("backup"), "--data", $"{small}/data");

        Assert.Matches(@"^Basin cannot back up: There is no room left for '.*small/backup\.partial/.*\.db'\.\s+$", backup.Error);
        Assert.Matches(@"^Basin cannot restore: No space left on device : '.*small/data\.partial/.*'\s+$", restore.Error);
        Assert.Equal((1, 1), (backup.Code, restore.Code));
        Assert.EndsWith("left:", backup.Output.TrimEnd());
        Assert.EndsWith("left:", restore.Output.TrimEnd());
    }

    [Fact]
    public async Task A_host_that_runs_is_not_restored_over()
    {
        await using var host = await HostProcess.StartAsync(new Surroundings { Data = Data, Backend = Backend.Sqlite }, Settings);
        await BackUpAsync(_place.File("backup"));

        var (code, _, error) = await HostProcess.RunAsync("restore", "--from", _place.File("backup"), "--data", Data);

        Assert.Equal((1, $"Basin cannot restore: '{Data}' exists and is not empty."), (code, error.TrimEnd()));
    }

    [Theory]
    [InlineData(2, "Option '--to' is missing.", "backup", "--data=x")]
    [InlineData(2, "Unknown option 'bakcup'", "bakcup", "--data=x")]
    [InlineData(1, "Basin cannot back up: There is no directory '/nowhere/data'.", "backup", "--data=/nowhere/data", "--to=/nowhere/backup")]
    [InlineData(1, "Basin cannot restore: There is no directory '/nowhere/backup'.", "restore", "--from=/nowhere/backup", "--data=/nowhere/data")]
    public async Task A_mistake_is_one_line(int code, string sentence, params string[] line)
    {
        var (ended, printed, error) = await HostProcess.RunAsync(line);

        Assert.Equal(code, ended);
        Assert.StartsWith(sentence, error);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(printed);
    }

    private async Task MakeDataAsync()
    {
        await using var host = await HostProcess.StartAsync(new Surroundings { Data = Data, Backend = Backend.Sqlite }, Settings);
        await host.ClientOf().StockAsync(OnHand);
        await PlaceAsync(host.ClientOf(), Interlocked.Increment(ref _asked));
        await host.ClientOf().AllFinalAsync();
        Assert.Equal(0, await host.TerminateAsync());
    }

    private Task<string> BackUpAsync(string target) => SucceedAsync("backup", "--data", Data, "--to", target);

    private static async Task<string> SucceedAsync(params string[] line)
    {
        var (code, printed, error) = await HostProcess.RunAsync(line);
        Assert.True(code == 0, error);
        Assert.Empty(error);
        return printed.TrimEnd();
    }

    /// <summary>SIGKILL, once so many lines are printed.</summary>
    private static async Task KillAfterAsync(int lines, params string[] line)
    {
        using var process = HostProcess.Spawn(line);
        for (var i = 0; i < lines; i++)
            await process.StandardOutput.ReadLineAsync();
        process.Kill();
        await process.WaitForExitAsync();
    }

    private async Task ShopAsync(HttpClient client, CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            var number = Interlocked.Increment(ref _asked);
            _acknowledged[number] = await PlaceAsync(client, number);
            _acknowledgement.Release();
        }
    }

    private async Task AcknowledgedAsync(int orders)
    {
        for (var i = 0; i < orders; i++)
            Assert.True(await _acknowledgement.WaitAsync(TimeSpan.FromSeconds(60)), "The host answers.");
    }

    private static async Task<string> PlaceAsync(HttpClient client, int number)
    {
        var (token, postalCode) = (Tokens[number % Tokens.Length], PostalCodes[number % PostalCodes.Length]);
        using var answer = await client.OrderAsync(number, Quantity, token, postalCode);
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True((int)answer.StatusCode == 201, body!.ToJsonString());
        return body.Text("id");
    }
}
