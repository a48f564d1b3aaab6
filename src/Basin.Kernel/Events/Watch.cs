using Basin.Kernel.Hosting;

namespace Basin.Kernel.Events;

/// <summary>Waits for news about one entity. News that comes while nobody waits is remembered, once.</summary>
public sealed class Watch : IDisposable
{
    private readonly EventLog _log;
    private readonly SemaphoreSlim _news = new(0);

    internal Watch(EventLog log, long key) => (_log, Key) = (log, key);

    internal long Key { get; }

    internal void Signal()
    {
        if (_news.CurrentCount == 0)
            _news.Release();
    }

    /// <returns>False when there was no news for so long.</returns>
    public Task<bool> WaitAsync(TimeSpan patience, TimeProvider time, CancellationToken cancellation) =>
        _news.WaitAsync(patience, time, cancellation);

    public void Dispose()
    {
        _log.Forget(this);
        _news.Dispose();
    }
}
