using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>Keeps up with the other processes: looks for what they have committed, and renews what this one holds.</summary>
internal sealed class PostgresFeed(IReadOnlyList<PostgresShard> shards, EventCarrier carrier, PostgresOptions options, TimeProvider time, Randomness chance, ILogger log)
    : IDisposable
{
    /// <summary>How often a process looks for itself at what a broker brings.</summary>
    private static readonly TimeSpan LookAnyway = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.WhenAll([
        RepeatAsync(IdLease.RenewPeriod, RenewIdsAsync),
        RepeatAsync(options.Lease, WishAsync),
        .. shards.GroupBy(shard => shard.Server).Select(Renew),
        .. shards.GroupBy(shard => shard.Server).Select(Follow),
    ]);

    /// <summary>
    /// Asks one database for the state of the shards in it, all at once. Of what this process owns it hears from nobody else; the rest a broker brings, if
    /// there is one.
    /// </summary>
    private Task Follow(IEnumerable<PostgresShard> group)
    {
        var all = group.ToList();
        var lookedAtAll = time.GetTimestamp() - time.TimestampFrequency;
        return RepeatAsync(options.PollInterval, async cancellation =>
        {
            var followed = all;
            if (carrier.IsUp && time.GetElapsedTime(lookedAtAll) < LookAnyway)
                followed = all.FindAll(shard => shard.Ownership.IsMine);
            else
                lookedAtAll = time.GetTimestamp();
            if (followed.Count > 0)
                await LookAsync(followed, cancellation);
        });
    }

    private static string QuestionOf(List<PostgresShard> followed) => string.Join(" UNION ALL ", followed.Select((shard, place) =>
        $"SELECT {place}, last_sequence, job_commits FROM {shard.Schema}.basin_shard"));

    private async Task LookAsync(List<PostgresShard> followed, CancellationToken cancellation)
    {
        var behind = new List<(PostgresShard Shard, long LastSequence)>();
        await using (var command = followed[0].Database.Reading.CreateCommand(QuestionOf(followed)))
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                var (shard, lastSequence) = (followed[reader.GetInt32(0)], reader.GetInt64(1));
                shard.NoteJobCommits(reader.GetInt64(2));
                if (lastSequence > shard.Events.LastSequence)
                    behind.Add((shard, lastSequence));
            }
        }
        foreach (var (shard, lastSequence) in behind)
        {
            if (!shard.Ownership.IsMine)
                carrier.NoteMissed();
            await shard.CatchUpAsync(lastSequence, cancellation);
        }
    }

    private Task Renew(IEnumerable<PostgresShard> group)
    {
        var renewed = group.ToList();
        return RepeatAsync(options.Lease / 3, cancellation => PostgresShard.RenewAsync(renewed, cancellation));
    }

    private Task RenewIdsAsync(CancellationToken cancellation) => Task.WhenAll(shards.Select(shard => shard.RenewIdsAsync(cancellation)));

    /// <summary>Asks for one shard of those that others own, so that in time all processes that run a system own about as many.</summary>
    private async Task WishAsync(CancellationToken cancellation)
    {
        var others = shards.Where(shard => shard.IsWanted && !shard.Ownership.IsMine).ToList();
        if (others.Count > 0)
            await others[chance.Next(others.Count)].WishAsync(cancellation);
    }

    private async Task RepeatAsync(TimeSpan period, Func<CancellationToken, Task> step)
    {
        var failed = false;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await step(_stopping.Token);
                failed = false;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                if (!failed)
                    StoreLog.FeedFailed(log, failure);
                failed = true;
            }
            await time.DelayQuietly(period, _stopping.Token);
        }
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _running.Wait();
        _stopping.Dispose();
    }
}
