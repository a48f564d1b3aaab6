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
        foreach (var asked in routes.Endpoints.Select(route => route.Metadata.GetMetadata<RequiredLimit>()).OfType<RequiredLimit>().Distinct())
        {
            if (asked.Policy is { } policy)
                policies.Of(policy).RefuseCost(asked.Cost);
        }
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
            Tell(told, limit, limiter, counted, decision);
            LimitsMetrics.Decided(policy, limit, decision.IsAllowed);
            if (!decision.IsAllowed && !policy.IsDryRun)
            {
                GiveBack(policy, i, key, plan, cost);
                told.Clear();
                Tell(told, limit, limiter, counted, decision);
                SetHeaders(http, policy.HeaderOf(plan), told);
                return RefuseAsync(http, policy, limit, decision);
            }
            delayUs = policy.IsDryRun ? 0 : Math.Max(delayUs, decision.DelayUs);
            if (decision.IsAllowed && limiter.Rule.Algorithm == LimitAlgorithm.Concurrency)
                (held ??= []).Add((limiter, counted));
        }
        SetHeaders(http, policy.HeaderOf(plan), told);
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
        var problem = LimitsProblems.TooManyRequests.With($"The limit '{limit.Name}' of the policy '{policy.Name}' is reached.");
        return ProblemResult.WriteAsync(
            http,
            decision.RetryAfterUs == Decision.Never
                ? problem
                // Concurrency ends when others have done their work, which nobody knows.
                : problem with { RetryAfter = TimeSpan.FromSeconds(Math.Max(1, SecondsOf(decision.RetryAfterUs))) });
    }

    /// <summary>How many are left, and in how many seconds there is one more.</summary>
    private static void Tell(StringBuilder told, PolicyLimit limit, Limiter limiter, ulong key, Decision decision)
    {
        var more = limiter.Look(key, decision.Remaining + 1).RetryAfterUs;
        told.Append(
            CultureInfo.InvariantCulture,
            $"{(told.Length == 0 ? "" : ", ")}\"{limit.Name}\";r={decision.Remaining};t={(more == Decision.Never ? 0 : SecondsOf(more))}");
    }

    /// <summary>At the last moment: an answer that a handler has thrown clears what was set before.</summary>
    private static void SetHeaders(HttpContext http, string policy, StringBuilder told) => http.Response.OnStarting(
        static state =>
        {
            var (headers, policy, told) = ((IHeaderDictionary, string, string))state;
            headers["RateLimit-Policy"] = policy;
            headers["RateLimit"] = told;
            return Task.CompletedTask;
        },
        (http.Response.Headers, policy, told.ToString()));

    private static long SecondsOf(long us) => (us + UsPerSecond - 1) / UsPerSecond;
}
