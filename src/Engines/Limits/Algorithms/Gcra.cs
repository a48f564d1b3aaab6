namespace Basin.Limits.Algorithms;

/// <inheritdoc cref="LimitAlgorithm.Gcra"/>
/// <remarks>
/// The cell is one number, the theoretical arrival time: when the bucket would be full again. Its unit is a microsecond divided by the permits of a period,
/// in which the increment of a permit is a whole number.
/// </remarks>
internal readonly struct Gcra(LimitRule rule) : ILimitAlgorithm
{
    private readonly long _unitsPerUs = rule.Permits;
    private readonly long _increment = rule.PeriodUs;
    private readonly long _capacity = rule.Permits == 0 ? 0 : rule.Capacity;

    public bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings)
    {
        if (cost > _capacity)
            return false;
        var now = Units(nowUs);
        var next = Int128.Max(Read(ref cell), now) + ((Int128)cost * _increment);
        if (next - now > (Int128)_capacity * _increment)
            return false;
        Write(ref cell, next);
        return true;
    }

    public Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings)
    {
        var ahead = (long)Int128.Max(0, Read(ref cell) - Units(nowUs));
        var free = (_capacity * _increment) - ahead;
        var retryUs = wasTaken ? 0 : cost > _capacity ? Decision.Never : UsOf((cost * _increment) - free);
        return new Decision(wasTaken, Math.Max(0, free / _increment), UsOf(ahead), retryUs);
    }

    public void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings) =>
        Write(ref cell, Int128.Max(0, Read(ref cell) - ((Int128)cost * _increment)));

    public bool IsFresh(ref Cell cell, long nowUs, Rings rings) => Read(ref cell) <= Units(nowUs);

    public void Drop(ref Cell cell, Rings rings)
    {
        // Nothing.
    }

    private Int128 Units(long us) => (Int128)us * _unitsPerUs;

    private long UsOf(long units) => _unitsPerUs == 0 ? 0 : Exact.CeilingOf(units, _unitsPerUs);

    private static Int128 Read(ref Cell cell) => new((ulong)cell.B, (ulong)cell.A);

    private static void Write(ref Cell cell, Int128 value) => (cell.A, cell.B) = ((long)value, (long)(value >> 64));
}
