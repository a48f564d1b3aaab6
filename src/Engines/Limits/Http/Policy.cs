using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Basin.Limits;

/// <summary>A policy that counts requests: limits from the narrowest to the widest.</summary>
internal sealed class Policy
{
    private readonly List<IPNetwork> _networks = [];
    private readonly HashSet<string> _callers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _headers = new(StringComparer.Ordinal);

    public Policy(string name, PolicyOptions options, Func<LimitOptions, int, PolicyLimit> make)
    {
        (Name, IsDryRun) = (name, options.DryRun);
        Limits = [.. options.Limits.Select(make)];
        foreach (var allowed in options.Allow)
        {
            if (IPNetwork.TryParse(allowed, out var network))
                _networks.Add(network);
            else if (IPAddress.TryParse(allowed, out var address))
                _networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else
                _callers.Add(allowed);
        }
    }

    public string Name { get; }

    public bool IsDryRun { get; }

    public IReadOnlyList<PolicyLimit> Limits { get; }

    /// <summary><c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers-10).</summary>
    public string HeaderOf(string? plan) => _headers.GetOrAdd(plan ?? "", _ => string.Join(", ", Limits.Select(limit => limit.HeaderOf(plan))));

    /// <exception cref="InvalidOperationException">A route asks for more than there ever is.</exception>
    public void RefuseCost(int cost)
    {
        if (Limits.FirstOrDefault(limit => limit.Usual.Rule is { Permits: > 0 } rule && cost > rule.Capacity) is { } small)
            throw new InvalidOperationException($"A route costs {cost} by the limit '{Name}', of which '{small.Name}' allows {small.Usual.Rule.Capacity} at once.");
    }

    /// <summary>Whether it does not count somebody.</summary>
    public bool Allows(HttpContext http, Caller? caller)
    {
        if (caller is not null && _callers.Contains(caller.Subject))
            return true;
        if (_networks.Count == 0 || http.Connection.RemoteIpAddress is not { } address)
            return false;
        var known = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return _networks.Exists(network => network.Contains(known));
    }
}

/// <summary>One limit of a policy, with a limiter for each plan.</summary>
/// <param name="Name">What it is called in headers and metrics, such as <c>address</c>.</param>
/// <param name="ByPlan">With the plan's factor.</param>
internal sealed record PolicyLimit(string Name, IReadOnlyList<LimitPartition> Per, Limiter Usual, IReadOnlyDictionary<string, Limiter> ByPlan)
{
    /// <summary>Its part of <c>RateLimit-Policy</c>: how many, and in how many seconds they come back.</summary>
    public string HeaderOf(string? plan) => LimiterOf(plan).Rule is { Algorithm: LimitAlgorithm.Concurrency } rule
        ? string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={rule.Permits};qu=\"concurrent-requests\"")
        : string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={LimiterOf(plan).Rule.Capacity};w={WindowOf(LimiterOf(plan).Rule)}");

    /// <summary>A plan is of tenants and their callers; an address has none.</summary>
    public Limiter LimiterOf(string? plan) =>
        plan is not null && Per.Any(part => part is LimitPartition.Tenant or LimitPartition.Caller) ? ByPlan.GetValueOrDefault(plan, Usual) : Usual;

    private static long WindowOf(LimitRule rule) =>
        rule.Permits == 0 ? 1 : Math.Max(1, (long)Math.Ceiling(rule.Period.TotalSeconds * rule.Capacity / rule.Permits));
}
