namespace Basin.Inventory;

public enum ReservationState
{
    /// <summary>Set aside until it is committed, released or expires.</summary>
    Held,

    /// <summary>The goods have left.</summary>
    Committed,

    /// <summary>Put back, or never set aside because the release came before the request.</summary>
    Released,

    /// <summary>Put back because nobody asked in time.</summary>
    Expired,

    /// <summary>There was not enough.</summary>
    Refused,
}

/// <summary>Stock set aside for somebody, for a time.</summary>
/// <remarks>
/// What each message does in each state; "again" means that the first answer is given once more and nothing changes:
/// <code>
///            | request            | commit              | release             | time is over
/// (none)     | held or refused    | ignored             | released            |
/// held       | again: reserved    | committed           | released            | expired
/// committed  | again: reserved    | ignored             | released, restocked |
/// released   | again              | ignored             | again               |
/// expired    | again: reserved    | committed if stock  | again               |
///            |                    | can be found anew   |                     |
/// refused    | again: refused     | ignored             | again               |
/// </code>
/// A request that comes after its release is refused with nothing missing. Every request to release is answered once, whatever the state.
/// </remarks>
/// <param name="Picks">What was set aside, and where; kept after the end for people to see.</param>
/// <param name="Missing">Why it was refused.</param>
public sealed record Reservation(
    Id<Reservation> Id, ReservationState State, IReadOnlyList<Pick> Picks, IReadOnlyList<string> Missing, DateTimeOffset HeldUntil) : IEntity
{
    public static string Prefix => "res";

    /// <summary>Units by SKU. Lines of the same SKU are added up.</summary>
    public static IReadOnlyDictionary<string, long> Wanted(IReadOnlyList<StockLine> lines)
    {
        var wanted = new Dictionary<string, long>(lines.Count);
        foreach (var line in lines)
            wanted[line.Sku] = wanted.GetValueOrDefault(line.Sku) + line.Quantity;
        return wanted;
    }

    /// <summary>Decides about a request that is new.</summary>
    /// <param name="levels">Every level of the SKUs.</param>
    public static ReservationStep Request(StockRequested asked, IReadOnlyList<StockLevel> levels, DateTimeOffset heldUntil)
    {
        // Less than one of something can never be set aside, and must not add to what is there.
        var absurd = asked.Lines.Where(line => line.Quantity < 1).Select(line => line.Sku).Distinct().ToList();
        var allocation = absurd.Count > 0 ? new Allocation([], absurd) : Allocation.Of(Wanted(asked.Lines), levels);
        if (allocation.Picks.Count == 0)
        {
            var refused = new Reservation(asked.Reservation, ReservationState.Refused, [], allocation.Missing, heldUntil);
            return new ReservationStep(refused, [], StockAnswer.Refused);
        }
        var held = new Reservation(asked.Reservation, ReservationState.Held, allocation.Picks, [], heldUntil);
        return new ReservationStep(held, held.ChangeEach(onHand: 0, reserved: 1), StockAnswer.Reserved);
    }

    /// <summary>Answers a request that came before: what was said first is said again.</summary>
    public ReservationStep RequestAgain() =>
        Unchanged(Picks.Count > 0 ? StockAnswer.Reserved : StockAnswer.Refused);

    /// <summary>The goods have left.</summary>
    /// <param name="levels">Every level of the picked SKUs; only looked at when the hold has expired.</param>
    public ReservationStep Commit(IReadOnlyList<StockLevel> levels) => State switch
    {
        ReservationState.Held => Become(ReservationState.Committed, ChangeEach(onHand: -1, reserved: -1, MovementCause.Shipped)),
        ReservationState.Expired => CommitLate(levels),
        _ => Unchanged(),
    };

    /// <summary>The goods are taken anew. When others hold them meanwhile, nothing is booked and a person must count.</summary>
    private ReservationStep CommitLate(IReadOnlyList<StockLevel> levels)
    {
        var wanted = Picks.GroupBy(pick => pick.Sku).ToDictionary(group => group.Key, group => group.Sum(pick => pick.Quantity));
        var found = this with { Picks = Allocation.Of(wanted, levels).Picks };
        return found.Picks.Count == 0
            ? Unchanged()
            : found.Become(ReservationState.Committed, found.ChangeEach(onHand: -1, reserved: 0, MovementCause.Shipped));
    }

    /// <summary>A release of something that nobody has requested: a request that comes later finds it released.</summary>
    public static ReservationStep ReleaseUnknown(Id<Reservation> id, DateTimeOffset now) =>
        new(new Reservation(id, ReservationState.Released, [], [], now), [], StockAnswer.Released);

    /// <summary>The goods go back.</summary>
    public ReservationStep Release() => State switch
    {
        ReservationState.Held => Become(ReservationState.Released, ChangeEach(onHand: 0, reserved: -1), StockAnswer.Released),
        ReservationState.Committed =>
            Become(ReservationState.Released, ChangeEach(onHand: 1, reserved: 0, MovementCause.Returned), StockAnswer.Released),
        _ => Unchanged(StockAnswer.Released),
    };

    /// <summary>The time is over.</summary>
    public ReservationStep Expire(DateTimeOffset now) => State == ReservationState.Held && HeldUntil <= now
        ? Become(ReservationState.Expired, ChangeEach(onHand: 0, reserved: -1), StockAnswer.Expired)
        : Unchanged();

    private ReservationStep Become(ReservationState state, IReadOnlyList<StockChange> changes, StockAnswer answer = StockAnswer.None) =>
        new(this with { State = state }, changes, answer);

    private ReservationStep Unchanged(StockAnswer answer = StockAnswer.None) => new(this, [], answer);

    private List<StockChange> ChangeEach(int onHand, int reserved, MovementCause? cause = null)
    {
        var changes = new List<StockChange>(Picks.Count);
        foreach (var pick in Picks)
            changes.Add(new StockChange(pick.Sku, pick.Warehouse, onHand * pick.Quantity, reserved * pick.Quantity, cause));
        return changes;
    }
}

/// <summary>What is published.</summary>
public enum StockAnswer
{
    None,
    Reserved,
    Refused,
    Released,
    Expired,
}

/// <summary>What one message does to a reservation.</summary>
/// <param name="After">The same instance as before when nothing changes.</param>
public sealed record ReservationStep(Reservation After, IReadOnlyList<StockChange> Changes, StockAnswer Answer);
