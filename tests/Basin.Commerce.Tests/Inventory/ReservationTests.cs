using Basin.Inventory;
using Basin.Kernel.Ids;
using State = Basin.Inventory.ReservationState;

namespace Basin.Commerce.Tests.Inventory;

/// <summary>Every message in every state of a reservation of 2 x A and 1 x B.</summary>
public sealed class ReservationTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly StockRequested Asked = new(new Id<Reservation>(7), [new StockLine("A", 2), new StockLine("B", 1)]);
    private static readonly StockLevel[] Plenty = [new("A", "main", 10, 0, 1), new("B", "main", 10, 0, 1)];
    private static readonly StockLevel[] None = [new("A", "main", 10, 10, 1), new("B", "main", 10, 0, 1)];

    private static Reservation In(State state) => state == State.Refused
        ? new Reservation(Asked.Reservation, state, [], ["A"], Now)
        : new Reservation(Asked.Reservation, state, [new Pick("A", "main", 2), new Pick("B", "main", 1)], [], Now);

    /// <summary>The change of on hand and of reserved, per unit.</summary>
    public static TheoryData<State, string, State, int, int, StockAnswer> Table => new()
    {
        { State.Held, "request", State.Held, 0, 0, StockAnswer.Reserved },
        { State.Held, "commit", State.Committed, -1, -1, StockAnswer.None },
        { State.Held, "release", State.Released, 0, -1, StockAnswer.Released },
        { State.Held, "expire", State.Expired, 0, -1, StockAnswer.Expired },
        { State.Committed, "request", State.Committed, 0, 0, StockAnswer.Reserved },
        { State.Committed, "commit", State.Committed, 0, 0, StockAnswer.None },
        { State.Committed, "release", State.Released, 1, 0, StockAnswer.Released },
        { State.Committed, "expire", State.Committed, 0, 0, StockAnswer.None },
        { State.Released, "request", State.Released, 0, 0, StockAnswer.Reserved },
        { State.Released, "commit", State.Released, 0, 0, StockAnswer.None },
        { State.Released, "release", State.Released, 0, 0, StockAnswer.Released },
        { State.Released, "expire", State.Released, 0, 0, StockAnswer.None },
        { State.Expired, "request", State.Expired, 0, 0, StockAnswer.Reserved },
        { State.Expired, "commit", State.Committed, -1, 0, StockAnswer.None },
        { State.Expired, "commit uncovered", State.Expired, 0, 0, StockAnswer.None },
        { State.Expired, "release", State.Expired, 0, 0, StockAnswer.Released },
        { State.Expired, "expire", State.Expired, 0, 0, StockAnswer.None },
        { State.Refused, "request", State.Refused, 0, 0, StockAnswer.Refused },
        { State.Refused, "commit", State.Refused, 0, 0, StockAnswer.None },
        { State.Refused, "release", State.Refused, 0, 0, StockAnswer.Released },
        { State.Refused, "expire", State.Refused, 0, 0, StockAnswer.None },
    };

    [Theory, MemberData(nameof(Table))]
    public void Each_message_moves_each_state_as_documented(
        State before, string message, State after, int onHand, int reserved, StockAnswer answer)
    {
        var reservation = In(before);
        var step = message switch
        {
            "request" => reservation.RequestAgain(),
            "commit" => reservation.Commit(Plenty),
            "commit uncovered" => reservation.Commit(None),
            "release" => reservation.Release(),
            _ => reservation.Expire(Now),
        };
        Assert.Equal(after, step.After.State);
        Assert.Equal(answer, step.Answer);
        var expected = onHand == 0 && reserved == 0
            ? []
            : reservation.Picks.Select(pick => (pick.Sku, onHand * pick.Quantity, reserved * pick.Quantity));
        Assert.Equal(expected, step.Changes.Select(change => (change.Sku, change.OnHand, change.Reserved)));
        Assert.All(step.Changes, change => Assert.Equal(change.OnHand != 0, change.Cause is not null));
    }

    [Fact]
    public void A_new_request_holds_every_line_until_its_time()
    {
        var step = Reservation.Request(Asked, Plenty, Now.AddMinutes(15));
        Assert.Equal(State.Held, step.After.State);
        Assert.Equal(Now.AddMinutes(15), step.After.HeldUntil);
        Assert.Equal([new StockChange("A", "main", 0, 2), new StockChange("B", "main", 0, 1)], step.Changes);
        Assert.Equal(StockAnswer.Reserved, step.Answer);
    }

    [Fact]
    public void A_new_request_that_cannot_be_met_changes_nothing_and_names_what_is_missing()
    {
        var step = Reservation.Request(Asked, None, Now);
        Assert.Equal((State.Refused, StockAnswer.Refused), (step.After.State, step.Answer));
        Assert.Equal(["A"], step.After.Missing);
        Assert.Empty(step.Changes);
    }

    [Fact]
    public void Lines_of_the_same_SKU_are_added_up()
    {
        var asked = new StockRequested(new Id<Reservation>(7), [new StockLine("A", 6), new StockLine("A", 5)]);
        Assert.Equal(StockAnswer.Refused, Reservation.Request(asked, Plenty, Now).Answer);
        var fewer = asked with { Lines = [new StockLine("A", 6), new StockLine("A", 4)] };
        Assert.Equal([new Pick("A", "main", 10)], Reservation.Request(fewer, Plenty, Now).After.Picks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void Less_than_one_of_something_is_refused(int quantity)
    {
        var step = Reservation.Request(Asked with { Lines = [new StockLine("A", 5), new StockLine("A", quantity)] }, Plenty, Now);
        Assert.Equal(StockAnswer.Refused, step.Answer);
        Assert.Equal(["A"], step.After.Missing);
        Assert.Empty(step.Changes);
    }

    [Fact]
    public void A_request_for_nothing_is_refused() =>
        Assert.Equal(StockAnswer.Refused, Reservation.Request(Asked with { Lines = [] }, Plenty, Now).Answer);

    [Fact]
    public void A_hold_does_not_expire_early() => Assert.Equal(State.Held, In(State.Held).Expire(Now.AddMilliseconds(-1)).After.State);

    [Fact]
    public void A_release_before_the_request_is_answered_and_the_request_then_refused()
    {
        var released = Reservation.ReleaseUnknown(Asked.Reservation, Now);
        Assert.Equal((State.Released, StockAnswer.Released), (released.After.State, released.Answer));
        var late = released.After.RequestAgain();
        Assert.Equal(StockAnswer.Refused, late.Answer);
        Assert.Empty(late.After.Missing);
    }
}
