using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Telemetry;

/// <summary>Section <c>Basin:Telemetry</c>.</summary>
public sealed class TelemetryOptions
{
    /// <summary>
    /// Where traces and metrics are sent by OTLP, such as <c>http://localhost:4317</c>. Nothing is sent without it, or without the standard's own
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; the other <c>OTEL_</c> variables are followed too.
    /// </summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>Tag sets per instrument; more are counted together under <c>otel_metric_overflow</c>. Default 2000.</summary>
    [Range(1, 1_000_000)]
    public int MaxSeriesPerInstrument { get; set; } = 2000;
}
