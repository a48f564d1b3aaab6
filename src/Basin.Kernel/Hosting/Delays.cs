namespace Basin.Kernel.Hosting;

public static class Delays
{
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
