namespace Basin.Limits;

/// <summary>What a limiter says to somebody who asks for permits.</summary>
/// <param name="Remaining">How many could be taken now, after this.</param>
/// <param name="ResetAfterUs">Microseconds until all could be, when nobody takes any.</param>
/// <param name="RetryAfterUs">Of a refusal: microseconds until as many could be, when nobody else takes any; <see cref="Never"/> when they are too many.</param>
/// <param name="DelayUs">Of a <see cref="LimitAlgorithm.LeakyBucket"/>: microseconds until it is one's turn.</param>
public readonly record struct Decision(bool IsAllowed, long Remaining, long ResetAfterUs, long RetryAfterUs, long DelayUs = 0)
{
    public const long Never = long.MaxValue;
}
