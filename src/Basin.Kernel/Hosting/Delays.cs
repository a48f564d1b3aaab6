namespace Basin.Kernel.Hosting;

public static class Delays
{
    /// <summary>So often whoever waits for a time of the wall clock looks at it again, because it may step.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Waits until the wall clock shows <paramref name="due"/>, or for a part of the time when that is far away: look at the clock again.
    /// </summary>
    internal static Task DelayTowards(this TimeProvider time, DateTimeOffset due, CancellationToken cancellation)
    {
        var wait = due - time.GetUtcNow();
        // Timers count whole milliseconds; one that fires a fraction early would be set again and again.
        var milliseconds = Math.Max(0, Math.Ceiling(Math.Min(wait.TotalMilliseconds, LongestWait.TotalMilliseconds)));
        return Task.Delay(TimeSpan.FromMilliseconds(milliseconds), time, cancellation);
    }

    /// <summary>The time as a store keeps it.</summary>
    internal static DateTimeOffset ToWholeMilliseconds(this DateTimeOffset time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(time.ToUnixTimeMilliseconds());

    /// <summary>Waits, and returns early without an exception when cancelled.</summary>
    public static async Task DelayQuietly(this TimeProvider time, TimeSpan delay, CancellationToken cancellation) =>
        await Task.Delay(delay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Waits for the semaphore by the given clock.</summary>
    /// <returns>False when the time has passed first.</returns>
    public static async Task<bool> WaitAsync(this SemaphoreSlim semaphore, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            await semaphore.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
