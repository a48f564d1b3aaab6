using System.Numerics;
using Basin.Kernel.Hosting;
using Basin.Limits;
using Basin.Limits.Regions;
using Basin.Testing;

namespace Basin.Engines.Tests.Limits;

/// <summary>
/// Three regions that count one limit, and a network between them that delays, loses and repeats, and that may be cut in one direction or in both. All from a
/// seed. Beside them a bucket that knows at once whatever is let in anywhere, in numbers without end.
/// </summary>
internal sealed class SimulatedRegions
{
    public const string Key = "ada";

    private static readonly string[] Names = ["ap", "eu", "us"];

    private readonly LimitRule _rule;
    private readonly Randomness _random;
    private readonly FakeClock _clock = new();
    private readonly Dictionary<string, (Region Region, RegionalLimiter Limiter)> _regions = [];
    private readonly PriorityQueue<Action, (long AtUs, int Number)> _network = new();
    private readonly HashSet<(string From, string To)> _cut = [];
    private BigInteger _level;
    private long _levelAtUs;
    private long _nowUs;
    private int _sent;

    public SimulatedRegions(LimitRule rule, int unsettledPercent, int seed)
    {
        (_rule, _random) = (rule, new Randomness(seed));
        foreach (var name in Names)
        {
            var options = new RegionsOptions
            {
                Here = name,
                Others = Names.Where(other => other != name).ToDictionary(other => other, _ => new RegionOptions()),
                UnsettledPercent = unsettledPercent,
                LostAfter = TimeSpan.FromSeconds(3),
            };
            var region = new Region(options, $"{name}-1", _clock);
            var limiter = new RegionalLimiter(region.TermsOf(rule), region);
            region.Use([("limit", limiter)]);
            _regions[name] = (region, limiter);
        }
    }

    public static IReadOnlyList<string> All => Names;

    public RegionalTerms Terms => _regions[Names[0]].Limiter.Terms;

    /// <summary>What the network does to a message: 0 to 1.</summary>
    public double Loss { get; set; }

    public int LongestDelayMs { get; set; } = 80;

    /// <summary>How far all together have been beyond the burst at most, in parts of which a permit has as many as the period has microseconds.</summary>
    public BigInteger WorstParts { get; private set; }

    public long Allowed { get; private set; }

    public long PartsPerPermit => _rule.Period.Ticks / TimeSpan.TicksPerMicrosecond;

    public void Cut(string from, string to) => _cut.Add((from, to));

    public void Heal() => _cut.Clear();

    public void Heal(string from, string to) => _cut.Remove((from, to));

    /// <summary>Somebody asks somewhere.</summary>
    public bool Take(string region, long cost)
    {
        if (!_regions[region].Limiter.Take(Key, cost).IsAllowed)
            return false;
        Allowed += cost;
        _level = BigInteger.Max(0, _level - ((_nowUs - _levelAtUs) * (BigInteger)_rule.Permits)) + (cost * PartsPerPermit);
        _levelAtUs = _nowUs;
        WorstParts = BigInteger.Max(WorstParts, _level - (_rule.Capacity * PartsPerPermit));
        return true;
    }

    public void GiveBack(string region, long cost)
    {
        _regions[region].Limiter.GiveBack(Key, cost);
        _level = BigInteger.Max(0, _level - (cost * PartsPerPermit));
        Allowed -= cost;
    }

    /// <summary>Time passes, messages arrive, and every tenth of a second the regions tell each other.</summary>
    /// <param name="milliseconds">A divisor of 100, or 100.</param>
    public void Pass(int milliseconds = 1)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _nowUs += 1000L * milliseconds;
        while (_network.TryPeek(out var arrives, out var when) && when.AtUs <= _nowUs)
        {
            _network.Dequeue();
            arrives();
        }
        if (_nowUs % 100_000 == 0)
            SettleAll();
        if (_nowUs % 10_000_000 == 0)
        {
            foreach (var (region, _) in _regions.Values)
                region.Sweep();
        }
    }

    private void SettleAll()
    {
        foreach (var from in Names)
        {
            foreach (var to in Names.Where(other => other != from))
                Ask(from, to);
        }
    }

    private void Ask(string from, string to)
    {
        var told = _regions[from].Region.Tell(to);
        Send(from, to, () =>
        {
            Assert.True(_regions[to].Region.Hear(told));
            var answer = _regions[to].Region.Tell(from);
            Send(to, from, () => Assert.True(_regions[from].Region.Hear(answer)));
        });
    }

    private void Send(string from, string to, Action arrives)
    {
        if (_cut.Contains((from, to)) || _random.NextDouble() < Loss)
            return;
        // Some arrive twice.
        for (var copies = _random.Next(10) == 0 ? 2 : 1; copies > 0; copies--)
            _network.Enqueue(arrives, (_nowUs + (1000L * (1 + _random.Next(LongestDelayMs))), _sent++));
    }
}
