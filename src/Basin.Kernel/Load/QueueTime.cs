namespace Basin.Kernel.Load;

/// <summary>
/// How long work waits in one queue: the shortest wait of an interval. A queue that was empty once was a burst; one that never was stands, and costs everybody
/// its time without serving one request more (K. Nichols, V. Jacobson, "Controlling Queue Delay", ACM Queue 2012).
/// </summary>
public sealed class QueueTime
{
    private long _shortest = long.MaxValue;

    public void Note(TimeSpan wait)
    {
        var ticks = Math.Max(0, wait.Ticks);
        var shortest = Volatile.Read(ref _shortest);
        while (ticks < shortest)
        {
            var seen = Interlocked.CompareExchange(ref _shortest, ticks, shortest);
            if (seen == shortest)
                return;
            shortest = seen;
        }
    }

    /// <summary>The shortest wait since the last call; null when nothing has passed.</summary>
    public TimeSpan? Take() =>
        Interlocked.Exchange(ref _shortest, long.MaxValue) is var ticks and not long.MaxValue ? TimeSpan.FromTicks(ticks) : null;
}
