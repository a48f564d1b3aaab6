using System.Numerics;
using Basin.Kernel.Hosting;
using Basin.Limits;
using Basin.Limits.Regions;
using Basin.Testing;

namespace Basin.Engines.Tests.Limits;

/// <summary>Limits that regions count together, without waiting for each other.</summary>
public sealed class RegionsTests(ITestOutputHelper output)
{
    private const int Seeds = 200;

    private static readonly LimitRule Rule = new(LimitAlgorithm.Gcra, Permits: 100, Period: TimeSpan.FromSeconds(1), Burst: 120);

    /// <summary>burst + rate x t + 2 x (regions - 1) x unsettled, whatever the network does and whoever asks where.</summary>
    [Fact]
    public void All_together_never_let_in_more_than_the_formula_says()
    {
        var worst = 0.0;
        for (var seed = 0; seed < Seeds; seed++)
        {
            var random = new Randomness(seed);
            var rule = new LimitRule(LimitAlgorithm.Gcra, 1 + random.Next(299), TimeSpan.FromMilliseconds(200 + random.Next(2800)), 1 + random.Next(199));
            var regions = new SimulatedRegions(rule, 1 + random.Next(33), seed) { Loss = random.Next(3) * 0.2, LongestDelayMs = 1 + random.Next(399) };
            for (var ms = 0; ms < 20_000; ms++)
            {
                if (ms % 1000 == 0)
                    ChangeNetwork(regions, random);
                foreach (var region in SimulatedRegions.All.Where(_ => random.Next(ms / 5000 % 2 == 0 ? 2 : 40) == 0))
                    Ask(regions, region, random);
                regions.Pass();
            }
            worst = Math.Max(worst, (double)regions.WorstParts / regions.PartsPerPermit / regions.Terms.Overshoot);
            Assert.True(
                regions.WorstParts <= (BigInteger)regions.Terms.Overshoot * regions.PartsPerPermit,
                $"Seed {seed}: {(double)regions.WorstParts / regions.PartsPerPermit:0.00} beyond a burst of {rule.Capacity}, where {regions.Terms.Overshoot} are said.");
        }
        output.WriteLine($"{worst:P0} of what is said was met.");
        Assert.True(worst > 0.3, $"Only {worst:P0} of what is said was ever met, so that much was never tried.");
    }

    [Fact]
    public void One_region_alone_has_nearly_the_whole_limit_while_nobody_asks_elsewhere()
    {
        var regions = new SimulatedRegions(Rule, unsettledPercent: 30, seed: 1);
        for (var ms = 0; ms < 20_000; ms++)
        {
            regions.Take("eu", 1);
            regions.Pass();
        }
        Assert.InRange(regions.Allowed, 0.95 * 20 * Rule.Permits, Rule.Capacity + (20 * Rule.Permits));
    }

    [Fact]
    public void A_region_that_has_lost_another_goes_by_its_part_of_the_rate_and_finds_back()
    {
        var regions = new SimulatedRegions(Rule, unsettledPercent: 30, seed: 1);
        // In one direction: what the other does not hear it does not confirm either.
        regions.Cut("eu", "us");
        Run(10_000);
        var before = regions.Allowed;
        Run(30_000);
        Assert.InRange(regions.Allowed - before, 0.95 * 10 * Rule.Permits, (10 * Rule.Permits) + regions.Terms.Unsettled);

        regions.Heal();
        Run(5_000);
        before = regions.Allowed;
        Run(10_000);
        Assert.InRange(regions.Allowed - before, 0.95 * 10 * Rule.Permits, Rule.Capacity + (10 * Rule.Permits));

        void Run(int milliseconds)
        {
            for (var ms = 0; ms < milliseconds; ms++)
            {
                regions.Take("eu", 1);
                regions.Pass();
            }
        }
    }

    [Fact]
    public void What_is_told_twice_counts_once()
    {
        var (here, there) = (new Pair("eu", "us"), new Pair("us", "eu"));
        here.Meet(there);
        Assert.True(here.Limiter.Take("ada", 5).IsAllowed);
        var told = here.Region.Tell("us");

        for (var i = 0; i < 3; i++)
            Assert.True(there.Region.Hear(told));

        // Of six permits each comes back after ten milliseconds.
        Assert.Equal(60_000, there.Limiter.Take("ada").ResetAfterUs);
    }

