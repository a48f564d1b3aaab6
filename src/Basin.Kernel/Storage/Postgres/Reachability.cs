namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// Whether a database that does not answer is worth another try: for a while, because a standby takes over within seconds and nobody should see an error
/// for that. Once it is gone for longer, whoever asks is told at once.
/// </summary>
internal sealed class Reachability(TimeSpan patience, TimeProvider time)
{
    /// <summary>Between two tries.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private const long Reached = long.MinValue;

    private long _goneSince = Reached;

    /// <summary>To be called whenever it has not answered.</summary>
    public bool IsWorthAnotherTry()
    {
        var now = time.GetTimestamp();
        var since = Interlocked.CompareExchange(ref _goneSince, now, Reached);
        return since == Reached ? patience > TimeSpan.Zero : time.GetElapsedTime(since, now) < patience;
    }

    /// <summary>To be called whenever it has answered.</summary>
    public void NoteReached()
    {
        if (Volatile.Read(ref _goneSince) != Reached)
            Volatile.Write(ref _goneSince, Reached);
    }
}
