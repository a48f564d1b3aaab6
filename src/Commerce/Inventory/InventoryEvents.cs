using System.Text.Json.Serialization;

namespace Basin.Inventory;

public sealed record StockLine(string Sku, int Quantity);

/// <summary>
/// Asks to set stock aside. The asker gives the id, so that asking twice reserves once; an order uses its own number.
/// Answered by <see cref="StockReserved"/> for all lines or <see cref="StockRefused"/> for none.
/// </summary>
public sealed record StockRequested(Id<Reservation> Reservation, IReadOnlyList<StockLine> Lines) : IEvent<StockRequested>
{
    public static EventType<StockRequested> Type { get; } = new("basin.inventory.stock-requested.v1", "res", InventoryJson.Default.StockRequested);

    public long Key => Reservation.Value;
}

/// <summary>The goods have left: what was reserved is no longer on hand. Not answered.</summary>
public sealed record StockCommitRequested(Id<Reservation> Reservation) : IEvent<StockCommitRequested>
{
    public static EventType<StockCommitRequested> Type { get; } =
        new("basin.inventory.stock-commit-requested.v1", "res", InventoryJson.Default.StockCommitRequested);

    public long Key => Reservation.Value;
}

/// <summary>
/// Asks to put the goods back, reserved or already committed. Answered by exactly one <see cref="StockReleased"/>, also when nothing was reserved.
/// </summary>
public sealed record StockReleaseRequested(Id<Reservation> Reservation) : IEvent<StockReleaseRequested>
{
    public static EventType<StockReleaseRequested> Type { get; } =
        new("basin.inventory.stock-release-requested.v1", "res", InventoryJson.Default.StockReleaseRequested);

    public long Key => Reservation.Value;
}

public sealed record StockReserved(Id<Reservation> Reservation) : IEvent<StockReserved>
{
    public static EventType<StockReserved> Type { get; } = new("basin.inventory.stock-reserved.v1", "res", InventoryJson.Default.StockReserved);

    public long Key => Reservation.Value;
}

/// <param name="Missing">The SKUs of which there is not enough; empty when nothing was asked for, or the release came first.</param>
public sealed record StockRefused(Id<Reservation> Reservation, IReadOnlyList<string> Missing) : IEvent<StockRefused>
{
    public static EventType<StockRefused> Type { get; } = new("basin.inventory.stock-refused.v1", "res", InventoryJson.Default.StockRefused);

    public long Key => Reservation.Value;
}

/// <param name="Expired">True when nobody asked: the reservation was held too long.</param>
public sealed record StockReleased(Id<Reservation> Reservation, bool Expired) : IEvent<StockReleased>
{
    public static EventType<StockReleased> Type { get; } = new("basin.inventory.stock-released.v1", "res", InventoryJson.Default.StockReleased);

    public long Key => Reservation.Value;
}

[JsonSerializable(typeof(StockRequested))]
[JsonSerializable(typeof(StockCommitRequested))]
[JsonSerializable(typeof(StockReleaseRequested))]
[JsonSerializable(typeof(StockReserved))]
[JsonSerializable(typeof(StockRefused))]
[JsonSerializable(typeof(StockReleased))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class InventoryJson : JsonSerializerContext;
