namespace Basin.Kernel.Hosting;

public static class Delays
{
    /// <summary>Waits, and returns early without an exception when cancelled.</summary>
    public static async Task DelayQuietly(this TimeProvider time, TimeSpan delay, CancellationToken cancellation) =>
        await Task.Delay(delay, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
