using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Basin.Limits;

/// <summary>A policy in force: limits from the narrowest to the widest.</summary>
internal sealed class Policy
{
    private readonly List<IPNetwork> _networks = [];
    private readonly HashSet<string> _callers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> _headers = new(StringComparer.Ordinal);

    public Policy(string name, PolicyOptions terms, IReadOnlyList<PolicyLimit> limits)
    {
        (Name, Terms, Limits) = (name, terms, limits);
        foreach (var allowed in terms.Allow)
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

    /// <summary>What it was made of.</summary>
    public PolicyOptions Terms { get; }

    public bool IsDryRun => Terms.DryRun;

    public IReadOnlyList<PolicyLimit> Limits { get; }

    /// <summary><c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers-10).</summary>
    public string HeaderOf(string? plan) => _headers.GetOrAdd(plan ?? "", _ => string.Join(", ", Limits.Select(limit => limit.HeaderOf(plan))));

    /// <summary>Why a route cannot ask for so many permits; null when it can.</summary>
    public (int Limit, string Sentence)? FaultOfCost(int cost)
    {
        for (var i = 0; i < Limits.Count; i++)
        {
            if (Limits[i].Usual is { Rule.Permits: > 0, MaxCost: var most } && cost > most)
                return (i, $"A route costs {cost} at once, of which '{Limits[i].Name}' allows {most}.");
        }
        return null;
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

/// <summary>One limit of a policy, with a counter for each plan.</summary>
/// <param name="Name">What it is called in headers and metrics, such as <c>address</c>.</param>
/// <param name="ByPlan">With the plan's factor.</param>
internal sealed record PolicyLimit(string Name, IReadOnlyList<LimitPartition> Per, IRequestCounter Usual, IReadOnlyDictionary<string, IRequestCounter> ByPlan)
{
    private long _allowed;
    private long _refused;

    /// <summary>Requests that it has let in since the policy has it, in this process.</summary>
    public long Allowed => Volatile.Read(ref _allowed);

    /// <summary>The same of those that it has refused, or would have.</summary>
    public long Refused => Volatile.Read(ref _refused);

    public IEnumerable<IRequestCounter> Counters => ByPlan.Values.Prepend(Usual);

    /// <summary>Its part of <c>RateLimit-Policy</c>: how many, and in how many seconds they come back.</summary>
    public string HeaderOf(string? plan) => CounterOf(plan).Rule is { Algorithm: LimitAlgorithm.Concurrency } rule
        ? string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={rule.Permits};qu=\"concurrent-requests\"")
        : string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={CounterOf(plan).Rule.Capacity};w={WindowOf(CounterOf(plan).Rule)}");

    /// <summary>A plan is of tenants and their callers; an address has none.</summary>
    public IRequestCounter CounterOf(string? plan) =>
        plan is not null && Per.Any(part => part is LimitPartition.Tenant or LimitPartition.Caller) ? ByPlan.GetValueOrDefault(plan, Usual) : Usual;

    public void Note(bool isAllowed) => Interlocked.Increment(ref isAllowed ? ref _allowed : ref _refused);

    private static long WindowOf(LimitRule rule) =>
        rule.Permits == 0 ? 1 : Math.Max(1, (long)Math.Ceiling(rule.Period.TotalSeconds * rule.Capacity / rule.Permits));
}
