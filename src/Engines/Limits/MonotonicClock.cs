namespace Basin.Limits;

/// <summary>Microseconds since some time in the past, which no step of the wall clock changes.</summary>
internal sealed class MonotonicClock
{
    private const long MicrosecondsPerSecond = 1_000_000;

    private readonly TimeProvider? _time;
    private readonly long _origin;

#pragma warning disable RS0030 // The system's clock, to some milliseconds, at a tenth of the price.
    public MonotonicClock(TimeProvider time)
    {
        if (!ReferenceEquals(time, TimeProvider.System))
            (_time, _origin) = (time, time.GetTimestamp());
    }

    // TimeProvider's own difference is a double, which ends being exact after 28 years of 100 ns.
    public long NowUs => _time is null
        ? Environment.TickCount64 * 1000
        : (long)((Int128)(_time.GetTimestamp() - _origin) * MicrosecondsPerSecond / _time.TimestampFrequency);
#pragma warning restore RS0030
}
