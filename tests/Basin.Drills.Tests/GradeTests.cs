using static Basin.Drills.Tests.Sightings;

namespace Basin.Drills.Tests;

/// <summary>The grades are pure: what was seen goes in, a number comes out.</summary>
public sealed class GradeTests
{
    private static readonly FaultTime Fault = new("kill -9", 2, 4);

    [Fact]
    public void Findings_are_counted_and_the_first_are_told()
    {
        var seen = Nothing with { Findings = new Findings(["a", "b", "c", "d", "e", "f"], [], ["w"], []) };

        var (_, lost, passed, examples) = Grade.Lost.Judge(seen);

        Assert.Equal((6, false), (lost, passed));
        Assert.Equal(["a", "b", "c", "d", "e"], examples);
        Assert.True(Grade.Doubled.Judge(seen).Passed);
        Assert.False(Grade.Books.Judge(seen).Passed);
    }

    [Fact]
    public void Recovery_ends_with_the_first_customer_after_whom_all_are_served_at_once()
    {
        var seen = Nothing with
        {
            Faults = [Fault],
            Visits = [Served(1), Served(3, 900, tries: 4), Served(5, tries: 2), Served(6), Served(7, milliseconds: 3_000), Served(7.5), Served(8)],
        };

        Assert.Equal(3.5, Grade.Recovers(5).Judge(seen).Measured);
        Assert.True(Grade.Recovers(3.5).Judge(seen).Passed);
        Assert.False(Grade.Recovers(3.4).Judge(seen).Passed);
    }

    [Fact]
    public void Nobody_who_comes_afterwards_is_no_proof_of_a_recovery()
    {
        Assert.False(Grade.Recovers(60).Judge(Nothing with { Faults = [Fault], Visits = [Served(1)] }).Passed);
        Assert.False(Grade.Recovers(60).Judge(Nothing with { Faults = [Fault], Visits = [Served(5), Lost(6)] }).Passed);
        Assert.Equal(0, Grade.Recovers(60).Judge(Nothing with { Faults = [Fault], Visits = [Served(5)] }).Measured);
    }

    [Fact]
    public void Errors_and_refusals_are_parts_of_the_tries_of_their_class()
    {
        var seen = Nothing with
        {
            Tries =
            [
                Tried(1, Reply.Done), Tried(1, Reply.Refused), Tried(1, Reply.Error), Tried(1, Reply.Silence), Tried(1, Reply.Rejected, kind: Kind.Browse),
            ],
        };

        Assert.Equal(50, Grade.Errors(Kind.Checkout, 0).Judge(seen).Measured);
        Assert.Equal(25, Grade.Refusals(Kind.Checkout, 0).Judge(seen).Measured);
        Assert.Equal(100, Grade.Errors(Kind.Browse, 0).Judge(seen).Measured);
        Assert.Equal(0, Grade.Errors(Kind.Cart, 0).Judge(seen).Measured);
        Assert.Equal(3, Grade.Felt().Judge(seen).Measured);
    }

    [Fact]
    public void A_slowdown_compares_the_fault_with_what_was_before_it()
    {
        var seen = Nothing with { Faults = [Fault], Visits = [Served(1, 10), Served(1.5, 20), Served(2.5, 100), Served(3.5, 80), Served(5, 9_000)] };

        Assert.Equal(8, Grade.Slowdown(Kind.Checkout, 8).Judge(seen).Measured);
        Assert.False(Grade.Slowdown(Kind.Cart, 8).Judge(seen).Passed);
    }

    [Fact]
    public void At_the_tail_only_what_came_when_the_host_was_warm_is_compared()
    {
        var seen = Nothing with { Faults = [new FaultTime("x", 10, 12)], Visits = [Served(1, 9_000), Served(6, 10), Served(7, 20), Served(11, 100), Served(11.5, 30)] };

        Assert.Equal(5, Grade.SlowdownAtTheTail(Kind.Checkout, 8).Judge(seen).Measured);
    }

    [Fact]
    public void Who_was_with_the_host_when_the_fault_began_and_got_nothing_was_cut_off()
    {
        var seen = Nothing with
        {
            Faults = [Fault],
            Tries = [Tried(1.9, Reply.Done, 300), Tried(1.9, Reply.Silence, 300), Tried(1.9, Reply.Silence, 50), Tried(2.1, Reply.Silence, 300)],
        };

        Assert.Equal(1, Grade.CutOff.Judge(seen).Measured);
        Assert.Equal(2, Grade.UnderWay(1).Judge(seen).Measured);
    }

    [Fact]
    public void Ids_go_backwards_only_between_things_that_were_made_one_after_the_other()
    {
        var seen = Nothing with { Visits = [Served(1, 500, id: "ord_5"), Served(1.2, id: "ord_4"), Served(2, id: "ord_3"), Served(3, id: "ord_6")] };

        Assert.Equal(1, Grade.IdsBackwards.Judge(seen).Measured);
    }

    [Fact]
    public void Goodput_memory_and_notes_are_what_was_seen()
    {
        var seen = Nothing with
        {
            Visits = [Served(1), Served(2), Lost(3)],
            Memory = [new MemorySample(1, 90_000_000), new MemorySample(2, 120_000_000)],
            Notes = new Dictionary<string, double> { ["Dead letters"] = 3 },
        };

        Assert.Equal(0.2, Grade.Goodput(Kind.Checkout, 1).Judge(seen).Measured);
        Assert.Equal(120, Grade.Memory(100).Judge(seen).Measured);
        Assert.False(Grade.Noted("Dead letters", 2).Judge(seen).Passed);
        Assert.True(Grade.NotedAtLeast("Dead letters", 2).Judge(seen).Passed);
        Assert.False(Grade.Noted("What nobody has noted", 1000).Judge(seen).Passed);
        Assert.False(Grade.NotedAtLeast("What nobody has noted", 0).Judge(seen).Passed);
    }

    [Theory]
    [InlineData(0.5, 2)]
    [InlineData(0.99, 4)]
    [InlineData(1, 4)]
    [InlineData(0, 1)]
    public void A_percentile_is_the_nearest_rank(double part, double expected) => Assert.Equal(expected, Percentile.Of([3, 1, 4, 2], part));
}
