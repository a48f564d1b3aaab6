using Basin.Kernel.Storage;

namespace Basin.Testing.Contracts;

/// <summary>Work that keeps a shard's writer busy until it is opened, so that whatever is queued behind it shares one batch.</summary>
public sealed class Gate : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ManualResetEventSlim _open = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _passed = Task.CompletedTask;

    private Gate()
    {
    }

    /// <summary>Returns when the writer stands at the gate.</summary>
    public static async Task<Gate> CloseAsync(Shard shard)
    {
        var gate = new Gate();
        gate._passed = shard.WriteAsync(
            _ =>
            {
                gate._reached.TrySetResult();
                return gate._open.Wait(Patience) ? ValueTask.FromResult(0) : throw new TimeoutException("Nobody opened the gate.");
            },
            WritePriority.Background,
            CancellationToken.None);
        await gate._reached.Task.WaitAsync(Patience);
        return gate;
    }

    public Task OpenAsync()
    {
        _open.Set();
        return _passed;
    }

    public void Dispose()
    {
        _open.Set();
        _passed.Wait(Patience);
        _open.Dispose();
    }
}
