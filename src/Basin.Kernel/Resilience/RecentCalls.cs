namespace Basin.Kernel.Resilience;

/// <param name="Calls">Calls that have ended, those that were refused left out.</param>
/// <param name="Failures">Those of them that failed or took too long.</param>
/// <param name="Refusals">Calls that were not made, because there was no place or the breaker was open.</param>
public sealed record CallCounts(long Calls, long Failures, long Refusals)
{
    internal static readonly CallCounts None = new(0, 0, 0);

    internal CallCounts Plus(CallCounts other) => new(Calls + other.Calls, Failures + other.Failures, Refusals + other.Refusals);
}

/// <summary>Counts the calls of about the last minute.</summary>
internal sealed class RecentCalls(TimeProvider time)
{
    private const int Slices = 12;
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly (long Number, CallCounts Counts)[] _slices = new (long, CallCounts)[Slices];

    /// <summary>Of the monotonic clock: a step of the other neither loses nor keeps calls.</summary>
    private long Now => (long)(time.GetElapsedTime(0) / Slice);

    public void Add(CallCounts counts)
    {
        lock (_lock)
        {
            var now = Now;
            ref var slice = ref _slices[now % Slices];
            slice = slice.Counts is { } kept && slice.Number == now ? (now, kept.Plus(counts)) : (now, counts);
        }
    }

    public CallCounts Sum()
    {
        lock (_lock)
        {
            var oldest = Now - Slices;
            return _slices.Where(slice => slice.Counts is not null && slice.Number > oldest).Aggregate(CallCounts.None, (sum, slice) => sum.Plus(slice.Counts));
        }
    }
}
