namespace Basin.Kernel.Events;

/// <summary>Whether something brings the events of other processes. While nothing does, they are looked for in the database all the time.</summary>
public sealed class EventCarrier : IDisposable
{
    /// <summary>So many looks in a row that find what should have come mean that it does not come.</summary>
    private const int MaxMisses = 5;

    private volatile bool _isUp;
    private volatile CancellationTokenSource _doubted = new();
    private int _misses;

    internal bool IsUp
    {
        get => _isUp;
        set
        {
            _isUp = value;
            NoteBrought();
        }
    }

    /// <summary>Cancelled when it brings nothing although it seems to be up, as a consumer does whose broker has forgotten it.</summary>
    internal CancellationToken Doubted => _doubted.Token;

    internal void NoteBrought() => Volatile.Write(ref _misses, 0);

    /// <summary>Called when a look has found events of another process that nobody brought.</summary>
    internal void NoteMissed()
    {
        if (!IsUp || Interlocked.Increment(ref _misses) < MaxMisses)
            return;
        IsUp = false;
        Interlocked.Exchange(ref _doubted, new CancellationTokenSource()).Cancel();
    }

    public void Dispose() => _doubted.Dispose();
}
