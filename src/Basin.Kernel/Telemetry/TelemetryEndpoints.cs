using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Basin.Kernel.Access;
using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Telemetry;

/// <summary>The numbers of the host: for Prometheus, and live for the console's map.</summary>
internal static class TelemetryEndpoints
{
    public static void MapTelemetry(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/metrics", GetMetrics).RequireScope("metrics:read").ExcludeFromDescription().ServeAs(RequestClass.Background);
        routes.MapGet("/console/live", WatchPulse).RequireAuthorization(Policies.Operator).ExcludeFromDescription().DisableHttpMetrics()
            .ServeAs(RequestClass.Checkout, stays: true);
    }

    private static async Task<ContentHttpResult> GetMetrics(MetricsCollector collector, Backlog backlog, CancellationToken cancellation)
    {
        await backlog.ReadAsync(cancellation);
        return TypedResults.Text(PrometheusText.Write(collector.Collect()), PrometheusText.ContentType);
    }

    /// <summary>The pulses of the last minutes, or those after <c>Last-Event-ID</c>, then one each second until the host shuts down.</summary>
    private static ServerSentEventsResult<Pulse> WatchPulse(HttpRequest request, PulseSampler sampler, IHostApplicationLifetime lifetime)
    {
        var after = long.TryParse(request.Headers["Last-Event-ID"], out var ms) && ms is > 0 and < 253_402_300_799_999
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : DateTimeOffset.MinValue;
        return TypedResults.ServerSentEvents(WatchAsync(sampler, after, lifetime.ApplicationStopping, request.HttpContext.RequestAborted));
    }

    private static async IAsyncEnumerable<SseItem<Pulse>> WatchAsync(
        PulseSampler sampler, DateTimeOffset after, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        await foreach (var pulse in sampler.WatchAsync(after, ending.Token))
            yield return new SseItem<Pulse>(pulse, "pulse") { EventId = pulse.At.ToUnixTimeMilliseconds().ToString() };
    }
}
