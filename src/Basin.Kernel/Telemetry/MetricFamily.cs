using System.Globalization;

namespace Basin.Kernel.Telemetry;

/// <summary>
/// The series of one instrument by their tags. A measurement finds its series without a lock and without allocating; only the first one of a tag set
/// takes the lock. The number of series is bounded: whoever sends a new value of a tag with each request meets the overflow series.
/// </summary>
internal sealed class MetricFamily(string instrument, MetricKind kind, string? unit, string? description, double[] bounds, int maxSeries)
{
    /// <summary>The same tags may come in several orders, each of which is looked up by itself.</summary>
    private const int OrdersPerSeries = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Series _overflow = new([new Label("otel_metric_overflow", "true")], bounds);
    private Entry?[] _table = new Entry?[16];
    private int _entries;
    private bool _overflown;

    private sealed record Entry(int Hash, KeyValuePair<string, object?>[] Tags, Series Series, Entry? Next);

    public string Instrument => instrument;

    public MetricKind Kind => kind;

    public Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = HashOf(tags);
        var table = Volatile.Read(ref _table);
        for (var entry = Volatile.Read(ref table[hash & (table.Length - 1)]); entry is not null; entry = entry.Next)
        {
            if (entry.Hash == hash && AreSame(entry.Tags, tags))
                return entry.Series;
        }
        return Volatile.Read(ref _entries) < maxSeries * OrdersPerSeries ? Remember(hash, tags) : Overflow();
    }

    /// <param name="round">What an observable did not report in this round is gone; null for all series.</param>
    public Metric Read(long? round)
    {
        lock (_lock)
        {
            var points = _series.Values.Where(series => round is null || series.Round == round).Select(series => series.Read()).ToList();
            if (_overflown)
                points.Add(_overflow.Read());
            return new Metric(instrument, kind, unit, description, bounds, points);
        }
    }

    private Series Remember(int hash, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            var series = SeriesOf(tags);
            if (_entries >= _table.Length)
                Grow();
            ref var head = ref _table[hash & (_table.Length - 1)];
            Volatile.Write(ref head, new Entry(hash, tags.ToArray(), series, head));
            Volatile.Write(ref _entries, _entries + 1);
            return series;
        }
    }

    private Series SeriesOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<Label>(tags.Length);
        foreach (var (name, value) in tags)
            labels.Add(new Label(name, TextOf(value)));
        labels.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        var key = string.Join('\u0001', labels.Select(label => $"{label.Name}\u0002{label.Value}"));
        if (_series.TryGetValue(key, out var known))
            return known;
        if (_series.Count >= maxSeries)
            return Overflow();
        var series = new Series(labels, bounds);
        _series.Add(key, series);
        return series;
    }

    private Series Overflow()
    {
        Volatile.Write(ref _overflown, true);
        return _overflow;
    }

    private void Grow()
    {
        var larger = new Entry?[_table.Length * 2];
        foreach (var head in _table)
        {
            for (var entry = head; entry is not null; entry = entry.Next)
            {
                ref var place = ref larger[entry.Hash & (larger.Length - 1)];
                place = entry with { Next = place };
            }
        }
        Volatile.Write(ref _table, larger);
    }

    /// <summary>Names are literals that differ little between calls, so only their length is hashed.</summary>
    private static int HashOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = tags.Length;
        foreach (var (name, value) in tags)
            hash = (hash * 31 * 31) + (name.Length * 31) + (value?.GetHashCode() ?? 0);
        return hash ^ (hash >>> 16);
    }

    private static bool AreSame(KeyValuePair<string, object?>[] known, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (known.Length != tags.Length)
            return false;
        for (var i = 0; i < known.Length; i++)
        {
            if (!string.Equals(known[i].Key, tags[i].Key, StringComparison.Ordinal) || !Equals(known[i].Value, tags[i].Value))
                return false;
        }
        return true;
    }

    private static string TextOf(object? value) => value switch
    {
        null => "",
        string text => text,
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
