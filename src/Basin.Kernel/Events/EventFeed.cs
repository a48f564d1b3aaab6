using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Events;

/// <summary>An event in the JSON format of CloudEvents 1.0 (https://github.com/cloudevents/spec).</summary>
/// <param name="Id">Unique together with <paramref name="Source"/>.</param>
/// <param name="Subject">The entity that it is about.</param>
/// <param name="TraceParent">W3C trace context of what caused it.</param>
/// <param name="Tenant">In whose name it happened.</param>
public sealed record CloudEvent(
    string Id,
    string Source,
    string Type,
    string Subject,
    DateTimeOffset Time,
    [property: JsonPropertyName("traceparent")] string? TraceParent,
    Id<Tenant> Tenant,
    JsonElement Data)
{
    [JsonPropertyName("specversion")]
    public string SpecVersion => "1.0";

    [JsonPropertyName("datacontenttype")]
    public string DataContentType => "application/json";
}

/// <summary>What to show; null shows all.</summary>
/// <param name="Type">The whole name of a type.</param>
/// <param name="Subject">The id of an entity, with its prefix.</param>
public sealed record EventFilter(string? System, string? Type, string? Subject);

/// <summary>
/// The newest events of all systems. The position in each shard is part of the cursor, so a page neither skips nor repeats an event, whatever is
/// published meanwhile and whatever the clocks do.
/// </summary>
public sealed class EventFeed(IEnumerable<SystemDefinition> systems, Stores stores)
{
    private const int MaxCursorLength = 4000;

    private readonly SubjectNames _subjects = new(systems);

    /// <param name="tenant">Whose; null for all, which is for operators only.</param>
    public async Task<Page<CloudEvent>> ListAsync(Id<Tenant>? tenant, EventFilter filter, int? limit, string? cursor, CancellationToken cancellation)
    {
        var wanted = Paging.Of(limit, null).Limit;
        var key = KeyOf(filter.Subject);
        var shards = ShardsOf(filter.System);
        var ends = cursor is null ? shards.ConvertAll(place => place.Shard.Events.LastSequence) : ReadCursor(cursor, shards.Count);
        var found = new List<Queue<EventRecord>>();
        for (var i = 0; i < shards.Count; i++)
        {
            var end = ends[i];
            found.Add(new(await shards[i].Shard.ReadAsync(
                snapshot => EventSegment.ReadBackAsync(snapshot, end, IsWanted, wanted + 1, cancellation), cancellation)));
        }
        var newest = new List<CloudEvent>(wanted);
        while (newest.Count < wanted && PlaceOfNewest(found) is { } place)
        {
            var e = found[place].Dequeue();
            ends[place] = e.Sequence - 1;
            newest.Add(CloudEventOf(e, shards[place].System, shards[place].Shard.Number));
        }
        return new Page<CloudEvent>(newest, PlaceOfNewest(found) is null ? null : string.Join('.', ends));

        bool IsWanted(EventRecord e) =>
            (tenant is null || e.Tenant == tenant) && (filter.Type is null || e.Type == filter.Type) && (key is null || e.Key == key);
    }

    /// <summary>
    /// The shard whose next event is the newest, or null when there are no more. Events of one shard stay in their order, even where a clock has gone
    /// back.
    /// </summary>
    private static int? PlaceOfNewest(List<Queue<EventRecord>> found)
    {
        int? place = null;
        for (var i = 0; i < found.Count; i++)
        {
            if (found[i].TryPeek(out var e) && (place is null || e.At > found[place.Value].Peek().At))
                place = i;
        }
        return place;
    }

    private CloudEvent CloudEventOf(EventRecord e, string system, int shard) => new(
        e.Sequence.ToString(CultureInfo.InvariantCulture),
        new EventSource(system, shard).ToString(),
        e.Type,
        _subjects.Of(e.Type, e.Key),
        e.At,
        e.TraceParent,
        e.Tenant,
        JsonText.Parse(e.Data));

    private List<(string System, Shard Shard)> ShardsOf(string? system)
    {
        if (system is not null && stores.All.All(store => store.System != system))
            throw KernelProblems.Invalid.At("system", "The name of a system is expected.").Refusal();
        return [.. stores.All
            .Where(store => system is null || store.System == system)
            .OrderBy(store => store.System, StringComparer.Ordinal)
            .SelectMany(store => store.Shards.Select(shard => (store.System, shard)))];
    }

    private static long? KeyOf(string? subject)
    {
        if (subject is null)
            return null;
        return EntityText.TryParse(subject, out _, out var key)
            ? key
            : throw KernelProblems.Invalid.At("subject", "An id with its prefix is expected, such as ord_01k3v9x7c2m40.").Refusal();
    }

    private static List<long> ReadCursor(string cursor, int shards)
    {
        var ends = new List<long>(shards);
        if (cursor.Length <= MaxCursorLength)
        {
            foreach (var part in cursor.Split('.'))
                ends.Add(long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var end) ? end : -1);
        }
        if (ends.Count != shards || ends.Contains(-1))
            throw KernelProblems.Invalid.At("cursor", "A cursor of an earlier page with the same filter is expected.").Refusal();
        return ends;
    }
}
