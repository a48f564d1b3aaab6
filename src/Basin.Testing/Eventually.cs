namespace Basin.Testing;

/// <summary>Waits for a condition itself, for a bounded real time.</summary>
public static class Eventually
{
#pragma warning disable RS0030 // How long a test waits is real time, whatever its clock says.
    private static readonly TimeProvider Real = TimeProvider.System;
#pragma warning restore RS0030

    /// <exception cref="TimeoutException">The condition did not become true.</exception>
    public static Task TrueAsync(Func<bool> condition, TimeSpan? timeout = null) => TrueAsync(() => Task.FromResult(condition()), timeout);

    /// <inheritdoc cref="TrueAsync(Func{bool}, TimeSpan?)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, TimeSpan? timeout = null)
    {
        var began = Real.GetTimestamp();
        while (!await condition())
        {
            if (Real.GetElapsedTime(began) > (timeout ?? TimeSpan.FromSeconds(20)))
                throw new TimeoutException("The condition did not become true in time.");
            await Task.Delay(TimeSpan.FromMilliseconds(2), Real);
        }
    }
}
