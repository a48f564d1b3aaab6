namespace Basin.Limits.Algorithms;

/// <inheritdoc cref="LimitAlgorithm.FixedWindow"/>
/// <remarks><see cref="Cell.A"/> is when the window began, a multiple of the period; <see cref="Cell.B"/> what was taken in it.</remarks>
internal readonly struct FixedWindow(LimitRule rule) : ILimitAlgorithm
{
    private readonly long _permits = rule.Permits;
    private readonly long _periodUs = rule.PeriodUs;

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        Turn(ref cell, nowUs);
        if (cost > _permits - cell.B)
            return false;
        cell.B += cost;
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        Turn(ref cell, nowUs);
        var leftUs = cell.A + _periodUs - nowUs;
        var retryUs = wasTaken ? 0 : cost > _permits ? Decision.Never : cost <= _permits - cell.B ? 0 : leftUs;
        return new Decision(wasTaken, _permits - cell.B, cell.B == 0 ? 0 : leftUs, retryUs);
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        Turn(ref cell, nowUs);
        cell.B = Math.Max(0, cell.B - cost);
    }

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => cell.B == 0 || nowUs - cell.A >= _periodUs;

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }

    private void Turn(ref Cell cell, long nowUs)
    {
        if (nowUs - cell.A >= _periodUs)
            (cell.A, cell.B) = (nowUs - (nowUs % _periodUs), 0);
    }
}

/// <inheritdoc cref="LimitAlgorithm.SlidingCounter"/>
/// <remarks><see cref="Cell.A"/> is when the window began; <see cref="Cell.B"/> has what was taken in it, and above that in the window before it.</remarks>
internal readonly struct SlidingCounter(LimitRule rule) : ILimitAlgorithm
{
    private const int Half = 32;

    private readonly long _permits = rule.Permits;
    private readonly long _periodUs = rule.PeriodUs;

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        Turn(ref cell, nowUs);
        if (cost > _permits || WeightOf(ref cell, nowUs) > (_permits - cost) * _periodUs)
            return false;
        cell.B += cost;
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        Turn(ref cell, nowUs);
        var (before, current) = Read(ref cell);
        var remaining = Math.Max(0, ((_permits * _periodUs) - WeightOf(ref cell, nowUs)) / _periodUs);
        var resetUs = current > 0 ? cell.A + (2 * _periodUs) - nowUs : before > 0 ? cell.A + _periodUs - nowUs : 0;
        return new Decision(wasTaken, remaining, resetUs, wasTaken ? 0 : RetryUs(ref cell, nowUs, cost));
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        Turn(ref cell, nowUs);
        cell.B -= Math.Min(cost, Read(ref cell).Current);
    }

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings)
    {
        var (before, current) = Read(ref cell);
        return nowUs - cell.A >= (current > 0 ? 2 * _periodUs : before > 0 ? _periodUs : 0);
    }

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }

    /// <summary>Within this window the one before it fades; after it this one does.</summary>
    private long RetryUs(ref Cell cell, long nowUs, long cost)
    {
        if (cost > _permits)
            return Decision.Never;
        var (before, current) = Read(ref cell);
        var (free, intoUs) = (_permits - cost, nowUs - cell.A);
        if (free >= current)
            return Math.Max(0, FadesAfterUs(before, free - current) - intoUs);
        return _periodUs - intoUs + FadesAfterUs(current, free);
    }

    /// <summary>How far into the next window as much of a count is left as is free.</summary>
    private long FadesAfterUs(long count, long free) => count <= free ? 0 : Exact.CeilingOf((count - free) * _periodUs, count);

    private long WeightOf(ref Cell cell, long nowUs)
    {
        var (before, current) = Read(ref cell);
        return (before * (_periodUs - Math.Max(0, nowUs - cell.A))) + (current * _periodUs);
    }

    private static (long Before, long Current) Read(ref Cell cell) => ((uint)(cell.B >> Half), (uint)cell.B);

    private void Turn(ref Cell cell, long nowUs)
    {
        var elapsedUs = nowUs - cell.A;
        if (elapsedUs < _periodUs)
            return;
        cell.B = elapsedUs < 2 * _periodUs ? Read(ref cell).Current << Half : 0;
        cell.A = nowUs - (nowUs % _periodUs);
    }
}

/// <inheritdoc cref="LimitAlgorithm.SlidingLog"/>
/// <remarks><see cref="Cell.A"/> is the number of a ring that remembers what was taken and when.</remarks>
internal readonly struct SlidingLog(LimitRule rule) : ILimitAlgorithm
{
    private readonly long _permits = rule.Permits;
    private readonly long _periodUs = rule.PeriodUs;

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        if (cost > _permits)
            return false;
        var ring = rings.Of(ref cell);
        ring.ForgetUntil(nowUs - _periodUs);
        if (cost > _permits - ring.Sum)
            return false;
        ring.Add(nowUs, cost);
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        if (rings.Find(ref cell) is not { } ring)
            return new Decision(wasTaken, _permits, 0, wasTaken || cost <= _permits ? 0 : Decision.Never);
        ring.ForgetUntil(nowUs - _periodUs);
        var resetUs = ring.Count == 0 ? 0 : ring.NewestUs + _periodUs - nowUs;
        var tooMany = cost - (_permits - ring.Sum);
        var retryUs = wasTaken || tooMany <= 0 ? 0 : cost > _permits ? Decision.Never : ring.TimeWhenGone(tooMany) + _periodUs - nowUs;
        return new Decision(wasTaken, _permits - ring.Sum, resetUs, retryUs);
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings) => rings.Find(ref cell)?.TakeBack(cost);

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => rings.Find(ref cell) is not { } ring || ring.NewestUs + _periodUs <= nowUs;

    public void Drop(ref Cell cell, Rings rings) => rings.Free(ref cell);
}

/// <inheritdoc cref="LimitAlgorithm.Concurrency"/>
/// <remarks><see cref="Cell.A"/> is how many are out.</remarks>
internal readonly struct Concurrency(LimitRule rule) : ILimitAlgorithm
{
    private readonly long _permits = rule.Permits;

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        if (cost > _permits - cell.A)
            return false;
        cell.A += cost;
        return true;
    }

    /// <summary>Nobody knows when others will have done their work: after a refusal it is asked again at once, or never.</summary>
    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings) =>
        new(wasTaken, _permits - cell.A, 0, wasTaken || cost <= _permits ? 0 : Decision.Never);

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings) => cell.A = Math.Max(0, cell.A - cost);

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => cell.A == 0;

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }
}
