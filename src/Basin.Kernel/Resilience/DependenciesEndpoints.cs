using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Basin.Kernel.Access;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Resilience;

/// <param name="Data">By name.</param>
public sealed record DependencyList(IReadOnlyList<DependencyView> Data);

/// <summary>How the dependencies of this process are: for operators' tools, and live for the console.</summary>
internal static class DependenciesEndpoints
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    extension(IServiceCollection services)
    {
        public void AddDependencies()
        {
            services.AddSingleton<Dependencies>();
            services.AddSingleton<Foundations>();
            services.AddSingleton(new DependencySource(provider => provider.GetRequiredService<Foundations>().All));
            services.AddSingleton(new DependencySource(provider => provider.GetRequiredService<Peers>().Dependencies));
        }
    }

    public static void MapDependencies(this IEndpointRouteBuilder routes)
    {
        // Made now, so that its numbers are there from the start.
        routes.ServiceProvider.GetRequiredService<Dependencies>();
        routes.MapGet("/v1/dependencies", ListDependencies).WithTags("Dependencies").RequireScope("dependencies:read");
        routes.MapGet("/console/dependencies/live", WatchDependencies)
            .RequireAuthorization(Policies.Operator).ExcludeFromDescription().DisableHttpMetrics();
    }

    /// <summary>
    /// Lists what the process that answers depends on, and how it finds it now: other processes may find it otherwise. Only for operators.
    /// </summary>
    private static Answer<DependencyList> ListDependencies(Caller caller, Tenants tenants, Dependencies dependencies) =>
        tenants.IsOperator(caller) ? new DependencyList(dependencies.Look()) : AccessProblems.OperatorsOnly;

    private static ServerSentEventsResult<DependencyList> WatchDependencies(
        Dependencies dependencies, TimeProvider time, IHostApplicationLifetime lifetime, CancellationToken aborted) =>
        TypedResults.ServerSentEvents(WatchAsync(dependencies, time, lifetime.ApplicationStopping, aborted));

    private static async IAsyncEnumerable<SseItem<DependencyList>> WatchAsync(
        Dependencies dependencies, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        while (!ending.IsCancellationRequested)
        {
            yield return new SseItem<DependencyList>(new DependencyList(dependencies.Look()), "dependencies");
            await time.DelayQuietly(Period, ending.Token);
        }
    }
}
