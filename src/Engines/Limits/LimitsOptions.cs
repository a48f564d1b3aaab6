using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Basin.Limits;

/// <summary>What a limit counts by.</summary>
public enum LimitPartition
{
    /// <summary>All requests together.</summary>
    Everybody,

    /// <summary>The network address of the client; of IPv6 the network that one customer of a provider has.</summary>
    Address,

    Tenant,

    /// <summary>The API key or the account.</summary>
    Caller,

    /// <summary>The pattern of the route with its method.</summary>
    Route,
}

/// <summary>Section <c>Basin:Limits</c>: how many requests are let in.</summary>
public sealed class LimitsOptions : IValidatableObject
{
    /// <summary>Whether requests are counted at all. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Leading bits of an IPv6 address that count as one client. Default 64.</summary>
    [Range(16, 128)]
    public int Ipv6Prefix { get; set; } = 64;

    /// <summary>Keys that each limit tells apart, 48 bytes each; those beyond share what is allowed to one. Default 200000.</summary>
    [Range(1, 100_000_000)]
    public int MaxKeys { get; set; } = 200_000;

    /// <summary>By name, such as <c>checkout</c>; they replace those of the same name that the program has.</summary>
    public Dictionary<string, PolicyOptions> Policies { get; set; } = [];

    /// <summary>Plans, with how many times as much their tenants and callers are allowed. Default none.</summary>
    public Dictionary<string, int> Plans { get; set; } = [];

    /// <summary>The plan of a tenant, by its id. Default none: as much as the policy says.</summary>
    public Dictionary<string, string> Tenants { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, policy) in Policies)
        {
            foreach (var (member, sentence) in policy.Faults)
                yield return new ValidationResult($"{name}: {sentence}", [$"{nameof(Policies)}:{name}:{member}"]);
        }
        foreach (var (plan, times) in Plans)
        {
            if (times is < 1 or > 1000)
                yield return new ValidationResult($"{times} is not 1 to 1000.", [$"{nameof(Plans)}:{plan}"]);
            else if (Policies.Values.SelectMany(policy => policy.Limits).FirstOrDefault(limit => limit.Rule.Times(times).Fault is not null) is { } limit)
                yield return new ValidationResult($"{limit.Rule.Times(times).Fault!.Value.Sentence}", [$"{nameof(Plans)}:{plan}"]);
        }
        foreach (var (tenant, plan) in Tenants)
        {
            if (!Id<Tenant>.TryParse(tenant, null, out _))
                yield return new ValidationResult($"'{tenant}' is not the id of a tenant.", [nameof(Tenants)]);
            if (!Plans.ContainsKey(plan))
                yield return new ValidationResult($"There is no plan '{plan}'.", [$"{nameof(Tenants)}:{tenant}"]);
        }
    }
}

/// <summary>Limits that a request passes one after the other; all let it in, or none has counted it.</summary>
public sealed class PolicyOptions
{
    private const int MaxLimits = 8;

    /// <summary>Whether it only counts what it would refuse. Default false.</summary>
    public bool DryRun { get; set; }

    /// <summary>Networks such as <c>10.0.0.0/8</c> and ids of keys that it does not count. Default none.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>The narrowest first.</summary>
    public List<LimitOptions> Limits { get; set; } = [];

    internal IEnumerable<(string Member, string Sentence)> Faults
    {
        get
        {
            if (Limits.Count is 0 or > MaxLimits)
                yield return (nameof(Limits), $"1 to {MaxLimits} limits are expected.");
            for (var i = 0; i < Limits.Count; i++)
            {
                if (Limits[i].Fault is var (member, sentence))
                    yield return ($"{nameof(Limits)}:{i}:{member}", sentence);
            }
            foreach (var network in Allow.Where(each => each.Contains('/') && !IPNetwork.TryParse(each, out _)))
                yield return (nameof(Allow), $"'{network}' is not a network such as 10.0.0.0/8.");
        }
    }
}

/// <summary>One limit of a policy.</summary>
public sealed class LimitOptions
{
    /// <summary>Longest that a request waits for its turn in a leaky bucket.</summary>
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(10);

    /// <summary>What it counts by; several together, such as tenant and route. Default everybody.</summary>
    public List<LimitPartition> Per { get; set; } = [];

    public LimitAlgorithm Algorithm { get; set; } = LimitAlgorithm.Gcra;

    /// <inheritdoc cref="LimitRule.Permits"/>
    public long Permits { get; set; }

    /// <inheritdoc cref="LimitRule.Period"/>
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(1);

    /// <inheritdoc cref="LimitRule.Burst"/>
    public long Burst { get; set; }

    internal LimitRule Rule => new(Algorithm, Permits, Period, Burst);

    internal (string Member, string Sentence)? Fault => Rule.Fault ?? (
        Algorithm == LimitAlgorithm.LeakyBucket && Permits > 0 && Rule.Capacity * Period > Permits * LongestDelay
            ? (nameof(Burst), $"A request would wait for longer than {LongestDelay.TotalSeconds} s.")
            : null);
}
