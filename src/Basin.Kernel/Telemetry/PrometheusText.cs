using System.Globalization;
using System.Text;

namespace Basin.Kernel.Telemetry;

/// <summary>
/// The Prometheus text format, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
/// </summary>
public static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Write(IEnumerable<Metric> metrics)
    {
        var text = new StringBuilder();
        foreach (var metric in metrics.Where(metric => metric.Points.Count > 0).DistinctBy(PrometheusNames.Of))
            Write(text, metric, PrometheusNames.Of(metric));
        return text.ToString();
    }

    private static void Write(StringBuilder text, Metric metric, string name)
    {
        if (!string.IsNullOrEmpty(metric.Description))
            text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", @"\\").Replace("\n", @"\n")).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(metric.Kind.ToString().ToLowerInvariant()).Append('\n');
        foreach (var point in metric.Points)
        {
            var labels = LabelsOf(point);
            if (metric.Kind == MetricKind.Histogram)
                WriteHistogram(text, name, labels, metric.Bounds, point);
            else
                WriteSample(text, name, labels, point.Value);
        }
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, IReadOnlyList<double> bounds, MetricPoint point)
    {
        var count = 0L;
        for (var i = 0; i < point.Buckets.Count; i++)
        {
            count += point.Buckets[i];
            var bound = $"le=\"{Number(i < bounds.Count ? bounds[i] : double.PositiveInfinity)}\"";
            WriteSample(text, $"{name}_bucket", labels.Length == 0 ? bound : $"{labels},{bound}", count);
        }
        WriteSample(text, $"{name}_sum", labels, point.Value);
        WriteSample(text, $"{name}_count", labels, count);
    }

    private static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    /// <summary>Labels whose names become the same are one, with both values, as OpenTelemetry asks.</summary>
    private static string LabelsOf(MetricPoint point) => string.Join(',', point.Labels
        .GroupBy(label => PrometheusNames.OfLabel(label.Name), label => label.Value)
        .Select(group => $"{group.Key}=\"{Escape(string.Join(';', group))}\""));

    private static string Escape(string value) => value.Replace("\\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };
}
