using System.Numerics;
using Basin.Limits;

namespace Basin.Engines.Tests.Limits;

/// <summary>
/// What the algorithms mean, said by everything that was ever taken: sums over a history in numbers without end. Too slow and too large for use, and with
/// nothing in common with how it is done.
/// </summary>
internal sealed class LimitModel(LimitRule rule)
{
    private readonly List<(BigInteger AtUs, BigInteger Cost)> _taken = [];
    private readonly BigInteger _permits = rule.Permits;
    private readonly BigInteger _periodUs = rule.Period.Ticks / TimeSpan.TicksPerMicrosecond;

    public bool Take(long nowUs, long cost)
    {
        var isAllowed = cost <= rule.Capacity && rule.Algorithm switch
        {
            LimitAlgorithm.FixedWindow => SumOf(WindowOf(nowUs)) + cost <= _permits,
            LimitAlgorithm.SlidingLog => _taken.Where(one => one.AtUs > nowUs - _periodUs).Aggregate(BigInteger.Zero, (sum, one) => sum + one.Cost) + cost <= _permits,
            LimitAlgorithm.SlidingCounter => IsAllowedByCounters(nowUs, cost),
            LimitAlgorithm.Concurrency => _taken.Aggregate(BigInteger.Zero, (sum, one) => sum + one.Cost) + cost <= _permits,
            _ => BacklogAt(nowUs) + (cost * _periodUs) <= rule.Capacity * _periodUs && rule.Permits > 0,
        };
        if (isAllowed)
            _taken.Add((nowUs, cost));
        return isAllowed;
    }

    /// <summary>Until somebody who comes now has their turn at the end of a bucket that leaks.</summary>
    public BigInteger DelayUs(long nowUs) => (BacklogAt(nowUs) + _permits - 1) / _permits;

    /// <summary>
    /// A bucket holds what came since any moment, without what may go since then: since the moment from which on that is most. In parts, of which a permit
    /// has as many as the period has microseconds.
    /// </summary>
    private BigInteger BacklogAt(long nowUs)
    {
        var (most, since) = (BigInteger.Zero, BigInteger.Zero);
        foreach (var (atUs, cost) in Enumerable.Reverse(_taken))
        {
            since += cost * _periodUs;
            most = BigInteger.Max(most, since - ((nowUs - atUs) * _permits));
        }
        return most;
    }

    private bool IsAllowedByCounters(long nowUs, long cost)
    {
        var window = WindowOf(nowUs);
        var intoUs = nowUs - (window * _periodUs);
        return (SumOf(window - 1) * (_periodUs - intoUs)) + ((SumOf(window) + cost) * _periodUs) <= _permits * _periodUs;
    }

    private BigInteger WindowOf(BigInteger us) => us / _periodUs;

    private BigInteger SumOf(BigInteger window) => _taken.Where(one => WindowOf(one.AtUs) == window).Aggregate(BigInteger.Zero, (sum, one) => sum + one.Cost);
}
