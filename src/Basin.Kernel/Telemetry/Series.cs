namespace Basin.Kernel.Telemetry;

/// <summary>One number that changes without locks: added to from any thread, or set when it is observed.</summary>
internal sealed class Series(IReadOnlyList<Label> labels, double[] bounds)
{
    private readonly long[] _buckets = bounds.Length == 0 ? [] : new long[bounds.Length + 1];
    private long _whole;
    private double _fraction;

    /// <summary>The collection in which it was observed last.</summary>
    public long Round { get; private set; }

    public void Add(long value) => Interlocked.Add(ref _whole, value);

    public void Add(double value)
    {
        var seen = Volatile.Read(ref _fraction);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _fraction, seen + value, seen);
            // Bits are compared, because NaN does not equal itself.
            if (BitConverter.DoubleToInt64Bits(before) == BitConverter.DoubleToInt64Bits(seen))
                return;
            seen = before;
        }
    }

    public void Set(double value, long round)
    {
        Volatile.Write(ref _fraction, value);
        Round = round;
    }

    /// <summary>Counts a value in the first bucket whose bound is not below it.</summary>
    public void Distribute(double value)
    {
        var i = 0;
        while (i < bounds.Length && value > bounds[i])
            i++;
        Interlocked.Increment(ref _buckets[i]);
        Add(value);
    }

    public MetricPoint Read()
    {
        var buckets = new long[_buckets.Length];
        for (var i = 0; i < buckets.Length; i++)
            buckets[i] = Volatile.Read(ref _buckets[i]);
        return new MetricPoint(labels, Volatile.Read(ref _whole) + Volatile.Read(ref _fraction), buckets);
    }
}

/// <summary>A tag as text.</summary>
public readonly record struct Label(string Name, string Value);

/// <summary>One series at the moment of its collection.</summary>
/// <param name="Value">The number, or the sum of a histogram's values.</param>
/// <param name="Buckets">How many values fell into each bucket alone, the one above the last bound included; empty unless a histogram.</param>
public sealed record MetricPoint(IReadOnlyList<Label> Labels, double Value, IReadOnlyList<long> Buckets)
{
    /// <summary>The value of a label, or null when there is no such label.</summary>
    public string? this[string label]
    {
        get
        {
            foreach (var each in Labels)
            {
                if (each.Name == label)
                    return each.Value;
            }
            return null;
        }
    }
}

public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>What an instrument has measured so far.</summary>
/// <param name="Instrument">Its OpenTelemetry name, such as <c>basin.store.writes</c>.</param>
/// <param name="Bounds">Inclusive upper bounds of the buckets of a histogram.</param>
public sealed record Metric(
    string Instrument, MetricKind Kind, string? Unit, string? Description, IReadOnlyList<double> Bounds, IReadOnlyList<MetricPoint> Points);
