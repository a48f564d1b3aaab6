using Basin.Kernel.Load;
using Basin.Limits;
using Basin.Testing;

namespace Basin.Engines.Tests.Limits.Shedding;

/// <summary>Who is let in, who waits and who is refused.</summary>
public sealed class GateTests
{
    private readonly FakeClock _clock = new();

    private Gate Of(int limit, int mostWaiting = 4) => new(
        new SheddingOptions { MostInFlight = limit, FirstInFlight = limit, LeastInFlight = 1, MostWaiting = mostWaiting }, _clock);

    private static Gate.Waiter WaiterOf(Gate gate, RequestClass requestClass)
    {
        Assert.Equal(Admission.Waits, gate.Enter(requestClass, out var waiter));
        return waiter!;
    }

    private static int Fill(Gate gate, RequestClass requestClass)
    {
        for (var count = 0; ; count++)
        {
            if (gate.Enter(requestClass, out _) != Admission.In)
                return count;
        }
    }

    [Fact]
    public void The_lower_the_class_the_smaller_the_part_that_it_may_fill()
    {
        Assert.Equal(40, Fill(Of(100), RequestClass.Background));
        Assert.Equal(65, Fill(Of(100), RequestClass.Browse));
        Assert.Equal(75, Fill(Of(100), RequestClass.Cart));
        Assert.Equal(100, Fill(Of(100), RequestClass.Checkout));
    }

