using Basin.Limits.Regions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Limits;

internal static class LimitsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var limits = routes.MapGroup("/v1/limits").WithTags("Limits").WithChecks();
        if (routes.ServiceProvider.GetRequiredService<LimitsOptions>().Regions.AreUsed)
            limits.MapPost("/settlements", Settle).RequireScope("limits:settle").WithoutLimit().ServeAs(RequestClass.Essential);
        var policies = limits.MapGroup("/policies");
        policies.MapGet("/", List).RequireScope("limits:read");
        policies.MapGet("/{name}", Find).RequireScope("limits:read");
        policies.MapPut("/{name}", Change).RequireScope("limits:write");
        policies.MapDelete("/{name}", Reset).RequireScope("limits:write");
    }

    /// <summary>Lists the policies in force.</summary>
    private static Answer<IReadOnlyList<PolicyView>> List(Caller caller, LimitsApi limits) => limits.List(caller);

    /// <summary>Shows a policy.</summary>
    private static Answer<PolicyView> Find(string name, Caller caller, LimitsApi limits) => limits.Find(caller, name);

    /// <summary>Puts a policy into force in place of the configured one, in all processes.</summary>
    private static Task<Answer<PolicyView>> Change(
        string name, PolicyOptions request, IfMatch match, Caller caller, Once once, LimitsApi limits, CancellationToken cancellation) =>
        limits.ChangeAsync(caller, name, request, match, once, cancellation);

    /// <summary>Makes a policy what it is in the configuration.</summary>
    private static Task<Answer<PolicyView>> Reset(
        string name, IfMatch match, Caller caller, Once once, LimitsApi limits, CancellationToken cancellation) =>
        limits.ResetAsync(caller, name, match, once, cancellation);

    /// <summary>Hears what another region has let in, and tells what this one has. Telling it again changes nothing.</summary>
    private static Answer<Settlement> Settle(Settlement request, Caller caller, LimitsApi limits) => limits.Settle(caller, request);
}

/// <summary>Who has made a policy what it is.</summary>
public enum PolicySource
{
    Program,

    Configuration,

    /// <summary>In the console, or by the API.</summary>
    Operator,
}

/// <param name="Version">How often operators have changed it.</param>
/// <param name="Policy">As it can be put.</param>
/// <param name="ChangedAt">By operators.</param>
/// <param name="ChangedBy">The key or the account.</param>
public sealed record PolicyView(
    string Name, PolicySource Source, long Version, PolicyOptions Policy, DateTimeOffset? ChangedAt, string? ChangedBy);
