using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Jobs;

/// <summary>
/// A queue that keeps very few jobs in memory, against the store that holds them all: jobs are added, run, asked for again and returned in an order
/// from a seed, while pages are loaded.
/// </summary>
public sealed class JobQueueSimulation
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Every_job_runs_as_often_as_it_should_and_never_early(int seed)
    {
        using var directory = new TemporaryDirectory();
        var world = new World(seed, directory.Path);
        try
        {
            await world.RunAsync();
        }
        finally
        {
            world.Dispose();
        }
    }

    [Fact]
    public async Task A_job_that_is_announced_after_it_was_loaded_runs_once()
    {
        using var directory = new TemporaryDirectory();
        using var world = new World(1, directory.Path);
        await world.AnnounceLateAsync();
    }

    [Fact]
    public async Task The_end_of_a_run_does_not_forget_the_next_run_of_a_revived_job()
    {
        using var directory = new TemporaryDirectory();
        using var world = new World(1, directory.Path);
        await world.ReviveEarlyAsync();
    }

    private sealed class World : IDisposable
    {
        private const int Total = 300;

        private readonly Randomness _chance;
        private readonly FakeClock _clock = new();
        private readonly SqliteShard _shard;
        private readonly JobQueue _queue;
        private readonly Dictionary<long, DateTimeOffset> _open = [];
        private readonly List<JobRecord> _running = [];
        private int _made;
        private int _ended;

        public World(int seed, string directory)
        {
            _chance = new Randomness(seed);
            _shard = SqliteShard.Open(
                new ShardPlace("jobs", 0, 1), Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), new StoreOptions { Directory = directory }, _clock, NullLogger.Instance);
            _queue = new JobQueue(_shard, maxKept: 4 + (2 * _chance.Next(6)));
        }

        public async Task RunAsync()
        {
            for (var step = 0; _ended < Total; step++)
            {
                Assert.True(step < 100_000, $"{_ended} of {_made} jobs have ended; {_open.Count} are lost");
                switch (_chance.Next(5))
                {
                    case 0 when _made < Total:
                        await AddAsync(1 + _chance.Next(12));
                        break;
                    case 1:
                        _clock.Advance(TimeSpan.FromMilliseconds(_chance.Next(400)));
                        break;
                    case 2 when _running.Count > 0:
                        await EndAsync();
                        break;
                    default:
                        await TakeAsync();
                        break;
                }
            }
            var (job, _, _) = await _queue.TakeAsync(_clock.GetUtcNow().AddDays(1), CancellationToken.None);
            Assert.Null(job);
            Assert.True(_queue.IsQuiet(_clock.GetUtcNow().AddDays(1)));
        }

        public async Task AnnounceLateAsync()
        {
            var now = _clock.GetUtcNow();
            var job = new JobRecord(_shard.Ids.Next(), "test", 0, new Id<Tenant>(1), now, 0, null, "{}"u8.ToArray());
            await ExecuteAsync(JobQueue.Insert, job.Id, job.Type, job.Key, 1L, job.DueAt, job.TraceParent, SqlValue.Utf8(job.Data));
            var (first, _, _) = await _queue.TakeAsync(now, CancellationToken.None);
            _queue.Append([job]);
            var (second, _, _) = await _queue.TakeAsync(now, CancellationToken.None);
            Assert.Equal(job.Id, first?.Id);
            Assert.Null(second);
        }

        public async Task ReviveEarlyAsync()
        {
            var now = _clock.GetUtcNow();
            var job = new JobRecord(_shard.Ids.Next(), "test", 0, new Id<Tenant>(1), now, 3, null, "{}"u8.ToArray());
            await _queue.TakeAsync(now, CancellationToken.None);
            _queue.Append([job]);
            var (last, _, _) = await _queue.TakeAsync(now, CancellationToken.None);
            _queue.Append([job with { Attempts = 0 }]);
            var (again, _, _) = await _queue.TakeAsync(now, CancellationToken.None);
            _queue.Release(last!);
            Assert.NotNull(again);
            Assert.False(_queue.IsQuiet(now));
        }

        private async Task TakeAsync()
        {
            var now = _clock.GetUtcNow();
            // Sometimes others commit while a page is loaded.
            var taking = _queue.TakeAsync(now, CancellationToken.None).AsTask();
            if (_made < Total && _chance.Next(3) == 0)
                await AddAsync(1 + _chance.Next(6));
            var (job, next, changed) = await taking;
            if (job is null)
            {
                if (next is null && !changed.IsCompleted)
                    Assert.True(_open.Count == _running.Count, "Jobs wait and the queue does not know of any.");
                return;
            }
            Assert.DoesNotContain(_running, other => other.Id == job.Id);
            Assert.True(_open.TryGetValue(job.Id, out var due), "A job ran after its end.");
            Assert.True(due <= now, $"A job due at {due:O} ran at {now:O}.");
            _running.Add(job);
        }

        private async Task AddAsync(int count)
        {
            var added = Enumerable.Range(0, Math.Min(count, Total - _made)).Select(_ => new JobRecord(
                _shard.Ids.Next(), "test", 0, new Id<Tenant>(1), Soon(), 0, null, "{}"u8.ToArray())).ToList();
            foreach (var job in added)
                _open.Add(job.Id, job.DueAt);
            _made += added.Count;
            await _shard.WriteAsync(
                async tx =>
                {
                    foreach (var job in added)
                        await tx.ExecuteAsync(JobQueue.Insert, job.Id, job.Type, job.Key, job.Tenant.Value, job.DueAt, job.TraceParent, SqlValue.Utf8(job.Data));
                    return 0;
                },
                WritePriority.Background,
                CancellationToken.None);
            _queue.Append(added);
        }

        private async Task EndAsync()
        {
            var job = _running[_chance.Next(_running.Count)];
            _running.Remove(job);
            switch (_chance.Next(4))
            {
                case 0:
                    var again = job with { DueAt = Soon(), Attempts = job.Attempts + 1 };
                    _open[job.Id] = again.DueAt;
                    Assert.Equal(1, await ExecuteAsync($"UPDATE basin_job SET due_at = $3 {JobQueue.WhereAlive}", job.DueAt, job.Id, again.DueAt));
                    _queue.Append([again]);
                    break;
                case 1:
                    var due = Soon();
                    _open[job.Id] = due;
                    _queue.Return(job, due);
                    break;
                default:
                    _open.Remove(job.Id);
                    _ended++;
                    Assert.Equal(1, await ExecuteAsync($"DELETE FROM basin_job {JobQueue.WhereAlive}", job.DueAt, job.Id));
                    _queue.Release(job);
                    break;
            }
        }

        private Task<int> ExecuteAsync(string sql, params SqlValue[] values) =>
            _shard.WriteAsync(tx => tx.ExecuteAsync(sql, values), WritePriority.Background, CancellationToken.None);

        private DateTimeOffset Soon() => _clock.GetUtcNow().AddMilliseconds(_chance.Next(2_000));

        public void Dispose() => _shard.Dispose();
    }
}
