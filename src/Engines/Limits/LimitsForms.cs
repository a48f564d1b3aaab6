using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Basin.Limits;

/// <summary>What the pages of the console need besides themselves.</summary>
internal static class LimitsForms
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var console = routes.MapGroup("/console/limits").RequireAuthorization(Policies.Operator).ExcludeFromDescription();
        console.MapPost("/{name}/reset", ResetAsync);
        console.MapGet("/live", Watch).DisableHttpMetrics();
    }

    /// <param name="form">Binding it checks the form's token.</param>
    private static async Task<SeeOther> ResetAsync(
        string name, IFormCollection form, Caller caller, OnceRegistry registry, LimitsApi limits, CancellationToken cancellation)
    {
        // A policy that is as it is configured already is what the button asks for.
        await limits.ResetAsync(caller, name, new IfMatch(null), registry.For(caller, key: null, "reset a limit"), cancellation);
        return new SeeOther("/console/limits?result=reset");
    }

    /// <summary>What the limits of this process have counted, each second until the host shuts down.</summary>
    private static ServerSentEventsResult<LimitTotals> Watch(LimitsApi limits, TimeProvider time, IHostApplicationLifetime lifetime, CancellationToken aborted) =>
        TypedResults.ServerSentEvents(WatchAsync(limits, time, lifetime.ApplicationStopping, aborted));

    private static async IAsyncEnumerable<SseItem<LimitTotals>> WatchAsync(
        LimitsApi limits, TimeProvider time, CancellationToken stopping, [EnumeratorCancellation] CancellationToken aborted)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping, aborted);
        while (!ending.IsCancellationRequested)
        {
            yield return new SseItem<LimitTotals>(limits.Count(time.GetUtcNow()), "totals");
            await time.DelayQuietly(Period, ending.Token);
        }
    }
}

/// <param name="Charted">Requests that each policy has let in, and refused.</param>
/// <param name="Shown">What each limit has, by the names of <see cref="LimitWords.Total"/>.</param>
internal sealed record LimitTotals(DateTimeOffset At, IReadOnlyDictionary<string, long> Charted, IReadOnlyDictionary<string, long> Shown);
