using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Jobs;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Events;

/// <summary>An event or a job that failed, as an operator sees it.</summary>
/// <param name="Id">Stable while it is here.</param>
/// <param name="System">Who could not handle it.</param>
/// <param name="Kind"><c>event</c> or <c>job</c>.</param>
/// <param name="Source">Where the event came from; null for a job.</param>
/// <param name="State"><c>waiting</c> for the next try, <c>blocked</c> behind an earlier one of its key, or <c>dead</c>.</param>
/// <param name="At">When the event was published, or the job was due.</param>
/// <param name="Data">JSON.</param>
public sealed record DeadLetter(
    string Id,
    string System,
    string Kind,
    string? Source,
    string Type,
    string Subject,
    string State,
    int Attempts,
    string? Error,
    DateTimeOffset At,
    string? TraceParent,
    System.Text.Json.JsonElement Data);

/// <summary>What failed in all systems: to see, to try again, or to give up for good.</summary>
public sealed class DeadLetters(IEnumerable<SystemDefinition> systems, Stores stores, Relay relay)
{
    private readonly SubjectNames _subjects = new(systems);

    /// <summary>Events set aside and dead jobs, system by system, oldest first.</summary>
    /// <param name="tenant">Whose; null for all, which is for operators only.</param>
    public async Task<Page<DeadLetter>> ListAsync(Id<Tenant>? tenant, Paging paging, CancellationToken cancellation)
    {
        var after = paging.After is null ? null : LetterId.Parse(paging.After) ?? throw BadCursor().Refusal();
        var found = new List<DeadLetter>();
        foreach (var (store, shard) in ShardsFrom(after))
        {
            var here = after?.System == store.System && after.Shard == shard.Number ? after : null;
            var wanted = paging.Limit + 1 - found.Count;
            found.AddRange(await shard.ReadAsync(snapshot => ListAsync(snapshot, store.System, shard.Number, here, tenant, wanted), cancellation));
            if (found.Count > paging.Limit)
                break;
        }
        return paging.PageOf(found, letter => letter.Id);
    }

    /// <summary>Tries a letter again now, as if for the first time. One that waits behind another is refused: its turn comes after that one.</summary>
    public Task<Answer<Nothing>> ReplayAsync(Once once, Id<Tenant>? tenant, string id, CancellationToken cancellation) =>
        ChangeAsync(once, tenant, id, ReplayEventAsync, static (tx, job) => tx.ReviveAsync(job), cancellation);

    /// <summary>Deletes a letter for good; the next event of its key goes on.</summary>
    public Task<Answer<Nothing>> DiscardAsync(Once once, Id<Tenant>? tenant, string id, CancellationToken cancellation) =>
        ChangeAsync(once, tenant, id, DiscardEventAsync, static (tx, job) => tx.ExecuteAsync($"DELETE FROM basin_job {JobQueue.WhereDead}", job.DueAt, job.Id), cancellation);

    private async Task<Answer<Nothing>> ChangeAsync(
        Once once,
        Id<Tenant>? tenant,
        string text,
        Func<Transaction, LetterId, string, long, ValueTask<Answer<Nothing>>> changeEvent,
        Func<Transaction, JobRecord, ValueTask<int>> changeJob,
        CancellationToken cancellation)
    {
        if (LetterId.Parse(text) is not { } id || Find(id) is not { } store)
            return KernelProblems.NotFound;
        var answer = await once.WriteAsync(
            store, ShardKey.ForShard(id.Shard), text, tx => id.Source is null ? ChangeJobAsync(tx, id, tenant, changeJob) : ChangeEventAsync(tx, id, tenant, changeEvent), cancellation);
        relay.Wake();
        return answer;
    }

    private static async ValueTask<Answer<Nothing>> ChangeJobAsync(
        Transaction tx, LetterId id, Id<Tenant>? tenant, Func<Transaction, JobRecord, ValueTask<int>> change)
    {
        var job = await tx.FindAsync($"{JobQueue.Select} WHERE id = $1 AND dead = 1 AND (CAST($2 AS BIGINT) IS NULL OR tenant = $2)", JobQueue.ReadRecord, id.Number, tenant?.Value);
        if (job is null)
            return KernelProblems.NotFound;
        await change(tx, job);
        return Answer.NoContent();
    }

    private static async ValueTask<Answer<Nothing>> ChangeEventAsync(
        Transaction tx, LetterId id, Id<Tenant>? tenant, Func<Transaction, LetterId, string, long, ValueTask<Answer<Nothing>>> change)
    {
        var row = await tx.FindAsync(
            """
            SELECT state, key FROM basin_parked
            WHERE source = $1 AND source_shard = $2 AND sequence = $3 AND (CAST($4 AS BIGINT) IS NULL OR tenant = $4)
            """,
            row => Tuple.Create(row.Text(0), row.Integer(1)), id.Source, id.SourceShard, id.Number, tenant?.Value);
        return row is null ? KernelProblems.NotFound : await change(tx, id, row.Item1, row.Item2);
    }