    [Fact]
    public void Whoever_buys_is_let_in_past_those_who_look_around()
    {
        var gate = Of(100);
        Fill(gate, RequestClass.Browse);

        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Cart, out _));
    }

    [Fact]
    public void A_place_that_is_free_goes_to_the_highest_class_that_waits()
    {
        var gate = Of(4);
        Fill(gate, RequestClass.Checkout);
        // The filling has left one that waits.
        gate.Leave(RequestClass.Checkout);
        var (browse, cart, checkout) = (WaiterOf(gate, RequestClass.Browse), WaiterOf(gate, RequestClass.Cart), WaiterOf(gate, RequestClass.Checkout));

        gate.Leave(RequestClass.Checkout);
        Assert.True(checkout.IsIn);
        Assert.Null(cart.IsIn);

        gate.Leave(RequestClass.Checkout);
        gate.Leave(RequestClass.Checkout);
        Assert.True(cart.IsIn);
        Assert.Null(browse.IsIn);
    }

    [Fact]
    public void Nobody_overtakes_those_of_the_own_class()
    {
        var gate = Of(1);
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        var (first, second) = (WaiterOf(gate, RequestClass.Checkout), WaiterOf(gate, RequestClass.Checkout));

        gate.Leave(RequestClass.Checkout);

        Assert.True(first.IsIn);
        Assert.Null(second.IsIn);
    }

    [Fact]
    public void Whoever_has_waited_as_long_as_the_class_may_is_refused_the_lower_classes_first()
    {
        var gate = Of(1);
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        var (background, browse, checkout) =
            (WaiterOf(gate, RequestClass.Background), WaiterOf(gate, RequestClass.Browse), WaiterOf(gate, RequestClass.Checkout));

        Pass(300);
        Assert.False(background.IsIn);
        Assert.Null(browse.IsIn);
        Pass(300);
        Assert.False(browse.IsIn);
        Assert.Null(checkout.IsIn);
        Pass(500);
        Assert.False(checkout.IsIn);

        void Pass(int milliseconds)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            gate.Expire();
        }
    }

    [Fact]
    public void A_place_is_not_given_to_whoever_has_waited_too_long()
    {
        var gate = Of(1);
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        var late = WaiterOf(gate, RequestClass.Checkout);
        _clock.Advance(TimeSpan.FromSeconds(2));
        var fresh = WaiterOf(gate, RequestClass.Checkout);

        gate.Leave(RequestClass.Checkout);

        Assert.False(late.IsIn);
        Assert.True(fresh.IsIn);
    }

    [Fact]
    public void Where_the_turn_would_not_come_in_time_there_is_no_waiting()
    {
        var gate = Of(2, mostWaiting: 1000);
        // One leaves each 100 ms, so that ten are served within the second that a checkout may wait.
        Fill(gate, RequestClass.Checkout);
        for (var look = 0; look < 20; look++)
        {
            gate.Leave(RequestClass.Checkout);
            gate.Enter(RequestClass.Checkout, out _);
            gate.Adapt(new AdaptiveLimit(1, 2, TimeSpan.FromMilliseconds(15)), TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        }

        while (gate.State.Waiting < 11)
            WaiterOf(gate, RequestClass.Checkout);
        Assert.Equal(Admission.Refused, gate.Enter(RequestClass.Checkout, out _));
    }

    [Fact]
    public void A_queue_that_stands_is_cut_short_until_nobody_was_refused_for_a_while()
    {
        var gate = Of(1);
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        WaiterOf(gate, RequestClass.Checkout);
        Pass(1001);

        var next = WaiterOf(gate, RequestClass.Checkout);
        Pass(299);
        Assert.Null(next.IsIn);
        Pass(2);
        Assert.False(next.IsIn);

        Pass(1001);
        var later = WaiterOf(gate, RequestClass.Checkout);
        Pass(999);
        Assert.Null(later.IsIn);

        void Pass(int milliseconds)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
            gate.Expire();
        }
    }

    [Fact]
    public void Where_a_higher_class_was_refused_a_moment_ago_a_lower_one_is_not_let_in()
    {
        var gate = Of(10, mostWaiting: 0);
        var filled = Fill(gate, RequestClass.Cart);
        for (var place = 0; place < filled; place++)
            gate.Leave(RequestClass.Cart);

        Assert.Equal(Admission.Refused, gate.Enter(RequestClass.Browse, out _));
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Cart, out _));
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        _clock.Advance(TimeSpan.FromMilliseconds(501));
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Browse, out _));
    }

    [Fact]
    public void Who_stays_outside_for_the_sake_of_others_does_not_raise_the_limit()
    {
        var gate = new Gate(new SheddingOptions { FirstInFlight = 10, MostInFlight = 1000, LeastInFlight = 1, MostWaiting = 0 }, _clock);
        var limit = new AdaptiveLimit(1, 1000, TimeSpan.FromMilliseconds(15));
        var filled = Fill(gate, RequestClass.Checkout);
        for (var place = 0; place < filled; place++)
            gate.Leave(RequestClass.Checkout);
        gate.Adapt(limit, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
        var before = gate.State.Limit;

        Assert.Equal(Admission.Refused, gate.Enter(RequestClass.Browse, out _));
        gate.Adapt(limit, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));

        Assert.Equal(before, gate.State.Limit);
    }

    [Fact]
    public void No_more_wait_than_may()
    {
        var gate = Of(8, mostWaiting: 3);
        Fill(gate, RequestClass.Checkout);
        // The filling has left one that waits.
        WaiterOf(gate, RequestClass.Checkout);
        WaiterOf(gate, RequestClass.Checkout);

        Assert.Equal(Admission.Refused, gate.Enter(RequestClass.Checkout, out _));
    }

    [Fact]
    public void A_client_that_has_gone_takes_no_place()
    {
        var gate = Of(1);
        Assert.Equal(Admission.In, gate.Enter(RequestClass.Checkout, out _));
        var (gone, next) = (WaiterOf(gate, RequestClass.Checkout), WaiterOf(gate, RequestClass.Checkout));

        Assert.True(gate.GiveUp(gone));
        gate.Leave(RequestClass.Checkout);

        Assert.False(gone.IsIn);
        Assert.True(next.IsIn);
        Assert.Equal((1, 1L), (gate.State.InFlight, gate.State.Classes[(int)RequestClass.Checkout].Gone));
    }

    [Fact]
    public void Answers_that_stay_are_no_work_yet_come_in_only_where_work_does()
    {
        var gate = Of(4);
        for (var stays = 0; stays < 100; stays++)
            Assert.True(gate.Stay(RequestClass.Browse));
        Assert.Equal((0, 100), (gate.State.InFlight, gate.State.Staying));

        Fill(gate, RequestClass.Browse);
        Assert.False(gate.Stay(RequestClass.Browse));
        gate.EndStay(RequestClass.Browse);
        Assert.Equal(99, gate.State.Staying);
    }

    [Fact]
    public async Task However_threads_come_and_go_every_place_is_given_back()
    {
        var gate = Of(16, mostWaiting: 64);
        await Parallel.ForEachAsync(Enumerable.Range(0, 20_000), TestContext.Current.CancellationToken, async (request, _) =>
        {
            var requestClass = (RequestClass)(request % 4);
            var admission = gate.Enter(requestClass, out var waiter);
            if (admission == Admission.Waits && request % 7 == 0 && gate.GiveUp(waiter!))
                return;
            if (admission == Admission.In || (admission == Admission.Waits && await waiter!.Turn))
            {
                Assert.InRange(gate.State.InFlight, 1, 16);
                gate.Leave(requestClass);
            }
        });

        var state = gate.State;
        Assert.Equal((0, 20_000L), (state.InFlight, state.Classes.Sum(counts => counts.Served + counts.Refused + counts.Gone)));
    }
}
