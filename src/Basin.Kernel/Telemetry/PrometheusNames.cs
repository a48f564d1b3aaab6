using System.Collections.Frozen;
using System.Text;

namespace Basin.Kernel.Telemetry;

/// <summary>
/// Names as OpenTelemetry maps them to Prometheus
/// (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/): the unit in words, <c>_total</c> after counters.
/// </summary>
internal static class PrometheusNames
{
    private static readonly FrozenDictionary<string, string> Units = new Dictionary<string, string>
    {
        ["d"] = "days",
        ["h"] = "hours",
        ["min"] = "minutes",
        ["s"] = "seconds",
        ["ms"] = "milliseconds",
        ["us"] = "microseconds",
        ["ns"] = "nanoseconds",
        ["By"] = "bytes",
        ["KiBy"] = "kibibytes",
        ["MiBy"] = "mebibytes",
        ["GiBy"] = "gibibytes",
        ["KBy"] = "kilobytes",
        ["MBy"] = "megabytes",
        ["GBy"] = "gigabytes",
        ["m"] = "meters",
        ["V"] = "volts",
        ["A"] = "amperes",
        ["J"] = "joules",
        ["W"] = "watts",
        ["g"] = "grams",
        ["Cel"] = "celsius",
        ["Hz"] = "hertz",
        ["%"] = "percent",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> PerUnits = new Dictionary<string, string>
    {
        ["s"] = "second",
        ["m"] = "minute",
        ["min"] = "minute",
        ["h"] = "hour",
        ["d"] = "day",
        ["w"] = "week",
        ["mo"] = "month",
        ["y"] = "year",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static string Of(Metric metric)
    {
        var name = Clean(metric.Instrument, allowColon: true);
        if (metric.Kind == MetricKind.Counter && name.EndsWith("_total", StringComparison.Ordinal))
            name = name[..^"_total".Length];
        var unit = UnitOf(metric);
        if (unit.Length > 0 && !name.EndsWith($"_{unit}", StringComparison.Ordinal))
            name = $"{name}_{unit}";
        return metric.Kind == MetricKind.Counter ? $"{name}_total" : name;
    }

    public static string OfLabel(string name) => Clean(name, allowColon: false);

    private static string UnitOf(Metric metric)
    {
        var unit = metric.Unit ?? "";
        if (unit == "1")
            return metric.Kind == MetricKind.Gauge ? "ratio" : "";
        var slash = unit.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0)
            return Word(unit, Units);
        var (over, under) = (Word(unit[..slash], Units), Word(unit[(slash + 1)..], PerUnits));
        return under.Length == 0 ? over : over.Length == 0 ? $"per_{under}" : $"{over}_per_{under}";
    }

    /// <summary>What stands in braces is a remark, not a unit.</summary>
    private static string Word(string unit, FrozenDictionary<string, string> words)
    {
        var brace = unit.IndexOf('{', StringComparison.Ordinal);
        var bare = (brace < 0 ? unit : unit[..brace]).Trim();
        return words.GetValueOrDefault(bare) ?? (bare.Length == 0 ? "" : Clean(bare, allowColon: false).Trim('_'));
    }

    private static string Clean(string name, bool allowColon)
    {
        var clean = new StringBuilder(name.Length + 1);
        foreach (var c in name)
        {
            if (char.IsAsciiLetterOrDigit(c) || (allowColon && c == ':'))
                clean.Append(clean.Length == 0 && char.IsAsciiDigit(c) ? $"_{c}" : c.ToString());
            else if (clean.Length == 0 || clean[^1] != '_')
                clean.Append('_');
        }
        return clean.ToString();
    }
}
