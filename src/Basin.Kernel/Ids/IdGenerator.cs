namespace Basin.Kernel.Ids;

/// <summary>
/// Makes the ids of one shard: unique and growing, whatever the wall clock does, across restarts too.
/// Any number of threads may ask at once; nobody waits for a lock, only for the next millisecond when the ids of this one, 4,096 or a half of them, are gone. A clock that
/// stands still is not waited for: ids then take the next millisecond ahead of it.
/// </summary>
/// <remarks>
/// Time is the larger of the wall clock and of the monotonic clock counted on from the largest time seen. So a step forth is followed,
/// a step back goes unnoticed. Before an id is handed out, a mark beyond its time is persisted; a restart begins above the mark.
/// </remarks>
public sealed class IdGenerator
{
    /// <summary>How far ahead the mark is persisted: one write per this many milliseconds of use.</summary>
    public const int MarkStepMs = 10_000;

    /// <summary>With their pauses these last longer than the millisecond of a clock that runs.</summary>
    private const int MaxSpins = 2_000;

    private readonly TimeProvider _time;
    private readonly int _shard;
    private readonly IdSequences _sequences;
    private readonly Action<long> _persistMark;
    private readonly Lock _markLock = new();
    private readonly long _anchorTimestamp;
    private readonly long _anchorMs;
    private long _forwardMs;
    private long _last;
    private long _markMs;

    /// <param name="time">The wall clock and the monotonic clock.</param>
    /// <param name="shard">0 to 1023; no two living generators may share one.</param>
    /// <param name="persistedMarkMs">The last mark persisted, in milliseconds of <see cref="Snowflake"/>'s epoch; 0 at the first start.</param>
    /// <param name="persistMark">Persists a mark durably before it returns.</param>
    /// <param name="sequences">All of a millisecond's when null.</param>
    public IdGenerator(TimeProvider time, int shard, long persistedMarkMs, Action<long> persistMark, IdSequences? sequences = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, Snowflake.MaxShards);
        _time = time;
        _shard = shard;
        _persistMark = persistMark;
        _sequences = sequences ?? IdSequences.All;
        _markMs = persistedMarkMs;
        _anchorTimestamp = time.GetTimestamp();
        _anchorMs = Math.Max(Snowflake.MillisecondsOf(time.GetUtcNow()), persistedMarkMs + 1);
        _last = ((_anchorMs - 1) << Snowflake.SequenceBits) | (uint)_sequences.Last;
    }

    public Id<T> Next<T>()
        where T : IEntity => new(Next());

    public long Next()
    {
        var spin = new SpinWait();
        while (true)
        {
            var last = Volatile.Read(ref _last);
            var now = NowMs();
            var lastMs = last >> Snowflake.SequenceBits;
            var isSpent = Snowflake.SequenceOf(last) == _sequences.Last;
            if (now <= lastMs && isSpent && spin.Count < MaxSpins)
            {
                spin.SpinOnce(sleep1Threshold: -1);
                continue;
            }
            var next = now > lastMs ? FirstOf(now) : isSpent ? FirstOf(lastMs + 1) : last + 1;
            PersistMarkBeyond(next >> Snowflake.SequenceBits);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
                return Snowflake.Compose(next >> Snowflake.SequenceBits, _shard, Snowflake.SequenceOf(next));
        }
    }

    private long FirstOf(long milliseconds) => (milliseconds << Snowflake.SequenceBits) | (uint)_sequences.First;

    private long NowMs()
    {
        var forward = Volatile.Read(ref _forwardMs);
        var monotonic = _anchorMs + (long)_time.GetElapsedTime(_anchorTimestamp).TotalMilliseconds + forward;
        var wall = Snowflake.MillisecondsOf(_time.GetUtcNow());
        if (wall <= monotonic)
            return monotonic;
        // Whoever loses this race has seen the same step; the next caller finds it followed.
        Interlocked.CompareExchange(ref _forwardMs, forward + (wall - monotonic), forward);
        return wall;
    }

    private void PersistMarkBeyond(long milliseconds)
    {
        if (milliseconds <= Volatile.Read(ref _markMs))
            return;
        lock (_markLock)
        {
            if (milliseconds <= _markMs)
                return;
            if (milliseconds + MarkStepMs > Snowflake.MaxMilliseconds)
                throw new InvalidOperationException("The clock is beyond the year 2094, where 41 bits of milliseconds end.");
            _persistMark(milliseconds + MarkStepMs);
            Volatile.Write(ref _markMs, milliseconds + MarkStepMs);
        }
    }
}