    [Fact]
    public void Nobody_lets_in_more_than_the_others_may_not_know()
    {
        var (here, there) = (new Pair("eu", "us"), new Pair("us", "eu"));
        here.Meet(there);

        for (var i = 0; i < here.Limiter.Terms.Unsettled; i++)
            Assert.True(here.Limiter.Take("ada").IsAllowed);

        Assert.Equal(new Decision(false, 0, 600_000, 100_000), here.Limiter.Take("ada"));
        Assert.Equal(Decision.Never, here.Limiter.Take("bea", here.Limiter.Terms.Unsettled + 1).RetryAfterUs);
    }

    [Fact]
    public void Work_that_was_refused_elsewhere_is_not_told()
    {
        var (here, there) = (new Pair("eu", "us"), new Pair("us", "eu"));
        here.Meet(there);
        here.Limiter.Take("ada", 5);
        here.Limiter.GiveBack("ada", 5);

        there.Region.Hear(here.Region.Tell("us"));

        Assert.Equal(10_000, there.Limiter.Take("ada").ResetAfterUs);
        Assert.Equal(10_000, here.Limiter.Take("ada").ResetAfterUs);
    }

    [Fact]
    public void What_is_given_back_and_taken_again_is_told_once()
    {
        var (here, there) = (new Pair("eu", "us"), new Pair("us", "eu"));
        here.Meet(there);
        for (var i = 0; i < 50; i++)
        {
            here.Limiter.Take("ada");
            here.Limiter.GiveBack("ada");
        }
        here.Limiter.Take("ada");

        there.Region.Hear(here.Region.Tell("us"));

        Assert.Equal(20_000, there.Limiter.Take("ada").ResetAfterUs);
    }

    /// <summary>Cuts of minutes, ways that heal one by one, hours in which nobody asks, and rules so slow that a bucket needs most of that to fill.</summary>
    [Fact]
    public void Nor_over_hours_in_which_the_network_is_cut_and_few_ask()
    {
        for (var seed = 0; seed < Seeds / 20; seed++)
        {
            var random = new Randomness(seed);
            var rule = new LimitRule(LimitAlgorithm.TokenBucket, 1 + random.Next(60), TimeSpan.FromMinutes(1 + random.Next(20)), 1 + random.Next(40));
            var regions = new SimulatedRegions(rule, 1 + random.Next(33), seed);
            for (var second = 0; second < 2 * 3600; second++)
            {
                if (second % 60 == 0)
                    ChangeNetwork(regions, random);
                foreach (var region in SimulatedRegions.All.Where(_ => random.Next(second / 600 % 3 == 0 ? 5 : 120) == 0))
                    Ask(regions, region, random);
                for (var tenth = 0; tenth < 10; tenth++)
                    regions.Pass(100);
            }
            Assert.True(
                regions.WorstParts <= (BigInteger)regions.Terms.Overshoot * regions.PartsPerPermit,
                $"Seed {seed}: {(double)regions.WorstParts / regions.PartsPerPermit:0.00} beyond a burst of {rule.Capacity}, where {regions.Terms.Overshoot} are said.");
        }
    }

    private static void ChangeNetwork(SimulatedRegions regions, Randomness random)
    {
        if (random.Next(4) == 0)
            regions.Heal();
        var (from, to) = (SimulatedRegions.All[random.Next(3)], SimulatedRegions.All[random.Next(3)]);
        if (random.Next(3) == 0)
            regions.Heal(from, to);
        if (random.Next(3) != 0)
            return;
        regions.Cut(from, to);
        if (random.Next(2) == 0)
            regions.Cut(to, from);
    }

    private static void Ask(SimulatedRegions regions, string region, Randomness random)
    {
        // Some are refused elsewhere afterwards; and now and then as many come at once as fit.
        if (random.Next(10) == 0 && regions.Take(region, 1))
            regions.GiveBack(region, 1);
        if (random.Next(200) == 0)
        {
            while (regions.Take(region, 1))
            {
            }
        }
        else
        {
            regions.Take(region, 1 + (random.Next(10) == 0 ? random.Next(5) : 0));
        }
    }

    /// <summary>One side of two regions.</summary>
    private sealed class Pair
    {
        private readonly string _name;

        public Pair(string here, string there)
        {
            _name = here;
            Region = new Region(new RegionsOptions { Here = here, Others = { [there] = new RegionOptions() }, UnsettledPercent = 50 }, $"{here}-1", new FakeClock());
            Limiter = new RegionalLimiter(Region.TermsOf(Rule), Region);
            Region.Use([("limit", Limiter)]);
        }

        public Region Region { get; }

        public RegionalLimiter Limiter { get; }

        /// <summary>Until each has the other's promise.</summary>
        public void Meet(Pair other)
        {
            for (var i = 0; i < 2; i++)
            {
                other.Region.Hear(Region.Tell(other._name));
                Region.Hear(other.Region.Tell(_name));
            }
        }
    }
}
