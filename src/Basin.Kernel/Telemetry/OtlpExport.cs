using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Basin.Kernel.Telemetry;

/// <summary>Sends traces and metrics by OTLP when an endpoint is configured. Without one nothing is recorded for it, so it costs nothing.</summary>
internal sealed class OtlpExport(IConfiguration configuration) : IHostedService, IDisposable
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string EndpointSetting = $"Basin:Telemetry:{nameof(TelemetryOptions.OtlpEndpoint)}";

    private TracerProvider? _traces;
    private MeterProvider? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (EndpointIn(configuration) is not { } endpoint)
            return Task.CompletedTask;
        // The exporter reads the standard's variables from the configuration that it is given.
        var settings = new ConfigurationBuilder()
            .AddConfiguration(configuration)
            .AddInMemoryCollection([new(EndpointVariable, endpoint)])
            .Build();
        _traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings))
            .ConfigureResource(Describe)
            .AddSource("Basin.*", "Microsoft.AspNetCore")
            .AddOtlpExporter()
            .Build();
        _metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureServices(services => services.AddSingleton<IConfiguration>(settings))
            .ConfigureResource(Describe)
            .AddMeter("Basin.*", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Sends what waits, as far as the exporter's own timeout allows.</summary>
    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }

    /// <summary>Where the configuration sends traces and metrics, or null.</summary>
    /// <exception cref="InvalidOperationException">It is no address.</exception>
    public static string? EndpointIn(IConfiguration configuration)
    {
        var source = string.IsNullOrEmpty(configuration[EndpointSetting]) ? EndpointVariable : EndpointSetting;
        if (configuration[source] is not { Length: > 0 } endpoint)
            return null;
        return Uri.TryCreate(endpoint, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? endpoint
            : throw new InvalidOperationException($"{source} is '{endpoint}'; an address such as http://localhost:4317 is expected.");
    }

    private static void Describe(ResourceBuilder resource) => resource.AddService("basin").AddEnvironmentVariableDetector();
}
