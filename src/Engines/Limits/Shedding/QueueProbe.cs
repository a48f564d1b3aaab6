namespace Basin.Limits;

/// <summary>
/// How long work waits for a thread: a piece of work that does nothing is queued behind all that waits, again and again, and notes how long that took.
/// Requests, what follows from them and whatever else the process does stand in that queue, so it is the queue for the processors.
/// </summary>
internal sealed class QueueProbe(TimeProvider time) : IThreadPoolWorkItem
{
    private readonly QueueTime _waits = new();
    private long _queuedAt;
    private volatile bool _isQueued;

    /// <summary>Queues it, unless it still waits.</summary>
    public void Send()
    {
        if (_isQueued)
            return;
        Volatile.Write(ref _queuedAt, time.GetTimestamp());
        _isQueued = true;
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>The shortest wait since the last call, or that of the one that still waits.</summary>
    public TimeSpan Take() => _waits.Take() ?? (_isQueued ? time.GetElapsedTime(Volatile.Read(ref _queuedAt)) : TimeSpan.Zero);

    void IThreadPoolWorkItem.Execute()
    {
        _waits.Note(time.GetElapsedTime(Volatile.Read(ref _queuedAt)));
        _isQueued = false;
    }
}
