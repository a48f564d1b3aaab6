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

    public long Now => time.GetTimestamp();

    public TimeSpan ElapsedSince(long timestamp) => time.GetElapsedTime(timestamp);

    /// <summary>To be called whenever it has not answered.</summary>
    /// <param name="askedAt">When whoever asks began to: nobody waits for longer than the patience, whatever others find.</param>
    public bool IsWorthAnotherTry(long askedAt)
    {
        var now = Now;
        var since = Interlocked.CompareExchange(ref _goneSince, now, Reached);
        return time.GetElapsedTime(since == Reached ? askedAt : Math.Min(askedAt, since), now) < patience;
    }

    /// <summary>To be called whenever it has answered.</summary>
    public void NoteReached()
    {
        if (Volatile.Read(ref _goneSince) != Reached)
            Volatile.Write(ref _goneSince, Reached);
    }
}
