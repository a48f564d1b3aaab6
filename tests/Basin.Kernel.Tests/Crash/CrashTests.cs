using System.Diagnostics;
using Basin.Kernel.Hosting;
using Basin.Testing;

namespace Basin.Kernel.Tests.Crash;

/// <summary>A real process that writes is killed at random moments; whatever it acknowledged is there, whole, and nothing half.</summary>
public sealed class CrashTests
{
    private const int Kills = 20;

    private sealed record Row(long Number, long Id);

    [Fact]
    public async Task Killing_the_process_loses_nothing_that_was_acknowledged()
    {
        using var directory = new TemporaryDirectory();
        var chance = new Randomness(20);
        var acknowledged = new Dictionary<long, long>();
        var lastId = 0L;
        for (var kill = 0; kill < Kills; kill++)
        {
            var lines = await RunAndKillAsync(directory.Path, 1 + chance.Next(2_000));
            foreach (var (number, id) in lines)
                Assert.True(acknowledged.TryAdd(number, id), $"Row {number} was acknowledged twice.");
            var smallest = lines.Min(line => line.Id);
            Assert.True(smallest > lastId, "An id of a process that was killed is made again.");
            lastId = lines.Max(line => line.Id);
        }
        await CheckAsync(directory.Path, acknowledged);
    }

    private static async Task<List<Row>> RunAndKillAsync(string directory, int after)
    {
        var program = Path.ChangeExtension(typeof(CrashTests).Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null);
        using var process = Process.Start(new ProcessStartInfo(program)
        {
            ArgumentList = { KilledWriter.Argument, directory },
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        var rows = new List<Row>();
        try
        {
            while (await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)) is { } line)
            {
                // The last line may be cut, then nobody has read the acknowledgement.
                if (line.Split(' ') is [var number, var id, "kept"])
                    rows.Add(new Row(long.Parse(number), long.Parse(id)));
                if (rows.Count == after)
                    process.Kill();
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
        Assert.True(rows.Count >= after, "The process ended by itself.");
        return rows;
    }

    private static async Task CheckAsync(string directory, Dictionary<long, long> acknowledged)
    {
        using var shard = KilledWriter.Open(directory);
        var rows = await shard.ReadAsync(
            snapshot => snapshot.ListAsync("SELECT number, key FROM effect", row => new Row(row.Integer(0), row.Integer(1))), CancellationToken.None);
        var kept = rows.ToDictionary(row => row.Number, row => row.Id);
        Assert.All(acknowledged, pair => Assert.Equal(pair.Value, kept[pair.Key]));
        Assert.All(kept, pair => Assert.Equal(pair.Value, kept[-pair.Key]));
        var events = await shard.Events.ReadAfterAsync(shard, 0, int.MaxValue, CancellationToken.None);
        Assert.Equal(rows.Where(row => row.Number > 0).Select(row => row.Id).Order(), events.Select(record => record.Key).Order());
        Assert.Equal("ok", (await shard.ReadAsync(
            snapshot => snapshot.FindAsync("PRAGMA integrity_check", row => row.Text(0)), CancellationToken.None))!);
    }
}
