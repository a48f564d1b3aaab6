using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Telemetry;

/// <summary>Keeps what the instruments of Basin, of the web server and of the runtime measure, for <c>/metrics</c> and for the console.</summary>
public sealed partial class MetricsCollector : IDisposable
{
    private static readonly string[] OtherMeters =
        ["Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "System.Runtime"];

    /// <summary>The boundaries that OpenTelemetry gives a histogram without advice.</summary>
    private static readonly double[] DefaultBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    private readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _observed = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();
    private readonly IMeterFactory _meters;
    private readonly TelemetryOptions _options;
    private readonly ILogger<MetricsCollector> _log;
    private long _round;

    public MetricsCollector(IMeterFactory meters, TelemetryOptions options, ILogger<MetricsCollector> log)
    {
        (_meters, _options, _log) = (meters, options, log);
        _listener.InstrumentPublished = Listen;
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record(value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record((long)value, tags));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record(value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record((double)value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, recorder) => ((Recorder)recorder!).Record((double)value, tags));
        _listener.Start();
    }

    /// <summary>Whether a meter's measurements are kept here and sent by OTLP.</summary>
    internal static bool IsKept(string meter) => meter.StartsWith("Basin.", StringComparison.Ordinal) || OtherMeters.Contains(meter);

    /// <summary>Everything measured so far, by the name of the instrument. Observable instruments are asked now.</summary>
    public IReadOnlyList<Metric> Collect()
    {
        lock (_collecting)
        {
            _round++;
            _listener.RecordObservableInstruments();
            return
            [
                .. _families.Values
                    .OrderBy(family => family.Instrument, StringComparer.Ordinal)
                    .Select(family => family.Read(_observed.ContainsKey(family.Instrument) ? _round : null)),
            ];
        }
    }

    public void Dispose() => _listener.Dispose();

    private void Listen(Instrument instrument, MeterListener listener)
    {
        // Several hosts may live in one process, as in tests; each sees its own meters and the static ones.
        if (!IsKept(instrument.Meter.Name) || (instrument.Meter.Scope is { } scope && scope != _meters))
            return;
        var (kind, way) = NatureOf(instrument);
        var family = _families.GetOrAdd(instrument.Name, _ => new MetricFamily(
            instrument.Name, kind, instrument.Unit, instrument.Description, kind == MetricKind.Histogram ? BoundsOf(instrument) : [],
            _options.MaxSeriesPerInstrument));
        if (family.Kind != kind)
        {
            NameTaken(_log, instrument.Meter.Name, instrument.Name, family.Kind);
            return;
        }
        if (way == Ways.Set && instrument.IsObservable)
            _observed.TryAdd(instrument.Name, true);
        listener.EnableMeasurementEvents(instrument, new Recorder(this, family, way));
    }

    private static (MetricKind Kind, Ways Way) NatureOf(Instrument instrument)
    {
        var type = instrument.GetType().GetGenericTypeDefinition();
        if (type == typeof(Histogram<>))
            return (MetricKind.Histogram, Ways.Distribute);
        if (type == typeof(Counter<>))
            return (MetricKind.Counter, Ways.Add);
        if (type == typeof(UpDownCounter<>))
            return (MetricKind.Gauge, Ways.Add);
        return (type == typeof(ObservableCounter<>) ? MetricKind.Counter : MetricKind.Gauge, Ways.Set);
    }

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Histogram<double> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds],
        Histogram<long> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(bound => (double)bound)],
        Histogram<int> { Advice.HistogramBucketBoundaries: { Count: > 0 } bounds } => [.. bounds.Select(bound => (double)bound)],
        _ => DefaultBounds,
    };

    private enum Ways
    {
        Add,
        Set,
        Distribute,
    }

    /// <summary>Puts the measurements of one instrument into its family.</summary>
    private sealed class Recorder(MetricsCollector collector, MetricFamily family, Ways way)
    {
        public void Record(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (way == Ways.Add)
                family.Find(tags).Add(value);
            else
                Record((double)value, tags);
        }

        public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var series = family.Find(tags);
            if (way == Ways.Add)
                series.Add(value);
            else if (way == Ways.Distribute)
                series.Distribute(value);
            else
                series.Set(value, collector._round);
        }
    }

    [LoggerMessage(1401, LogLevel.Warning, "Meter {Meter} names its instrument {Instrument}, which is a {Kind} elsewhere; it is not collected")]
    private static partial void NameTaken(ILogger logger, string meter, string instrument, MetricKind kind);
}
