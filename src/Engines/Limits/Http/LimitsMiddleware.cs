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
        foreach (var route in routes.Endpoints)
        {
            if (route.Metadata.GetMetadata<RequireLimitAttribute>() is { Policy: { } policy, Cost: var cost })
                policies.Require(policy, cost);
        }
    }

    public Task InvokeAsync(HttpContext http)
    {
        var asked = http.GetEndpoint()?.Metadata.GetMetadata<RequireLimitAttribute>();
        if (asked is { Policy: null })
            return _next(http);
        var policy = _policies.Find(asked?.Policy ?? (Schemes.IsApi(http.Request.Path) ? PolicyBook.Api : PolicyBook.Pages))!;
        var caller = Caller.From(http.User);
        return policy.Allows(http, caller) ? _next(http) : CountAsync(http, policy, caller, asked?.Cost ?? 1);
    }

    private async Task CountAsync(HttpContext http, Policy policy, Caller? caller, int cost)
    {
        var (key, plan) = (new RequestKey(http, caller, _policies.Ipv6Prefix), _policies.PlanOf(caller));
        var told = new StringBuilder();
        var delayUs = 0L;
        // The places of the limits that have counted it.
        var counted = new bool[policy.Limits.Count];
        var isServed = false;
        try
        {
            for (var i = 0; i < counted.Length; i++)
            {
                var limit = policy.Limits[i];
                var decision = await limit.CounterOf(plan).TakeAsync(key, limit.Per, cost);
                Tell(told, limit, decision);
                limit.Note(decision.IsAllowed);
                LimitsMetrics.Decided(policy, limit, decision.IsAllowed);
                if (!decision.IsAllowed && !policy.IsDryRun)
                {
                    await RefuseAsync(http, policy, plan, limit, decision);
                    return;
                }
                counted[i] = decision.IsAllowed;
                delayUs = policy.IsDryRun ? 0 : Math.Max(delayUs, decision.DelayUs);
            }
            SetHeaders(http, policy.HeaderOf(plan), told.ToString());
            if (delayUs > 0)
                await Task.Delay(TimeSpan.FromMicroseconds(delayUs), _time, http.RequestAborted);
            isServed = true;
            await _next(http);
        }
        finally
        {
            await GiveBackAsync(policy, counted, isServed, key, plan, cost);
        }
    }

    /// <summary>What was counted for a request that nobody serves; of one that was served, what counts while it lasts.</summary>
    private static async Task GiveBackAsync(Policy policy, bool[] counted, bool isServed, RequestKey key, string? plan, int cost)
    {
        for (var i = 0; i < counted.Length; i++)
        {
            var counter = policy.Limits[i].CounterOf(plan);
            if (counted[i] && (!isServed || counter.Rule.Algorithm == LimitAlgorithm.Concurrency))
                await counter.GiveBackAsync(key, policy.Limits[i].Per, cost);
        }
    }

    private static Task RefuseAsync(HttpContext http, Policy policy, string? plan, PolicyLimit limit, Decision decision)
    {
        SetHeaders(http, policy.HeaderOf(plan), Tell(new StringBuilder(), limit, decision).ToString());
        var problem = LimitsProblems.TooManyRequests.With($"The limit '{limit.Name}' of the policy '{policy.Name}' is reached.");
        return ProblemResult.WriteAsync(
            http,
            decision.RetryAfterUs == Decision.Never
                ? problem
                // Concurrency ends when others have done their work, which nobody knows.
                : problem with { RetryAfter = TimeSpan.FromSeconds(Math.Max(1, SecondsOf(decision.RetryAfterUs))) });
    }

    /// <summary>How many are left, and in how many seconds all are there again.</summary>
    private static StringBuilder Tell(StringBuilder told, PolicyLimit limit, Decision decision) => told.Append(
        CultureInfo.InvariantCulture,
        $"{(told.Length == 0 ? "" : ", ")}\"{limit.Name}\";r={decision.Remaining};t={SecondsOf(decision.ResetAfterUs)}");

    /// <summary>At the last moment: an answer that a handler has thrown clears what was set before.</summary>
    private static void SetHeaders(HttpContext http, string policy, string told) => http.Response.OnStarting(
        static state =>
        {
            var (headers, policy, told) = ((IHeaderDictionary, string, string))state;
            headers["RateLimit-Policy"] = policy;
            headers["RateLimit"] = told;
            return Task.CompletedTask;
        },
        (http.Response.Headers, policy, told));

    private static long SecondsOf(long us) => (us + UsPerSecond - 1) / UsPerSecond;
}
