using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Storage;

/// <summary>Two systems of one data directory: what is sent is written on the left first and, when that is acknowledged, on the right.</summary>
internal sealed class TwoShards : IDisposable
{
    private static readonly Migration Passed = new("pair", 1, "0001_passed",
        "CREATE TABLE passed (sender INTEGER PRIMARY KEY, number INTEGER NOT NULL, id INTEGER NOT NULL) STRICT");

    private readonly SqliteShard _left;
    private readonly SqliteShard _right;

    public TwoShards(string data) => (_left, _right) = (Open(data, "left"), Open(data, "right"));

    public async Task SendAsync(int sender, int number)
    {
        await WriteAsync(_left, sender, number);
        await WriteAsync(_right, sender, number);
    }

    /// <summary>An id that was never stored, so that only the mark knows of it.</summary>
    public long NextId() => _left.Ids.Next();

    /// <summary>What each sender has sent and what has come, by sender.</summary>
    public async Task<IReadOnlyList<(long Sent, long Come)>> ReadAsync()
    {
        var (sent, come) = (await NumbersAsync(_left), await NumbersAsync(_right));
        return [.. sent.Select(one => (one.Value, come.GetValueOrDefault(one.Key)))];
    }

    /// <summary>Sends as fast as it can, by several senders at a time, while <paramref name="work"/> goes on.</summary>
    public async Task WhileSendingAsync(int senders, Func<Task> work)
    {
        using var end = new CancellationTokenSource();
        using var begun = new CountdownEvent(senders);
        var sending = Enumerable.Range(0, senders).Select(sender => Task.Run(async () =>
        {
            for (var number = 1; !end.IsCancellationRequested; number++)
            {
                await SendAsync(sender, number);
                if (number == 1)
                    begun.Signal();
            }
        })).ToList();
        try
        {
            await Task.Run(begun.Wait);
            await Task.Run(work);
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(sending);
        }
    }

    public void Dispose()
    {
        _left.Dispose();
        _right.Dispose();
    }

    private static SqliteShard Open(string data, string system) => SqliteShard.Open(
        new ShardPlace(system, 0, 1),
        [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), Passed],
        new StoreOptions { Directory = data, BackgroundPauseMilliseconds = 0 },
        new FakeClock(),
        NullLogger.Instance);

    private static Task<int> WriteAsync(SqliteShard shard, int sender, int number) => shard.WriteAsync(
        tx => tx.ExecuteAsync("INSERT OR REPLACE INTO passed (sender, number, id) VALUES ($1, $2, $3)", sender, number, shard.Ids.Next()),
        WritePriority.Request,
        CancellationToken.None);

    private static async Task<Dictionary<long, long>> NumbersAsync(SqliteShard shard)
    {
        var rows = await shard.ReadAsync(
            snapshot => snapshot.ListAsync("SELECT sender, number FROM passed", row => (Sender: row.Integer(0), Number: row.Integer(1))),
            CancellationToken.None);
        return rows.ToDictionary(row => row.Sender, row => row.Number);
    }
}
