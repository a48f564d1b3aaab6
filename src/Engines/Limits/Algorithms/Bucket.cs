namespace Basin.Limits.Algorithms;

/// <summary>
/// A bucket's level, counted in parts: a permit has as many parts as the period has microseconds, so that in each microsecond exactly as many parts come or
/// go as there are permits in a period, and no fraction is ever rounded.
/// </summary>
internal readonly struct Level
{
    private readonly long _partsPerUs;
    private readonly long _capacity;
    private readonly long _longestUs;

    /// <param name="beyond">Permits that may be missing although the capacity has not as many: somebody else has taken them.</param>
    public Level(LimitRule rule, long beyond = 0)
    {
        (_partsPerUs, PartsPerPermit) = (rule.Permits, rule.PeriodUs);
        _capacity = rule.Permits == 0 ? 0 : rule.Capacity * PartsPerPermit;
        _longestUs = _partsPerUs == 0 ? 0 : Exact.CeilingOf(_capacity + (beyond * PartsPerPermit), _partsPerUs);
    }

    public long PartsPerPermit { get; }

    /// <summary>What is left of parts that were taken, at <paramref name="atUs"/>, now.</summary>
    public long After(long taken, long atUs, long nowUs)
    {
        var elapsedUs = nowUs - atUs;
        return elapsedUs <= 0 ? taken : elapsedUs >= _longestUs ? 0 : Math.Max(0, taken - (elapsedUs * _partsPerUs));
    }

    public bool Fits(long taken, long cost) => cost <= (_capacity - taken) / PartsPerPermit;

    /// <summary>The same by a multiplication, which is faster than a division.</summary>
    public bool FitsOne(long taken) => PartsPerPermit <= _capacity - taken;

    public long Remaining(long taken) => (_capacity - taken) / PartsPerPermit;

    /// <summary>Until nothing of them is left.</summary>
    public long TimeFor(long parts) => _partsPerUs == 0 ? 0 : Exact.CeilingOf(parts, _partsPerUs);

    /// <summary>Until so many permits could be taken.</summary>
    public long TimeUntil(long taken, long cost) =>
        cost > _capacity / PartsPerPermit ? Decision.Never : TimeFor(taken - (_capacity - (cost * PartsPerPermit)));
}

/// <inheritdoc cref="LimitAlgorithm.TokenBucket"/>
/// <remarks><see cref="Cell.A"/> is what is missing from a full bucket, in parts; <see cref="Cell.B"/> when that was.</remarks>
internal readonly struct TokenBucket(LimitRule rule) : ILimitAlgorithm
{
    private readonly Level _level = new(rule);

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        var missing = _level.After(cell.A, cell.B, nowUs);
        if (cost == 1 ? !_level.FitsOne(missing) : !_level.Fits(missing, cost))
            return false;
        (cell.A, cell.B) = (missing + (cost * _level.PartsPerPermit), Math.Max(cell.B, nowUs));
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        var missing = _level.After(cell.A, cell.B, nowUs);
        return new Decision(wasTaken, _level.Remaining(missing), _level.TimeFor(missing), wasTaken ? 0 : _level.TimeUntil(missing, cost));
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings) => cell.A = Math.Max(0, cell.A - (cost * _level.PartsPerPermit));

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => _level.After(cell.A, cell.B, nowUs) == 0;

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }
}

/// <inheritdoc cref="LimitAlgorithm.LeakyBucket"/>
/// <remarks><see cref="Cell.A"/> is what has not dripped out yet, in parts; <see cref="Cell.B"/> when that was.</remarks>
internal readonly struct LeakyBucket(LimitRule rule) : ILimitAlgorithm
{
    private readonly Level _level = new(rule);

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        var inside = _level.After(cell.A, cell.B, nowUs);
        if (!_level.Fits(inside, cost))
            return false;
        (cell.A, cell.B) = (inside + (cost * _level.PartsPerPermit), Math.Max(cell.B, nowUs));
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        var inside = _level.After(cell.A, cell.B, nowUs);
        return wasTaken
            ? new Decision(true, _level.Remaining(inside), _level.TimeFor(inside), 0, _level.TimeFor(inside - (cost * _level.PartsPerPermit)))
            : new Decision(false, _level.Remaining(inside), _level.TimeFor(inside), _level.TimeUntil(inside, cost));
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings) => cell.A = Math.Max(0, cell.A - (cost * _level.PartsPerPermit));

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => _level.After(cell.A, cell.B, nowUs) == 0;

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }
}
