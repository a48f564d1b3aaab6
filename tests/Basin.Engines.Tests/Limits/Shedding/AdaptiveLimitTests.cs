using Basin.Limits;

namespace Basin.Engines.Tests.Limits.Shedding;

/// <summary>The limit that the host finds, against simulated hosts whose capacity is known. Each case runs from its seed.</summary>
public sealed class AdaptiveLimitTests
{
    private const int Seconds = 20;
    private static readonly AdaptiveLimit Rule = new(Least: 8, Most: 1024, Target: TimeSpan.FromMilliseconds(15));

    public static TheoryData<int, int, double> Hosts => new()
    {
        { 1, 1, 0.001 }, { 2, 2, 0.001 }, { 3, 2, 0.0005 }, { 4, 4, 0.002 }, { 5, 8, 0.001 }, { 6, 2, 0.004 }, { 7, 16, 0.003 },
    };

    private static IReadOnlyList<SimulatedSecond> Run(
        int seed, Func<double, SimulatedShape> shape, Func<double, double> arrivals, int seconds = Seconds, int clients = 0) =>
        new SimulatedHost(seed, shape, arrivals, new StandingQueueLimit(Rule, Rule.Most), clients).Run(seconds);

    private static double Rate(IEnumerable<SimulatedSecond> seconds) => seconds.Average(second => second.Seconds.Count);

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Ten_times_what_a_host_can_do_leaves_it_doing_nearly_all_that_it_can(int seed, int cores, double work)
    {
        var shape = new SimulatedShape(cores, work);
        var settled = Run(seed, _ => shape, _ => 10 * shape.Capacity).Skip(5).ToList();

        Assert.InRange(Rate(settled) / shape.Capacity, 0.95, 1.05);
        // The limit is what the processors work on and what may stand before them, give or take a cut.
        var found = Math.Max(Rule.Least, cores + (Rule.Target.TotalSeconds * shape.Capacity));
        Assert.All(settled.SelectMany(second => second.Limits), limit => Assert.InRange(limit, found / 3, (found * 2) + 12));
        Assert.All(settled, second => Assert.InRange(second.Quantile(0.99), 0, (4 * Rule.Target.TotalSeconds) + (10 * work)));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Half_the_capacity_is_found_within_two_seconds_and_so_is_the_whole_again(int seed, int cores, double work)
    {
        var whole = new SimulatedShape(cores, work);
        var half = whole with { WorkSeconds = work * 2 };

        var ran = Run(seed, now => now is >= 10 and < 20 ? half : whole, _ => 3 * whole.Capacity, seconds: 30);

        Assert.InRange(Rate(ran.Skip(12).Take(8)) / half.Capacity, 0.95, 1.05);
        Assert.InRange(Rate(ran.Skip(22)) / whole.Capacity, 0.95, 1.05);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Next_to_nobody_meets_the_limit_where_the_host_can_do_what_is_asked(int seed, int cores, double work)
    {
        var shape = new SimulatedShape(cores, work);

        var ran = Run(seed, _ => shape, _ => 0.8 * shape.Capacity);

        Assert.InRange(ran.Sum(second => second.Refused), 0, ran.Sum(second => second.Arrived) / 100);
    }

    /// <summary>All who ask at once are served by the same commit: they take long, and none of them waits for a processor.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(256)]
    public void Clients_who_wait_for_one_commit_are_not_taken_for_a_queue(int clients)
    {
        var shape = new SimulatedShape(Cores: 2, WorkSeconds: 0.0001, CommitSeconds: 0.02);

        var ran = Run(seed: 11, _ => shape, _ => 0, clients: clients);

        Assert.Equal(0, ran.Sum(second => second.Refused));
        Assert.InRange(ran[^1].Quantile(0.5), 0.02, 0.08);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public void Normal_service_is_back_as_soon_as_the_load_has_gone(int seed, int cores, double work)
    {
        var shape = new SimulatedShape(cores, work);

        var ran = Run(seed, _ => shape, now => (now < 10 ? 10 : 0.5) * shape.Capacity);

        Assert.InRange(ran.Skip(11).Sum(second => second.Refused), 0, ran.Skip(11).Sum(second => second.Arrived) / 1000);
        Assert.All(ran.Skip(11), second => Assert.InRange(second.Quantile(0.99), 0, Rule.Target.TotalSeconds + (12 * work)));
    }

    [Fact]
    public void However_long_a_queue_stands_as_many_as_the_least_are_let_in()
    {
        var limit = 1024.0;
        for (var look = 0; look < 100; look++)
        {
            limit = Rule.Next(limit, new LoadWindow(TimeSpan.FromSeconds(10), Peak: (int)limit, InFlight: 0, IsReached: true));
            Assert.InRange(limit, Rule.Least, 1024);
        }
        Assert.Equal(Rule.Least, limit);
    }

    [Fact]
    public void However_short_the_queue_no_more_than_the_most_are_let_in()
    {
        var limit = 8.0;
        for (var look = 0; look < 1000; look++)
            limit = Rule.Next(limit, new LoadWindow(TimeSpan.Zero, Peak: (int)limit, InFlight: (int)limit, IsReached: true));
        Assert.Equal(Rule.Most, limit);
    }

    [Fact]
    public void A_limit_that_nobody_reaches_stays() =>
        Assert.Equal(100, Rule.Next(100, new LoadWindow(TimeSpan.FromMilliseconds(3), Peak: 40, InFlight: 10, IsReached: false)));

    [Fact]
    public void A_cut_takes_effect_before_the_next_one()
    {
        var queue = TimeSpan.FromMilliseconds(60);
        var once = Rule.Next(400, new LoadWindow(queue, Peak: 400, InFlight: 390, IsReached: true));
        Assert.Equal(200, once);
        Assert.Equal(200, Rule.Next(once, new LoadWindow(queue, Peak: 390, InFlight: 260, IsReached: true)));
        Assert.Equal(100, Rule.Next(once, new LoadWindow(queue, Peak: 260, InFlight: 190, IsReached: true)));
    }

    [Fact]
    public void A_limit_that_was_never_used_is_cut_from_what_was() =>
        Assert.Equal(30, Rule.Next(1024, new LoadWindow(TimeSpan.FromMilliseconds(100), Peak: 60, InFlight: 50, IsReached: false)));
}
