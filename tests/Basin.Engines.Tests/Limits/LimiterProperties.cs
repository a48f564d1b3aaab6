using Basin.Limits;
using Basin.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Engines.Tests.Limits;

/// <summary>Limiters against what their algorithms mean.</summary>
public sealed class LimiterProperties
{
    private const string Key = "ada";

    /// <summary>Small and odd numbers, so that nothing divides anything; and large ones, where numbers end.</summary>
    private static readonly long[] Permits = [0, 1, 2, 3, 7, 10, 97, 100_000];
    private static readonly long[] PeriodsUs = [1_000, 1_001, 3_333, 1_000_000, 86_400_000_000, 2_678_400_000_000];
    private static readonly long[] Bursts = [0, 1, 5, 50];

    public static TheoryData<LimitAlgorithm> Algorithms => [.. Enum.GetValues<LimitAlgorithm>()];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Every_decision_is_that_of_the_model(LimitAlgorithm algorithm) => ForAll(algorithm, (rule, random) =>
    {
        var clock = new FakeClock();
        var (limiter, model) = (Limiter.Of(rule, clock), new LimitModel(rule));
        var nowUs = 0L;
        while (random.HasMore)
        {
            nowUs += Pass(clock, rule, random);
            var cost = CostOf(rule, random);
            var looked = limiter.Look(Limiter.HashOf(Key), cost);
            var decision = limiter.Take(Key, cost);
            var delayUs = decision.IsAllowed && algorithm == LimitAlgorithm.LeakyBucket ? model.DelayUs(nowUs) : 0;
            Assert.Equal((model.Take(nowUs, cost), delayUs), (decision.IsAllowed, decision.DelayUs));
            Assert.Equal(decision.IsAllowed, looked.IsAllowed);
        }
    });

    /// <summary>Somebody who waits as long as they were told is let in, and a microsecond before that they are not.</summary>
    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Nobody_is_told_to_come_back_too_early_or_too_late(LimitAlgorithm algorithm) => ForAll(algorithm, (rule, random) =>
    {
        var clock = new FakeClock();
        var limiter = Limiter.Of(rule, clock);
        while (random.HasMore)
        {
            Pass(clock, rule, random);
            var cost = CostOf(rule, random);
            var decision = limiter.Take(Key, cost);
            if (decision.IsAllowed || algorithm == LimitAlgorithm.Concurrency)
                continue;
            Assert.Equal(cost > rule.Capacity || rule.Permits == 0, decision.RetryAfterUs == Decision.Never);
            if (decision.RetryAfterUs == Decision.Never)
                continue;
            clock.Advance(TimeSpan.FromMicroseconds(decision.RetryAfterUs - 1));
            Assert.False(limiter.TryTake(Key, cost));
            clock.Advance(TimeSpan.FromMicroseconds(1));
            Assert.True(limiter.TryTake(Key, cost));
        }
    });

    /// <summary>What remains can be taken, and no more; when the reset has come there is all of it, and the key is forgotten.</summary>
    [Theory]
    [MemberData(nameof(Algorithms))]
    public void What_remains_and_when_all_is_back_is_told_truly(LimitAlgorithm algorithm) => ForAll(algorithm, (rule, random) =>
    {
        var clock = new FakeClock();
        var limiter = Limiter.Of(rule, clock);
        while (random.HasMore)
        {
            Pass(clock, rule, random);
            var decision = limiter.Take(Key, CostOf(rule, random));
            Assert.False(limiter.TryTake(Key, decision.Remaining + 1));
            if (decision.Remaining > 0 && random.Next(2) == 0)
                Assert.True(limiter.TryTake(Key, decision.Remaining));
            if (random.Next(8) > 0 || algorithm == LimitAlgorithm.Concurrency)
                continue;
            clock.Advance(TimeSpan.FromMicroseconds(limiter.Look(Limiter.HashOf(Key)).ResetAfterUs));
            limiter.Sweep();
            Assert.Equal(0, limiter.Keys);
            if (rule.Permits > 0)
                Assert.True(limiter.TryTake(Key, rule.Capacity));
        }
    });

    [Fact]
    public void Gcra_decides_as_a_token_bucket() => ForAll(LimitAlgorithm.Gcra, (rule, random) =>
    {
        var clock = new FakeClock();
        var (gcra, bucket) = (Limiter.Of(rule, clock), Limiter.Of(rule with { Algorithm = LimitAlgorithm.TokenBucket }, clock));
        while (random.HasMore)
        {
            Pass(clock, rule, random);
            var cost = CostOf(rule, random);
            Assert.Equal(bucket.Take(Key, cost), gcra.Take(Key, cost));
        }
    });

    private static void ForAll(LimitAlgorithm algorithm, Action<LimitRule, Choices> property) => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ArrayOf(300).ToArbitrary(),
        choices =>
        {
            var random = new Choices(choices);
            var hasBurst = algorithm is LimitAlgorithm.TokenBucket or LimitAlgorithm.LeakyBucket or LimitAlgorithm.Gcra;
            property(
                new LimitRule(
                    algorithm, random.OneOf(Permits), TimeSpan.FromMicroseconds(random.OneOf(PeriodsUs)), hasBurst ? random.OneOf(Bursts) : 0),
                random);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    /// <summary>Lets time pass: mostly none, or some part of a period, or so much that all is forgotten.</summary>
    private static long Pass(FakeClock clock, LimitRule rule, Choices random)
    {
        var periodUs = rule.Period.Ticks / TimeSpan.TicksPerMicrosecond;
        var us = random.Next(8) switch
        {
            < 3 => 0,
            < 5 => random.Next(10),
            < 7 => periodUs * random.Next(1000) / 700,
            _ => periodUs * random.Next(5),
        };
        clock.Advance(TimeSpan.FromMicroseconds(us));
        return us;
    }

    private static long CostOf(LimitRule rule, Choices random) => random.Next(6) switch
    {
        < 3 => 1,
        3 => 1 + random.Next(3),
        4 => Math.Max(1, rule.Capacity / (1 + random.Next(4))),
        _ => rule.Capacity + random.Next(2) + (rule.Capacity == 0 ? 1 : 0),
    };

    /// <summary>Chance that FsCheck can make smaller.</summary>
    private sealed class Choices(int[] choices)
    {
        private int _next;

        public bool HasMore => _next < choices.Length;

        public int Next(int maximum) => _next < choices.Length ? choices[_next++] % maximum : 0;

        public long OneOf(long[] values) => values[Next(values.Length)];
    }
}
