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

    /// <summary>
    /// Waits for work that is asked to end after <paramref name="limit"/>, counted from before it begins, and no longer for work that goes on all the same.
    /// </summary>
    /// <exception cref="TimeoutException">It took longer.</exception>
    public static async Task InTimeAsync(this TimeProvider time, TimeSpan limit, Func<CancellationToken, Task> work, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        try
        {
            await work(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException late) when (deadline.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"It took longer than {limit.TotalSeconds} seconds.", late);
        }
    }

    /// <inheritdoc cref="InTimeAsync(TimeProvider, TimeSpan, Func{CancellationToken, Task}, CancellationToken)"/>
    public static async Task<T> InTimeAsync<T>(this TimeProvider time, TimeSpan limit, Func<CancellationToken, Task<T>> work, CancellationToken cancellation)
    {
        Task<T>? answer = null;
        await time.InTimeAsync(limit, Task (token) => answer = work(token), cancellation);
        return await answer!;
    }

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
