using Basin.Kernel.Telemetry;

namespace Basin.Kernel.Tests.Telemetry;

public sealed class PrometheusTextTests
{
    [Theory]
    [InlineData("basin.store.writes", MetricKind.Counter, "{write}", "basin_store_writes_total")]
    [InlineData("basin.store.commit.duration", MetricKind.Histogram, "s", "basin_store_commit_duration_seconds")]
    [InlineData("http.server.request.duration.seconds", MetricKind.Histogram, "s", "http_server_request_duration_seconds")]
    [InlineData("things_total", MetricKind.Counter, null, "things_total")]
    [InlineData("disk.usage", MetricKind.Gauge, "1", "disk_usage_ratio")]
    [InlineData("disk.usage", MetricKind.Counter, "1", "disk_usage_total")]
    [InlineData("heap.size", MetricKind.Gauge, "By", "heap_size_bytes")]
    [InlineData("traffic", MetricKind.Gauge, "By/s", "traffic_bytes_per_second")]
    [InlineData("traffic", MetricKind.Gauge, "{packet}/min", "traffic_per_minute")]
    [InlineData("2nd..try-of it", MetricKind.Gauge, null, "_2nd_try_of_it")]
    public void Names_follow_OpenTelemetry(string instrument, MetricKind kind, string? unit, string name) =>
        Assert.Contains($"# TYPE {name} ", Write(new Metric(instrument, kind, unit, null, [], [new MetricPoint([], 1, [])])));

    [Fact]
    public void A_counter_has_its_help_type_and_labels()
    {
        var text = Write(new Metric(
            "basin.jobs.runs", MetricKind.Counter, "{run}", "Runs\nof \\ jobs", [],
            [new MetricPoint([new("job.type", "a"), new("outcome", "x\"y\\z\nw")], 3, []), new MetricPoint([], 0.5, [])]));

        Assert.Equal(
            """
            # HELP basin_jobs_runs_total Runs\nof \\ jobs
            # TYPE basin_jobs_runs_total counter
            basin_jobs_runs_total{job_type="a",outcome="x\"y\\z\nw"} 3
            basin_jobs_runs_total 0.5

            """,
            text);
    }

    [Fact]
    public void Buckets_of_a_histogram_add_up_to_its_count()
    {
        var text = Write(new Metric(
            "wait", MetricKind.Histogram, "s", null, [0.1, 1], [new MetricPoint([new("system", "a")], 12.5, [3, 2, 1])]));

        Assert.Equal(
            """
            # TYPE wait_seconds histogram
            wait_seconds_bucket{system="a",le="0.1"} 3
            wait_seconds_bucket{system="a",le="1"} 5
            wait_seconds_bucket{system="a",le="+Inf"} 6
            wait_seconds_sum{system="a"} 12.5
            wait_seconds_count{system="a"} 6

            """,
            text);
    }

    [Fact]
    public void Labels_whose_names_become_the_same_are_joined() => Assert.Contains(
        "a{b_c=\"1;2\"} 7", Write(new Metric("a", MetricKind.Gauge, null, null, [], [new MetricPoint([new("b.c", "1"), new("b_c", "2")], 7, [])])));

    [Theory]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    [InlineData(1e300, "1E+300")]
    public void Numbers_are_written_as_Prometheus_reads_them(double number, string text) =>
        Assert.Contains($"a {text}\n", Write(new Metric("a", MetricKind.Gauge, null, null, [], [new MetricPoint([], number, [])])));

    [Fact]
    public void Metrics_without_a_point_are_left_out() => Assert.Empty(Write(new Metric("a", MetricKind.Gauge, null, "Help", [], [])));

    private static string Write(Metric metric) => PrometheusText.Write([metric]);
}
