using Basin.Kernel.FrontDoors;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Hosting;

/// <param name="Status"><c>starting</c>, <c>ready</c>, <c>degraded</c> or <c>draining</c>; only <c>ready</c> takes traffic.</param>
public sealed record HealthReport(string Status, IReadOnlyList<SystemHealth> Systems);

/// <param name="State"><c>ok</c>, or <c>down</c> while a shard refuses writes.</param>
/// <param name="Reason">Why: <c>disk_full</c>, <c>input_output</c>, <c>stopped</c>, ...; null when nothing is wrong.</param>
public sealed record SystemHealth(string Name, string State, string? Reason);

/// <summary>Two questions that a load balancer or an orchestrator asks, without a key and without an answer that would help an attacker.</summary>
internal static class Health
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => TypedResults.Ok()).ServeAs(RequestClass.Essential).WithoutLimit().ExcludeFromDescription().DisableHttpMetrics();
        routes.MapGet("/health/ready", GetReady).ServeAs(RequestClass.Essential).WithoutLimit().ExcludeFromDescription().DisableHttpMetrics();
    }

    private static Results<Ok<HealthReport>, JsonHttpResult<HealthReport>> GetReady(
        Stores stores, Placement placement, IHostApplicationLifetime lifetime)
    {
        var report = ReportOf(
            stores.All.Where(store => placement.IsHere(store.System)), lifetime.ApplicationStarted.IsCancellationRequested, lifetime.ApplicationStopping.IsCancellationRequested);
        return report.Status == "ready" ? TypedResults.Ok(report) : TypedResults.Json(report, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    public static HealthReport ReportOf(IEnumerable<Store> stores, bool started, bool stopping)
    {
        var systems = stores.Select(HealthOf).ToList();
        var status = stopping ? "draining" : !started ? "starting" : systems.Exists(system => system.State != "ok") ? "degraded" : "ready";
        return new HealthReport(status, systems);
    }

    private static SystemHealth HealthOf(Store store)
    {
        var reason = store.Shards.Select(shard => shard.Trouble?.Reason).FirstOrDefault(reason => reason is not null);
        return reason is { } why
            ? new SystemHealth(store.System, "down", System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(why.ToString()))
            : new SystemHealth(store.System, "ok", null);
    }
}
