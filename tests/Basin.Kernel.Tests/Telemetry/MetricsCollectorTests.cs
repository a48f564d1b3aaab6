using System.Diagnostics.Metrics;
using Basin.Kernel.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Telemetry;

public sealed class MetricsCollectorTests : IDisposable
{
    private const int MaxSeries = 10;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MetricsCollector _collector;
    private readonly Meter _meter;

    public MetricsCollectorTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _collector = new MetricsCollector(
            meters, new TelemetryOptions { MaxSeriesPerInstrument = MaxSeries }, NullLogger<MetricsCollector>.Instance);
        _meter = meters.Create("Basin.Test");
    }

    [Fact]
    public void Nothing_is_lost_when_many_threads_add()
    {
        var whole = _meter.CreateCounter<long>("test.whole");
        var broken = _meter.CreateCounter<double>("test.broken");
        var times = _meter.CreateHistogram("test.times", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2] });

        Parallel.For(0, 8, thread =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                var tag = new KeyValuePair<string, object?>("n", i % 3);
                whole.Add(1, tag);
                broken.Add(0.5, tag);
                times.Record(i % 3, tag);
            }
        });

        Assert.Equal(80_000, Collect("test.whole").Points.Sum(point => point.Value));
        Assert.Equal(40_000, Collect("test.broken").Points.Sum(point => point.Value));
        Assert.Equal(3, Collect("test.whole").Points.Count);
        var zeroOrOneIsWithinTheFirstBound = Collect("test.times").Points.Sum(point => point.Buckets[0]);
        Assert.Equal(8 * (3334 + 3333), zeroOrOneIsWithinTheFirstBound);
        Assert.Equal(8 * 3333, Collect("test.times").Points.Sum(point => point.Buckets[1]));
    }

    [Fact]
    public void The_order_of_tags_does_not_matter()
    {
        var counter = _meter.CreateCounter<int>("test.order");
        counter.Add(1, new KeyValuePair<string, object?>("a", "x"), new KeyValuePair<string, object?>("b", true));
        counter.Add(2, new KeyValuePair<string, object?>("b", true), new KeyValuePair<string, object?>("a", "x"));

        var point = Assert.Single(Collect("test.order").Points);
        Assert.Equal(3, point.Value);
        Assert.Equal("true", point["b"]);
    }

    [Fact]
    public void Series_beyond_the_limit_are_counted_together()
    {
        var counter = _meter.CreateCounter<long>("test.many");
        for (var i = 0; i < 1000; i++)
            counter.Add(1, new KeyValuePair<string, object?>("id", i));

        var points = Collect("test.many").Points;
        Assert.Equal(MaxSeries + 1, points.Count);
        Assert.Equal(1000 - MaxSeries, Assert.Single(points, point => point["otel_metric_overflow"] == "true").Value);
    }

    [Fact]
    public void What_is_no_longer_observed_is_gone()
    {
        var seen = new List<string> { "a", "b" };
        _meter.CreateObservableGauge(
            "test.seen", () => seen.Select(name => new Measurement<int>(7, new KeyValuePair<string, object?>("name", name))));

        Assert.Equal(["a", "b"], Collect("test.seen").Points.Select(point => point["name"]));
        seen.Remove("a");
        Assert.Equal(["b"], Collect("test.seen").Points.Select(point => point["name"]));
    }

    [Fact]
    public void Up_and_down_and_set_are_gauges()
    {
        var open = _meter.CreateUpDownCounter<int>("test.open");
        open.Add(5);
        open.Add(-2);
        var level = _meter.CreateGauge<double>("test.level");
        level.Record(1.5);
        level.Record(2.5);

        Assert.Equal((MetricKind.Gauge, 3), (Collect("test.open").Kind, Collect("test.open").Points[0].Value));
        Assert.Equal((MetricKind.Gauge, 2.5), (Collect("test.level").Kind, Collect("test.level").Points[0].Value));
    }

    [Fact]
    public void Meters_of_others_are_not_collected()
    {
        using var elsewhere = new ServiceCollection().AddMetrics().BuildServiceProvider();
        elsewhere.GetRequiredService<IMeterFactory>().Create("Basin.Test").CreateCounter<int>("test.elsewhere").Add(1);
        _services.GetRequiredService<IMeterFactory>().Create("Foreign").CreateCounter<int>("test.foreign").Add(1);

        Assert.DoesNotContain(_collector.Collect(), metric => metric.Instrument is "test.elsewhere" or "test.foreign");
    }

    [Fact]
    public void A_measurement_does_not_allocate()
    {
        var counter = _meter.CreateCounter<long>("test.free");
        object number = 200;
        void Add() => counter.Add(1, new("route", "/v1/orders"), new KeyValuePair<string, object?>("status", number));
        Add();
        Add();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            Add();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose()
    {
        _collector.Dispose();
        _services.Dispose();
    }

    private Metric Collect(string instrument) => Assert.Single(_collector.Collect(), metric => metric.Instrument == instrument);
}
