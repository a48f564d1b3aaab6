namespace Basin.Limits.Algorithms;

/// <summary>What is known of one key: two numbers, whose meaning is the algorithm's. All zeros are a key that was never seen.</summary>
internal struct Cell
{
    public long A;
    public long B;
}

/// <summary>
/// An algorithm with its numbers worked out. It is a value type, so that the compiler makes a limiter of its own for each and calls nothing indirectly.
/// Times are microseconds of a monotonic clock, and may be a little older than those seen before: another thread has looked at the clock earlier.
/// </summary>
internal interface ILimitAlgorithm
{
    /// <summary>Takes permits, or changes nothing.</summary>
    bool TryTake(ref Cell cell, long nowUs, long cost, Rings rings);

    /// <summary>How things stand for somebody who wants so many permits.</summary>
    /// <param name="wasTaken">Whether they were just taken.</param>
    Decision StandingOf(ref Cell cell, long nowUs, long cost, bool wasTaken, Rings rings);

    /// <summary>Gives permits back that were just taken.</summary>
    void GiveBack(ref Cell cell, long nowUs, long cost, Rings rings);

    /// <summary>Whether the cell says no more than one of zeros.</summary>
    bool IsFresh(ref Cell cell, long nowUs, Rings rings);

    /// <summary>Lets go of what a fresh cell still holds.</summary>
    void Drop(ref Cell cell, Rings rings);
}

/// <summary>Whole numbers without overflow and without loss.</summary>
internal static class Exact
{
    /// <summary>The smallest whole number that is not below the quotient of two positive ones.</summary>
    public static long CeilingOf(long dividend, long divisor) => dividend <= 0 ? 0 : ((dividend - 1) / divisor) + 1;
}
