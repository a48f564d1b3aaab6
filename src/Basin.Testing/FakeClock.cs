namespace Basin.Testing;

/// <summary>
/// A clock that a test moves. <see cref="Advance"/> moves the wall clock and the monotonic clock together and fires timers on the way;
/// <see cref="StepWall"/> moves only the wall clock, as an operator or a time server does.
/// </summary>
public sealed class FakeClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<FakeTimer> _timers = [];
    private DateTimeOffset _wall = start;
    private long _monotonic;
    private long _timersMade;

    public FakeClock()
        : this(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _wall;
    }

    public override long GetTimestamp()
    {
        lock (_lock)
            return _monotonic;
    }

    /// <summary>
    /// Lets time pass. Every timer that becomes due fires in order, on this thread, and sees the time at which it was due.
    /// </summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        long end;
        lock (_lock)
            end = _monotonic + by.Ticks;
        while (TakeDue(end) is { } timer)
            timer.Fire();
    }

    /// <summary>
    /// Goes to the end at once: what became due on the way fires there, once. For times so long that living through them would take
    /// longer than a test has, such as a year of a loop that looks every few seconds.
    /// </summary>
    public void Jump(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (_lock)
            MoveTo(_monotonic + by.Ticks);
        Advance(TimeSpan.Zero);
    }

    /// <summary>Sets the wall clock forth or back; nothing else notices.</summary>
    public void StepWall(TimeSpan by)
    {
        lock (_lock)
            _wall += by;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new FakeTimer(this, callback, state, Interlocked.Increment(ref _timersMade));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the next timer that is due until <paramref name="end"/>, or to the end.</summary>
    private FakeTimer? TakeDue(long end)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= end).MinBy(timer => (timer.Due, timer.Order));
            MoveTo(next?.Due ?? end);
            if (next is not null && !next.Repeat(after: _monotonic))
                _timers.Remove(next);
            return next;
        }
    }

    private void MoveTo(long monotonic)
    {
        if (monotonic <= _monotonic)
            return;
        _wall += TimeSpan.FromTicks(monotonic - _monotonic);
        _monotonic = monotonic;
    }

    private sealed class FakeTimer(FakeClock clock, TimerCallback callback, object? state, long order) : ITimer
    {
        private readonly ExecutionContext? _context = ExecutionContext.Capture();
        private TimeSpan _period;
        private bool _disposed;

        public long Due { get; private set; }

        public long Order => order;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_disposed)
                    return false;
                clock._timers.Remove(this);
                _period = period;
                if (dueTime == Timeout.InfiniteTimeSpan)
                    return true;
                Due = clock._monotonic + dueTime.Ticks;
                if (dueTime > TimeSpan.Zero || Repeat(after: Due))
                    clock._timers.Add(this);
            }
            // As with a real timer, what is due at once runs on another thread.
            if (dueTime == TimeSpan.Zero)
                ThreadPool.UnsafeQueueUserWorkItem(static timer => timer.Fire(), this, preferLocal: false);
            return true;
        }

        /// <summary>Sets the next due time of a timer that has a period; what a jump has left out is not made up for.</summary>
        public bool Repeat(long after)
        {
            if (_period <= TimeSpan.Zero)
                return false;
            Due = Math.Max(Due, after) + _period.Ticks;
            return true;
        }

        public void Fire()
        {
            if (_context is null)
                callback(state);
            else
                ExecutionContext.Run(_context, static timer => ((FakeTimer)timer!).Call(), this);
        }

        private void Call() => callback(state);

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
