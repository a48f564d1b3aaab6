using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Basin.Payments;

/// <summary>
/// Something that merchants make, look up and change one at a time: a row that holds its document, found by its id, and listed, newest first, by the one
/// thing that it belongs to. The time of its id is the time when it was made.
/// </summary>
internal interface IRecord<TSelf> : IEntity
    where TSelf : class, IRecord<TSelf>
{
    static abstract JsonTypeInfo<TSelf> Json { get; }

    Id<TSelf> Id { get; }

    Id<Tenant> Tenant { get; }

    /// <summary>The number of what it belongs to, such as a customer; null for nothing.</summary>
    long? Owner { get; }

    /// <summary>What kind of its kind it is, such as the type of an event; null where lists do not ask for it.</summary>
    string? Label { get; }
}

/// <summary>Which records a list asks for.</summary>
/// <param name="From">The smallest id.</param>
/// <param name="Before">Larger than every id.</param>
/// <param name="OldestFirst">Which of them count where there are more than the limit.</param>
internal sealed record RecordQuery(long From, long Before, int Limit, bool OldestFirst = false)
{
    /// <summary>Null for any.</summary>
    public long? Owner { get; init; }

    /// <summary>Empty for any.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    public static RecordQuery Of<T>(StripeWindow<T> window)
        where T : IEntity => new(window.From, window.Before, window.Take, window.IsBackwards);
}

/// <summary>
/// The SQL of a list in both orders. It is put together once: a database knows a statement by its very text, and remembers only so many.
/// </summary>
/// <param name="select">All but the order and the limit.</param>
/// <param name="limit">Its parameter: <c>$4</c>.</param>
internal sealed class ListSql(string select, string limit)
{
    private readonly string _newestFirst = $"{select} ORDER BY id DESC LIMIT {limit}";
    private readonly string _oldestFirst = $"{select} ORDER BY id ASC LIMIT {limit}";

    public string In(RecordQuery query) => query.OldestFirst ? _oldestFirst : _newestFirst;
}

/// <summary>All SQL of records.</summary>
internal static class Records
{
    private const string Range = "SELECT body FROM record WHERE tenant = $1 AND kind = $2 AND id >= $3 AND id < $4";

    private static readonly ListSql OfAll = new(Range, "$5");
    private static readonly ListSql OfOwner = new($"{Range} AND owner = $6", "$5");
    private static readonly ListSql OfLabel = new($"{Range} AND label = $6", "$5");
    private static readonly ListSql OfLabelAndOwner = new($"{Range} AND label = $6 AND owner = $7", "$5");

    public static ValueTask<T?> FindAsync<T>(Snapshot snapshot, Id<Tenant> tenant, Id<T> id)
        where T : class, IRecord<T> => snapshot.FindAsync(
            "SELECT body FROM record WHERE tenant = $1 AND kind = $2 AND id = $3", row => row.Json(0, T.Json), tenant.Value, T.Prefix, id.Value);

    public static ValueTask AddAsync<T>(Transaction tx, T record)
        where T : class, IRecord<T> => tx.SendAsync(
            "INSERT INTO record (tenant, kind, id, owner, label, body) VALUES ($1, $2, $3, $4, $5, $6)",
            record.Tenant.Value, T.Prefix, record.Id.Value, record.Owner, record.Label, BodyOf(record));

    public static ValueTask ChangeAsync<T>(Transaction tx, T record)
        where T : class, IRecord<T> => tx.SendOneAsync(
            "UPDATE record SET owner = $4, label = $5, body = $6 WHERE tenant = $1 AND kind = $2 AND id = $3",
            record.Tenant.Value, T.Prefix, record.Id.Value, record.Owner, record.Label, BodyOf(record));

    /// <summary>All that belong to one thing, the newest first; for what has few.</summary>
    public static ValueTask<List<T>> ListOfOwnerAsync<T>(Snapshot snapshot, Id<Tenant> tenant, long owner)
        where T : class, IRecord<T> => snapshot.ListAsync(
            "SELECT body FROM record WHERE tenant = $1 AND kind = $2 AND owner = $3 ORDER BY id DESC", Read<T>, tenant.Value, T.Prefix, owner);

    /// <summary>Up to the limit from each shard.</summary>
    public static ValueTask<List<T>> ListAsync<T>(Store store, Id<Tenant> tenant, RecordQuery query, CancellationToken cancellation)
        where T : class, IRecord<T> => store.ReadAllAsync(snapshot => ListAsync<T>(snapshot, tenant, query), cancellation);

    private static async ValueTask<List<T>> ListAsync<T>(Snapshot snapshot, Id<Tenant> tenant, RecordQuery query)
        where T : class, IRecord<T>
    {
        if (query.Labels.Count == 0)
        {
            return query.Owner is { } whose
                ? await snapshot.ListAsync(
                    OfOwner.In(query), Read<T>, tenant.Value, T.Prefix, query.From, query.Before, query.Limit, whose)
                : await snapshot.ListAsync(OfAll.In(query), Read<T>, tenant.Value, T.Prefix, query.From, query.Before, query.Limit);
        }
        var found = new List<T>();
        foreach (var label in query.Labels)
        {
            found.AddRange(query.Owner is { } whose
                ? await snapshot.ListAsync(
                    OfLabelAndOwner.In(query), Read<T>, tenant.Value, T.Prefix, query.From, query.Before, query.Limit, label, whose)
                : await snapshot.ListAsync(
                    OfLabel.In(query), Read<T>, tenant.Value, T.Prefix, query.From, query.Before, query.Limit, label));
        }
        return found;
    }

    private static SqlValue BodyOf<T>(T record)
        where T : class, IRecord<T> => SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(record, T.Json));

    private static T Read<T>(Row row)
        where T : class, IRecord<T> => row.Json(0, T.Json);
}
