using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Events;

/// <summary>
/// A row of the outbox: the events of one commit, or a part of them when they are many, as a JSON array in their order. A row per event costs the
/// writer more than everything else about the event.
/// </summary>
internal static class EventSegment
{
    /// <summary>So that a reader who wants the next few events never parses thousands.</summary>
    public const int MaxEvents = 128;

    public const string Insert = "INSERT INTO basin_outbox (last_sequence, events) VALUES ($1, $2)";

    private const string SelectAfter = "SELECT events FROM basin_outbox WHERE last_sequence > $1 ORDER BY last_sequence LIMIT 1";

    private const string SelectBefore = "SELECT events FROM basin_outbox WHERE last_sequence < $1 ORDER BY last_sequence DESC LIMIT 1";

    /// <summary>Inserts events that one transaction has published.</summary>
    public static void WriteAll(IReadOnlyList<EventRecord> events, ArrayBufferWriter<byte> buffer, Action<long, ReadOnlyMemory<byte>> insert)
    {
        for (var first = 0; first < events.Count; first += MaxEvents)
        {
            var end = Math.Min(first + MaxEvents, events.Count);
            buffer.ResetWrittenCount();
            Write(events, first, end, buffer);
            insert(events[end - 1].Sequence, buffer.WrittenMemory);
        }
    }

    private static void Write(IReadOnlyList<EventRecord> events, int first, int end, ArrayBufferWriter<byte> buffer)
    {
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartArray();
        for (var i = first; i < end; i++)
            Write(json, events[i]);
        json.WriteEndArray();
    }

    /// <summary>The places of an event's parts are those that <see cref="Read(JsonElement)"/> looks at; names would be a third of a row.</summary>
    private static void Write(Utf8JsonWriter json, EventRecord e)
    {
        json.WriteStartArray();
        json.WriteNumberValue(e.Sequence);
        json.WriteStringValue(e.Type);
        json.WriteNumberValue(e.Key);
        json.WriteNumberValue(e.Tenant.Value);
        json.WriteNumberValue(e.At.ToUnixTimeMilliseconds());
        json.WriteStringValue(e.TraceParent);
        json.WriteRawValue(e.Data.Span, skipInputValidation: true);
        json.WriteEndArray();
    }

    /// <summary>The next events after <paramref name="sequence"/>, oldest first; empty when there are none.</summary>
    public static async ValueTask<List<EventRecord>> ReadAfterAsync(Snapshot snapshot, long sequence, int limit)
    {
        var found = new List<EventRecord>();
        while (found.Count < limit && await snapshot.FindAsync(SelectAfter, Read, sequence) is { } segment)
        {
            found.AddRange(segment.Where(e => e.Sequence > sequence).Take(limit - found.Count));
            sequence = segment[^1].Sequence;
        }
        return found;
    }

    /// <summary>
    /// Whether no event after <paramref name="sequence"/> was trimmed: an older one is still there, or the very first. Gaps between sequences say nothing;
    /// what was undone has left them.
    /// </summary>
    public static async ValueTask<bool> IsWholeAfterAsync(Snapshot snapshot, long sequence) => sequence > 0
        ? await snapshot.NumberAsync("SELECT 1 FROM basin_outbox WHERE last_sequence <= $1 LIMIT 1", sequence) is not null
        : await snapshot.FindAsync(SelectAfter, Read, sequence) is not { } oldest || oldest[0].Sequence == 1;

    /// <summary>Events up to <paramref name="sequence"/> that are wanted, newest first.</summary>
    public static async ValueTask<List<EventRecord>> ReadBackAsync(
        Snapshot snapshot, long sequence, Func<EventRecord, bool> isWanted, int limit, CancellationToken cancellation)
    {
        var found = new List<EventRecord>();
        // The segment that ends at the bound or beyond, which may begin beyond it; or the last one.
        var segment = await snapshot.FindAsync(SelectAfter, Read, sequence - 1) ?? await snapshot.FindAsync(SelectBefore, Read, sequence);
        while (found.Count < limit && segment is not null)
        {
            // A filter that finds little reads the whole outbox; whoever has gone does not wait for that.
            cancellation.ThrowIfCancellationRequested();
            found.AddRange(segment.AsEnumerable().Reverse().Where(e => e.Sequence <= sequence && isWanted(e)).Take(limit - found.Count));
            segment = await snapshot.FindAsync(SelectBefore, Read, segment[0].Sequence);
        }
        return found;
    }

    private static List<EventRecord> Read(Row row) => Parse(row.Bytes(0).ToArray());

    /// <summary>The events of a segment, in their order.</summary>
    public static List<EventRecord> Parse(ReadOnlyMemory<byte> segment)
    {
        using var json = JsonDocument.Parse(segment);
        return [.. json.RootElement.EnumerateArray().Select(Read)];
    }

    private static EventRecord Read(JsonElement e) => new(
        e[0].GetInt64(),
        e[1].GetString()!,
        e[2].GetInt64(),
        new Id<Tenant>(e[3].GetInt64()),
        DateTimeOffset.FromUnixTimeMilliseconds(e[4].GetInt64()),
        e[5].GetString(),
        JsonMarshal.GetRawUtf8Value(e[6]).ToArray());
}
