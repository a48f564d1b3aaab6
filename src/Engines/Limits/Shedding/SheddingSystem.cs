using System.Diagnostics.Metrics;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Limits;

/// <summary>Load shedding: what is refused, put off or left out when more is asked of the host than it can answer.</summary>
public static class SheddingSystem
{
    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddShedding()
        {
            var services = builder.Services;
            builder.AddOptionsSection<SheddingOptions>("Shedding");
            services.AddSingleton<Gate>();
            services.AddSingleton(provider => new Refusals(provider.GetRequiredService<SheddingOptions>(), provider.GetService<RefusalPage>()));
            services.AddSingleton(provider => new LoadMonitor(
                provider.GetRequiredService<Gate>(),
                provider.GetRequiredService<SheddingOptions>(),
                provider.GetRequiredService<Stores>(),
                provider.GetRequiredService<HostLoad>(),
                provider.GetRequiredService<IMeterFactory>(),
                provider.GetRequiredService<TimeProvider>()));
            services.AddHostedService(provider => provider.GetRequiredService<LoadMonitor>());
            services.AddHostedService<Preparation>();
            return builder;
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>Refuses requests from here on, when there are too many. Before it is asked who sends them.</summary>
        public IApplicationBuilder UseShedding() =>
            app.ApplicationServices.GetRequiredService<SheddingOptions>().Enabled ? app.UseMiddleware<SheddingMiddleware>() : app;
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapShedding()
        {
            routes.MapGet("/v1/load", GetLoad).WithTags("Load").RequireScope("load:read").ServeAs(RequestClass.Essential);
            routes.MapGet("/v1/load/routes", ListRoutes).WithTags("Load").RequireScope("load:read").ServeAs(RequestClass.Background);
            routes.MapGet("/console/load/live", WatchLoad).RequireAuthorization(Policies.Operator).ExcludeFromDescription().DisableHttpMetrics()
                .ServeAs(RequestClass.Essential);
        }
    }

    /// <summary>Shows the load of the process that answers: its limit, what is served and refused of each class, and what it leaves out. Only for operators.</summary>
    private static Answer<LoadReport> GetLoad(Caller caller, Tenants tenants, LoadMonitor monitor) =>
        tenants.IsOperator(caller) ? monitor.Latest : AccessProblems.OperatorsOnly;

    /// <summary>Lists the routes of the process that answers, files apart, with the class of their requests. Only for operators.</summary>
    private static Answer<RouteClassList> ListRoutes(Caller caller, Tenants tenants, EndpointDataSource routes) =>
        tenants.IsOperator(caller) ? new RouteClassList([.. ClassesOf(routes)]) : AccessProblems.OperatorsOnly;

    private static IEnumerable<RouteClass> ClassesOf(EndpointDataSource routes) => routes.Endpoints.OfType<RouteEndpoint>()
        .Where(route => route.Metadata.GetMetadata<StaticAssetDescriptor>() is null)
        .SelectMany(SheddingMiddleware.ClassesOf)
        .Distinct()
        .OrderBy(each => each.Route, StringComparer.Ordinal).ThenBy(each => each.Method, StringComparer.Ordinal);

    /// <summary>The reports of the last minutes, or those after <c>Last-Event-ID</c>, then one each second until the host shuts down.</summary>
    private static ServerSentEventsResult<LoadReport> WatchLoad(HttpRequest request, LoadMonitor monitor, IHostApplicationLifetime lifetime)
    {
        var after = long.TryParse(request.Headers["Last-Event-ID"], out var ms) && ms is > 0 and < 253_402_300_799_999
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms)
            : DateTimeOffset.MinValue;
        return TypedResults.ServerSentEvents(WatchAsync(monitor, after, lifetime.ApplicationStopping, request.HttpContext.RequestAborted));
    }

    private static async IAsyncEnumerable<SseItem<LoadReport>> WatchAsync(
        LoadMonitor monitor, DateTimeOffset after, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        await foreach (var report in monitor.WatchAsync(after, ending.Token))
            yield return new SseItem<LoadReport>(report, "load") { EventId = report.At.ToUnixTimeMilliseconds().ToString() };
    }

    /// <summary>Makes the page of refusals before the first of them.</summary>
    private sealed class Preparation(Refusals refusals) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => refusals.PrepareAsync();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
