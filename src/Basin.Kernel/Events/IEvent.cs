using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Events;

/// <summary>
/// Something that has happened, or a request that a system owns the shape of, published in the transaction that makes it true. A published
/// record only ever gains optional members; any other change is a new type with the next version.
/// </summary>
public interface IEvent<TSelf>
    where TSelf : class, IEvent<TSelf>
{
    static abstract EventType<TSelf> Type { get; }

    /// <summary>The id of the entity it is about. Events of one key are handled in the order in which they were published.</summary>
    long Key { get; }
}

/// <param name="Name">CloudEvents <c>type</c>, such as <c>basin.orders.order-placed.v1</c>.</param>
/// <param name="KeyPrefix">The prefix of the key's entity, which makes the CloudEvents <c>subject</c>.</param>
/// <param name="Json">How the data is written.</param>
public sealed record EventType<T>(string Name, string KeyPrefix, JsonTypeInfo<T> Json);

/// <summary>An event as it is stored and handed on.</summary>
/// <param name="Sequence">Its place in the log of its shard; it grows, with gaps.</param>
/// <param name="TraceParent">W3C trace context of the work that published it.</param>
/// <param name="Data">UTF-8 JSON.</param>
public sealed record EventRecord(
    long Sequence, string Type, long Key, Id<Tenant> Tenant, DateTimeOffset At, string? TraceParent, ReadOnlyMemory<byte> Data)
{
    /// <summary>What <see cref="Data"/> was written from, while the process that published it still runs: its consumers need not read it back.</summary>
    internal object? Happened { get; init; }
}

/// <summary>Where an event comes from.</summary>
/// <param name="System">The publishing system.</param>
/// <param name="Shard">The number of its shard.</param>
public readonly record struct EventSource(string System, int Shard)
{
    /// <summary>CloudEvents <c>source</c>.</summary>
    public override string ToString() => $"/{System}/{Shard}";
}

/// <summary>Applies one event inside the transaction that moves the consumer's checkpoint.</summary>
public delegate ValueTask EventHandler<in T>(Storage.Transaction tx, T happened, EventContext context);

/// <summary>
/// Applies events that follow one another inside the transaction that moves the consumer's checkpoint, where together is cheaper than one by one. What it
/// throws undoes all of them; each is then given to it alone.
/// </summary>
public delegate ValueTask EventsHandler<T>(Storage.Transaction tx, IReadOnlyList<(T Happened, EventContext Context)> events);

/// <param name="Tenant">The tenant in whose name it happened.</param>
/// <param name="At">When it was published.</param>
public readonly record struct EventContext(Id<Tenant> Tenant, DateTimeOffset At, EventSource Source, long Sequence);

/// <summary>A handler with its event's type erased.</summary>
/// <param name="OnEveryShard">Whether every shard of the consumer applies it, not only the one that the event's key leads to.</param>
internal sealed record EventBinding(string Type, Func<Storage.Transaction, EventRecord, EventSource, ValueTask> Apply, bool OnEveryShard = false)
{
    /// <summary>Applies several at once; null where they are applied one by one.</summary>
    public Func<Storage.Transaction, IReadOnlyList<EventRecord>, EventSource, ValueTask>? ApplyTogether { get; init; }

    public static EventBinding Of<T>(EventHandler<T> handler, bool onEveryShard = false)
        where T : class, IEvent<T> => new(
            T.Type.Name,
            (tx, record, source) => handler(tx, HappenedIn<T>(record), ContextOf(record, source)),
            onEveryShard);

    public static EventBinding Of<T>(EventsHandler<T> handler)
        where T : class, IEvent<T> => new(T.Type.Name, (tx, record, source) => handler(tx, [(HappenedIn<T>(record), ContextOf(record, source))]))
        {
            ApplyTogether = (tx, records, source) => handler(tx, [.. records.Select(record => (HappenedIn<T>(record), ContextOf(record, source)))]),
        };

    private static EventContext ContextOf(EventRecord record, EventSource source) => new(record.Tenant, record.At, source, record.Sequence);

    private static T HappenedIn<T>(EventRecord record)
        where T : class, IEvent<T> => record.Happened as T ?? Read<T>(record);

    private static T Read<T>(EventRecord record)
        where T : class, IEvent<T> =>
        JsonSerializer.Deserialize(record.Data.Span, T.Type.Json) ?? throw new JsonException("The data of the event is null.");
}
