using Basin.Limits;
using Basin.Testing;

namespace Basin.Engines.Tests.Limits;

/// <summary>What every algorithm keeps to.</summary>
public sealed class LimiterContractTests
{
    private const long Permits = 10;

    private readonly FakeClock _clock = new();

    public static TheoryData<LimitAlgorithm> Algorithms => [.. Enum.GetValues<LimitAlgorithm>()];

    public static TheoryData<LimitAlgorithm> OfTime => [.. Enum.GetValues<LimitAlgorithm>().Except([LimitAlgorithm.Concurrency])];

    private Limiter LimiterOf(LimitAlgorithm algorithm, long permits = Permits, int maxKeys = Limiter.DefaultMaxKeys) =>
        Limiter.Of(new LimitRule(algorithm, permits, TimeSpan.FromSeconds(1)), _clock, maxKeys);

    private static int TakeAll(Limiter limiter, string key)
    {
        var taken = 0;
        while (limiter.TryTake(key))
            taken++;
        return taken;
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_burst_is_let_in_as_far_as_it_is_allowed(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        Assert.Equal(Permits, TakeAll(limiter, "ada"));
        var refused = limiter.Take("ada");
        Assert.Equal((false, 0L), (refused.IsAllowed, refused.Remaining));
    }

    [Theory]
    [MemberData(nameof(OfTime))]
    public void What_was_taken_comes_back_with_time(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        for (var round = 0; round < 5; round++)
        {
            Assert.Equal(Permits, TakeAll(limiter, "ada"));
            _clock.Advance(TimeSpan.FromSeconds(2));
        }
    }

    [Fact]
    public void What_goes_on_is_over_when_it_is_given_back()
    {
        var limiter = LimiterOf(LimitAlgorithm.Concurrency);
        Assert.Equal(Permits, TakeAll(limiter, "ada"));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.False(limiter.TryTake("ada"));
        limiter.GiveBack(Limiter.HashOf("ada"), 3);
        Assert.Equal(3, TakeAll(limiter, "ada"));
        limiter.GiveBack(Limiter.HashOf("ada"), 99);
        Assert.Equal(Permits, TakeAll(limiter, "ada"));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Nobody_takes_what_is_another_s(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        for (var i = 0; i < 1000; i++)
            limiter.TryTake("greedy");
        for (var i = 0; i < 500; i++)
            Assert.Equal(Permits, TakeAll(limiter, $"modest {i}"));
        Assert.Equal(501, limiter.Keys);
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Steps_of_the_wall_clock_give_nothing_and_take_nothing(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        TakeAll(limiter, "ada");
        _clock.StepWall(TimeSpan.FromDays(400));
        Assert.False(limiter.TryTake("ada"));
        _clock.StepWall(TimeSpan.FromDays(-800));
        Assert.False(limiter.TryTake("ada"));
        Assert.True(limiter.TryTake("bob"));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_cost_counts_as_so_many_and_is_taken_whole_or_not_at_all(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        Assert.True(limiter.TryTake("ada", 7));
        Assert.False(limiter.TryTake("ada", 4));
        Assert.Equal(3, TakeAll(limiter, "ada"));
        var tooMuch = limiter.Take("bob", Permits + 1);
        Assert.Equal((false, Permits, Decision.Never), (tooMuch.IsAllowed, tooMuch.Remaining, tooMuch.RetryAfterUs));
        Assert.False(limiter.TryTake("bob", long.MaxValue));
        Assert.True(limiter.TryTake("bob", Permits));
        Assert.Throws<ArgumentOutOfRangeException>(() => limiter.TryTake("bob", 0));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void What_is_given_back_can_be_taken_again(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        limiter.TryTake("ada", 4);
        TakeAll(limiter, "ada");
        limiter.GiveBack(Limiter.HashOf("ada"), 5);
        Assert.Equal(5, TakeAll(limiter, "ada"));
        // More than was ever taken is no gain.
        limiter.GiveBack(Limiter.HashOf("ada"), 1000);
        Assert.Equal(Permits, TakeAll(limiter, "ada"));
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void A_limit_of_nothing_lets_nothing_in(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm, permits: 0);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal((false, 0, Decision.Never), (limiter.Take("ada").IsAllowed, limiter.Take("ada").Remaining, limiter.Take("ada").RetryAfterUs));
            _clock.Advance(TimeSpan.FromDays(30));
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Huge_limits_and_endless_times_are_counted_exactly(LimitAlgorithm algorithm)
    {
        var permits = algorithm == LimitAlgorithm.SlidingLog ? LimitRule.MaxRemembered : LimitRule.MaxPermits;
        var limiter = Limiter.Of(new LimitRule(algorithm, permits, TimeSpan.FromMinutes(30)), _clock);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(limiter.TryTake("ada", permits - 1));
            Assert.True(limiter.TryTake("ada"));
            Assert.False(limiter.TryTake("ada"));
            if (algorithm == LimitAlgorithm.Concurrency)
                limiter.GiveBack(Limiter.HashOf("ada"), permits);
            _clock.Advance(TimeSpan.FromDays(365 * 50));
        }
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Many_who_ask_at_once_get_no_more_than_there_is(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm, permits: 5_000);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var count = 0;
            for (var i = 0; i < 2_000; i++)
            {
                if (limiter.TryTake("ada"))
                    count++;
            }
            return count;
        })));
        Assert.Equal(5_000, taken.Sum());
    }

    [Theory]
    [MemberData(nameof(OfTime))]
    public void Keys_are_forgotten_when_nothing_is_owed_and_not_before(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm);
        for (var i = 0; i < 10_000; i++)
            limiter.TryTake($"{i}", 1 + (i % Permits));
        limiter.Sweep();
        Assert.Equal(10_000, limiter.Keys);
        var full = limiter.Size;

        _clock.Advance(TimeSpan.FromSeconds(2));
        TakeAll(limiter, "ada");
        limiter.Sweep();
        Assert.Equal(1, limiter.Keys);
        Assert.False(limiter.TryTake("ada"));
        Assert.True(limiter.Size < full / 10 || algorithm == LimitAlgorithm.SlidingLog, $"{limiter.Size} of {full}");
    }