    private static async ValueTask<Answer<Nothing>> ReplayEventAsync(Transaction tx, LetterId id, string state, long key)
    {
        if (state == "blocked")
            return KernelProblems.DeadLetterBlocked;
        await tx.ExecuteAsync(
            """
            UPDATE basin_parked SET state = 'waiting', due_at = $4, attempts = 0
            WHERE source = $1 AND source_shard = $2 AND sequence = $3
            """,
            id.Source, id.SourceShard, id.Number, tx.Now);
        return Answer.NoContent();
    }

    private static async ValueTask<Answer<Nothing>> DiscardEventAsync(Transaction tx, LetterId id, string state, long key)
    {
        await ParkedEvents.RemoveAsync(tx, new EventSource(id.Source!, id.SourceShard), id.Number, key);
        return Answer.NoContent();
    }

    private async ValueTask<List<DeadLetter>> ListAsync(
        Snapshot snapshot, string system, int shard, LetterId? after, Id<Tenant>? tenant, int limit)
    {
        var letters = new List<DeadLetter>();
        if (after is not { Source: null })
        {
            letters.AddRange(await snapshot.ListAsync(
                $"""
                {ParkedEvents.Select} WHERE (source, source_shard, sequence) > ($1, $2, $3) AND (CAST($4 AS BIGINT) IS NULL OR tenant = $4)
                ORDER BY source, source_shard, sequence LIMIT $5
                """,
                row => ReadEvent(row, system, shard), after?.Source ?? "", after?.SourceShard ?? 0, after?.Number ?? 0, tenant?.Value, limit));
        }
        if (letters.Count < limit)
        {
            letters.AddRange(await snapshot.ListAsync(
                $"{JobQueue.SelectWithError} WHERE dead = 1 AND id > $1 AND (CAST($2 AS BIGINT) IS NULL OR tenant = $2) ORDER BY id LIMIT $3",
                row => ReadJob(row, system, shard), after is { Source: null } ? after.Number : 0, tenant?.Value, limit - letters.Count));
        }
        return letters;
    }

    private DeadLetter ReadEvent(Row row, string system, int shard)
    {
        var parked = ParkedEvents.Read(row);
        var (source, e) = (parked.Source, parked.Event);
        var id = new LetterId(system, shard, source.System, source.Shard, e.Sequence);
        return new DeadLetter(
            id.ToString(), system, "event", source.ToString(), e.Type, _subjects.Of(e.Type, e.Key), row.Text(11), parked.Attempts, row.TextOrNull(12),
            e.At, e.TraceParent, JsonText.Parse(e.Data));
    }

    private static DeadLetter ReadJob(Row row, string system, int shard)
    {
        var job = JobQueue.ReadRecord(row);
        return new DeadLetter(
            new LetterId(system, shard, null, 0, job.Id).ToString(), system, "job", null, job.Type, SubjectNames.Unknown(job.Key), "dead", job.Attempts,
            row.TextOrNull(8), job.DueAt, job.TraceParent, JsonText.Parse(job.Data));
    }

    private IEnumerable<(Store Store, Shard Shard)> ShardsFrom(LetterId? after) => stores.All
        .OrderBy(store => store.System, StringComparer.Ordinal)
        .SelectMany(store => store.Shards.Select(shard => (store, shard)))
        .SkipWhile(place => after is not null && !(place.store.System == after.System && place.shard.Number == after.Shard));

    private Store? Find(LetterId id) =>
        stores.All.FirstOrDefault(store => store.System == id.System && id.Shard < store.Shards.Count);

    private static Problem BadCursor() => KernelProblems.Invalid.At("cursor", "A cursor of an earlier page is expected.");

    /// <summary>Where a letter is: <c>orders.0.event.catalog.0.17</c> or <c>orders.0.job.4711</c>.</summary>
    private sealed record LetterId(string System, int Shard, string? Source, int SourceShard, long Number)
    {
        public override string ToString() =>
            Source is null ? $"{System}.{Shard}.job.{Number}" : $"{System}.{Shard}.event.{Source}.{SourceShard}.{Number}";

        public static LetterId? Parse(string text)
        {
            var parts = text.Split('.');
            return parts switch
            {
                [var system, var shard, "job", var id] when IsShard(shard, out var s) && long.TryParse(id, out var n) =>
                    new LetterId(system, s, null, 0, n),
                [var system, var shard, "event", var source, var from, var sequence]
                    when IsShard(shard, out var s) && IsShard(from, out var f) && long.TryParse(sequence, out var n) =>
                    new LetterId(system, s, source, f, n),
                _ => null,
            };
        }

        private static bool IsShard(string text, out int shard) => int.TryParse(text, out shard) && shard is >= 0 and < Snowflake.MaxShards;
    }
}
