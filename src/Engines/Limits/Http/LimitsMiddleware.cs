using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Limits;

/// <summary>
/// Counts each request by its policy, and refuses those that are too many: 429 with <c>Retry-After</c>. What is left is told in <c>RateLimit</c> and
/// <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers-10), on every answer.
/// </summary>
internal sealed class LimitsMiddleware
{
    private const long UsPerSecond = 1_000_000;

    private readonly RequestDelegate _next;
    private readonly PolicyBook _policies;
    private readonly TimeProvider _time;

    /// <exception cref="InvalidOperationException">A route asks for a policy that there is not.</exception>
    public LimitsMiddleware(RequestDelegate next, PolicyBook policies, EndpointDataSource routes, TimeProvider time)
    {
        (_next, _policies, _time) = (next, policies, time);
        foreach (var asked in routes.Endpoints.Select(route => route.Metadata.GetMetadata<RequiredLimit>()?.Policy).OfType<string>().Distinct())
            policies.Of(asked);
    }

    public Task InvokeAsync(HttpContext http)
    {
        var asked = http.GetEndpoint()?.Metadata.GetMetadata<RequiredLimit>();
        if (asked is { Policy: null })
            return _next(http);
        var policy = _policies.Of(asked?.Policy ?? (Schemes.IsApi(http.Request.Path) ? PolicyBook.Api : PolicyBook.Pages));
        var caller = Caller.From(http.User);
        return policy.Allows(http, caller) ? _next(http) : CountAsync(http, policy, caller, asked?.Cost ?? 1);
    }

    private Task CountAsync(HttpContext http, Policy policy, Caller? caller, int cost)
    {
        var (key, plan) = (new RequestKey(http, caller, _policies.Ipv6Prefix), _policies.PlanOf(caller));
        var told = new StringBuilder();
        var delayUs = 0L;
        List<(Limiter, ulong)>? held = null;
        for (var i = 0; i < policy.Limits.Count; i++)
        {
            var limit = policy.Limits[i];
            var (limiter, counted) = (limit.LimiterOf(plan), key.Of(limit.Per));
            var decision = limiter.Take(counted, cost);
            Tell(told, limit, decision);
            LimitsMetrics.Decided(policy, limit, decision.IsAllowed);
            if (!decision.IsAllowed && !policy.IsDryRun)
            {
                GiveBack(policy, i, key, plan, cost);
                return RefuseAsync(http, policy, limit, decision);
            }
            delayUs = Math.Max(delayUs, decision.DelayUs);
            if (decision.IsAllowed && limiter.Rule.Algorithm == LimitAlgorithm.Concurrency)
                (held ??= []).Add((limiter, counted));
        }
        SetHeaders(http, policy, told);
        return delayUs == 0 && held is null ? _next(http) : GoOnAsync(http, held ?? [], cost, delayUs);
    }

    /// <param name="held">What is given back when the request is done.</param>
    private async Task GoOnAsync(HttpContext http, List<(Limiter Limiter, ulong Key)> held, int cost, long delayUs)
    {
        try
        {
            if (delayUs > 0)
                await Task.Delay(TimeSpan.FromMicroseconds(delayUs), _time, http.RequestAborted);
            await _next(http);
        }
        finally
        {
            foreach (var (limiter, key) in held)
                limiter.GiveBack(key, cost);
        }
    }

    /// <summary>The limits before one that refuses have counted a request that nobody serves.</summary>
    private static void GiveBack(Policy policy, int count, RequestKey key, string? plan, int cost)
    {
        for (var i = 0; i < count; i++)
            policy.Limits[i].LimiterOf(plan).GiveBack(key.Of(policy.Limits[i].Per), cost);
    }

    private static Task RefuseAsync(HttpContext http, Policy policy, PolicyLimit limit, Decision decision)
    {
        var told = new StringBuilder();
        Tell(told, limit, decision);
        SetHeaders(http, policy, told);
        var problem = LimitsProblems.TooManyRequests.With($"The limit '{limit.Name}' of the policy '{policy.Name}' is reached.");
        return ProblemResult.WriteAsync(
            http,
            decision.RetryAfterUs == Decision.Never
                ? problem
                // Concurrency ends when others have done their work, which nobody knows.
                : problem with { RetryAfter = TimeSpan.FromSeconds(Math.Max(1, SecondsOf(decision.RetryAfterUs))) });
    }

    private static void Tell(StringBuilder told, PolicyLimit limit, Decision decision)
    {
        var resetUs = decision.IsAllowed || decision.RetryAfterUs == Decision.Never ? decision.ResetAfterUs : decision.RetryAfterUs;
        told.Append(CultureInfo.InvariantCulture, $"{(told.Length == 0 ? "" : ", ")}\"{limit.Name}\";r={decision.Remaining};t={SecondsOf(resetUs)}");
    }

    private static void SetHeaders(HttpContext http, Policy policy, StringBuilder told)
    {
        http.Response.Headers["RateLimit-Policy"] = policy.Header;
        http.Response.Headers["RateLimit"] = told.ToString();
    }

    private static long SecondsOf(long us) => (us + UsPerSecond - 1) / UsPerSecond;
}