    /// <summary>An attacker with endless addresses: memory stays where it is, and what they may do together is little.</summary>
    [Theory]
    [MemberData(nameof(OfTime))]
    public void Keys_beyond_the_bound_share_what_is_allowed_to_one(LimitAlgorithm algorithm)
    {
        var limiter = LimiterOf(algorithm, maxKeys: 1000);
        Assert.True(limiter.TryTake("ada", 4));
        var allowed = 0;
        for (var i = 0; i < 50_000; i++)
            allowed += limiter.TryTake($"{i}", Permits) ? 1 : 0;

        // Each stripe of the table has such a shared cell.
        Assert.InRange(allowed, 900, 1000 + (4 * 64));
        Assert.InRange(limiter.Keys, 900, 1000);
        Assert.Equal(Permits - 4, TakeAll(limiter, "ada"));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.True(limiter.TryTake("bob", Permits));
    }

    [Fact]
    public void A_leaky_bucket_lets_in_at_a_steady_rate()
    {
        var limiter = LimiterOf(LimitAlgorithm.LeakyBucket);
        var turns = Enumerable.Range(0, 4).Select(_ => limiter.Take("ada").DelayUs).ToList();
        Assert.Equal([0, 100_000, 200_000, 300_000], turns);
        _clock.Advance(TimeSpan.FromMilliseconds(250));
        Assert.Equal(150_000, limiter.Take("ada").DelayUs);
    }

    [Fact]
    public void Two_bursts_meet_where_a_fixed_window_ends_and_in_no_other()
    {
        foreach (var (algorithm, atOnce) in new[]
        {
            (LimitAlgorithm.FixedWindow, 20), (LimitAlgorithm.SlidingLog, 10), (LimitAlgorithm.SlidingCounter, 10), (LimitAlgorithm.TokenBucket, 10),
        })
        {
            var clock = new FakeClock();
            var limiter = Limiter.Of(new LimitRule(algorithm, Permits, TimeSpan.FromSeconds(1)), clock);
            clock.Advance(TimeSpan.FromMilliseconds(999));
            var taken = TakeAll(limiter, "ada");
            clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal((algorithm, atOnce), (algorithm, taken + TakeAll(limiter, "ada")));
        }
    }

    [Theory]
    [InlineData(LimitAlgorithm.TokenBucket, -1, 1000, 0, "permits")]
    [InlineData(LimitAlgorithm.TokenBucket, 1_000_000_001, 1000, 0, "permits")]
    [InlineData(LimitAlgorithm.SlidingLog, 100_001, 1000, 0, "permits")]
    [InlineData(LimitAlgorithm.Gcra, 1_000_000_000, 86_400_000, 0, "permits")]
    [InlineData(LimitAlgorithm.Gcra, 1, 86_400_000, 1_000_000_000, "permits")]
    [InlineData(LimitAlgorithm.TokenBucket, 1, 1000, -1, "burst")]
    [InlineData(LimitAlgorithm.FixedWindow, 1, 1000, 1, "burst")]
    [InlineData(LimitAlgorithm.FixedWindow, 1, 0.5, 0, "period")]
    [InlineData(LimitAlgorithm.FixedWindow, 1, 2_678_400_001, 0, "period")]
    [InlineData((LimitAlgorithm)99, 1, 1000, 0, "algorithm")]
    public void A_rule_that_cannot_be_counted_is_refused(LimitAlgorithm algorithm, long permits, double periodMs, long burst, string member)
    {
        var rule = new LimitRule(algorithm, permits, TimeSpan.FromTicks((long)(periodMs * TimeSpan.TicksPerMillisecond)), burst);
        Assert.Equal(member, rule.Fault?.Member);
        Assert.Equal(member, Assert.Throws<ArgumentException>(() => Limiter.Of(rule, _clock)).ParamName);
    }
}
