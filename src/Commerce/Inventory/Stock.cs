namespace Basin.Inventory;

/// <summary>A place that holds stock.</summary>
/// <param name="Code">Unique in the tenant.</param>
public sealed record Warehouse(string Code, string Name, DateTimeOffset CreatedAt)
{
    /// <summary>The warehouse of those who name none; it is made when it is first needed.</summary>
    public const string Main = "main";

    /// <summary>Per tenant.</summary>
    public const int MaxCount = 1000;

    public static Warehouse NewMain(DateTimeOffset now) => new(Main, "Main warehouse", now);
}

/// <summary>What one warehouse has of one SKU. Never more is reserved than is on hand.</summary>
/// <param name="OnHand">Units in the house, reserved ones included.</param>
/// <param name="Reserved">Units promised to somebody.</param>
/// <param name="Version">Counts the changes of <paramref name="OnHand"/>.</param>
/// <param name="Moved">The newest movement of the SKU, wherever; 0 when there was none since this level was made.</param>
public sealed record StockLevel(string Sku, string Warehouse, long OnHand, long Reserved, long Version, long Moved = 0)
{
    public const long MaxOnHand = 1_000_000_000;

    /// <summary>Units that can still be promised.</summary>
    public long Available => OnHand - Reserved;

    public static StockLevel None(string sku, string warehouse) => new(sku, warehouse, 0, 0, 0);

    /// <summary>Decisions have made sure of what is stated here.</summary>
    public StockLevel After(StockChange change)
    {
        var after = this with
        {
            OnHand = OnHand + change.OnHand,
            Reserved = Reserved + change.Reserved,
            Version = Version + (change.OnHand == 0 ? 0 : 1),
        };
        Transaction.Invariant(after is { Reserved: >= 0, Available: >= 0 }, $"0 <= reserved <= on hand after {change}");
        return after;
    }

    /// <summary>Somebody has counted.</summary>
    /// <exception cref="ProblemException"><see cref="InventoryProblems.BelowReserved"/></exception>
    public StockChange Count(long onHand) => ChangeBy(onHand - OnHand, MovementCause.Counted);

    /// <summary>Units have come or gone without an order.</summary>
    /// <exception cref="ProblemException"><see cref="InventoryProblems.BelowReserved"/> or <see cref="InventoryProblems.TooMuch"/></exception>
    public StockChange Adjust(long delta) => ChangeBy(delta, MovementCause.Adjusted);

    private StockChange ChangeBy(long delta, MovementCause cause)
    {
        if (OnHand + delta < Reserved)
            throw InventoryProblems.BelowReserved.With($"{Reserved} of {Sku} are reserved in {Warehouse}, {OnHand + delta} would be on hand.").Refusal();
        if (OnHand + delta > MaxOnHand)
            throw InventoryProblems.TooMuch.With($"At most {MaxOnHand} of a SKU are possible in one warehouse.").Refusal();
        return new StockChange(Sku, Warehouse, delta, 0, cause);
    }
}

/// <summary>A change of one level.</summary>
/// <param name="Cause">Why <paramref name="OnHand"/> changes; null when it does not.</param>
public sealed record StockChange(string Sku, string Warehouse, long OnHand, long Reserved, MovementCause? Cause = null);

public enum MovementCause
{
    /// <summary>Set to what somebody counted.</summary>
    Counted,

    /// <summary>Came or went without an order: bought, broken, found.</summary>
    Adjusted,

    /// <summary>Left for a customer.</summary>
    Shipped,

    /// <summary>Came back from a customer.</summary>
    Returned,
}

/// <summary>Why units came or went. The movements of a level add up to what is on hand.</summary>
/// <param name="Subject">Who did it, when it was not a reservation.</param>
public sealed record Movement(
    Id<Movement> Id,
    string Sku,
    string Warehouse,
    long Delta,
    MovementCause Cause,
    string? Reason,
    string? Subject,
    Id<Reservation>? Reservation,
    DateTimeOffset At) : IEntity
{
    public static string Prefix => "mov";

    public static Movement Of(Transaction tx, StockChange change, MovementCause cause) =>
        new(tx.NewId<Movement>(), change.Sku, change.Warehouse, change.OnHand, cause, null, null, null, tx.Now);
}
