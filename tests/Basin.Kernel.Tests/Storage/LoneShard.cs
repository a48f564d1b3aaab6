using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Storage;

/// <summary>A shard of the walker without a host, in a directory of its own.</summary>
internal sealed class LoneShard : IDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly FakeClock _clock = new();
    private SqliteShard _shard;

    public LoneShard() => _shard = Open();

    public Shard Shard => _shard;

    public void Reopen()
    {
        _shard.Dispose();
        _shard = Open();
    }

    public Task<int> WriteAsync(Func<Transaction, ValueTask<int>> work) => _shard.WriteAsync(work, WritePriority.Request, CancellationToken.None);

    public Task<List<T>> ListAsync<T>(string sql, RowMap<T> map) =>
        _shard.ReadAsync(snapshot => snapshot.ListAsync(sql, map), CancellationToken.None).AsTask();

    /// <summary>One effect and one event.</summary>
    public static async ValueTask<int> StepAsync(Transaction tx, int value)
    {
        await tx.PublishAsync(Walker.Tenant, new Stepped(new Id<Thing>(1), value));
        await Effects.AddAsync(tx, 1, value, "stepped");
        return value;
    }

    /// <summary>The effects and the events, in memory and on the disk.</summary>
    public async Task AssertKeptAsync(params IEnumerable<int> values)
    {
        Assert.Equal(values, await ListAsync("SELECT value FROM effect ORDER BY number", row => row.Int(0)));
        Assert.Equal(values, await ListAsync(
            "SELECT e.value ->> '$[6].Value' FROM basin_outbox, json_each(events) AS e ORDER BY last_sequence, e.id", row => row.Int(0)));
        Assert.Equal(values.Any(), _shard.Events.LastSequence > 0);
    }

    public void Dispose()
    {
        _shard.Dispose();
        _data.Dispose();
    }

    private SqliteShard Open() => SqliteShard.Open(
        new ShardPlace("walker", 0, 1),
        [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. Migration.In(typeof(Walker).Assembly, "walker")],
        new StoreOptions { Directory = _data.Path, BackgroundPauseMilliseconds = 0 },
        _clock,
        NullLogger.Instance);
}
