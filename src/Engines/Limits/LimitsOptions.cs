using System.ComponentModel.DataAnnotations;
using System.Net;
using Basin.Limits.Regions;
using Basin.Limits.Shared;

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

    /// <summary>Installations that count some policies together, far from each other. Default none.</summary>
    public RegionsOptions Regions { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var (name, policy) in Policies)
        {
            foreach (var (member, sentences) in FaultsOf(policy))
                yield return new ValidationResult($"{name}: {sentences[0]}", [$"{nameof(Policies)}:{name}:{member}"]);
        }
        foreach (var (plan, times) in Plans)
        {
            if (times is < 1 or > 1000)
                yield return new ValidationResult($"{times} is not 1 to 1000.", [$"{nameof(Plans)}:{plan}"]);
        }
        foreach (var (tenant, plan) in Tenants)
        {
            if (!Id<Tenant>.TryParse(tenant, null, out _))
                yield return new ValidationResult($"'{tenant}' is not the id of a tenant.", [nameof(Tenants)]);
            if (!Plans.ContainsKey(plan))
                yield return new ValidationResult($"There is no plan '{plan}'.", [$"{nameof(Tenants)}:{tenant}"]);
        }
        foreach (var fault in Regions.Validate())
            yield return fault;
    }

    /// <summary>What is wrong with a policy under these plans, by member.</summary>
    internal IReadOnlyDictionary<string, string[]> FaultsOf(PolicyOptions policy)
    {
        var checks = new Checks();
        policy.Check(checks);
        if (checks.Problem is { } problem)
            return problem.Errors;
        for (var i = 0; i < policy.Limits.Count; i++)
        {
            if (FaultOf(policy, policy.Limits[i].Rule) is var (member, sentence))
                checks.That(false, $"limits[{i}].{member}", sentence);
        }
        foreach (var (plan, times) in Plans)
        {
            for (var i = 0; i < policy.Limits.Count; i++)
            {
                if (FaultOf(policy, policy.Limits[i].Rule.Times(times)) is var (member, sentence))
                    checks.That(false, $"limits[{i}].{member}", $"In the plan {plan}: {sentence}");
            }
        }
        return checks.Problem?.Errors ?? NoFaults;
    }

    /// <summary>Why a rule cannot be counted as a policy counts; null when it can.</summary>
    private (string Member, string Sentence)? FaultOf(PolicyOptions policy, LimitRule rule) =>
        rule.Fault
        ?? (policy.Shared ? LimitScript.Fault(rule) : null)
        ?? (policy.Regional && Regions.AreUsed ? new RegionalTerms(rule, Regions.Others.Count + 1, Regions.UnsettledPercent).Fault : null);

    private static readonly IReadOnlyDictionary<string, string[]> NoFaults = new Dictionary<string, string[]>();
}

/// <summary>Limits that a request passes one after the other; all let it in, or none has counted it.</summary>
public sealed class PolicyOptions : IChecked
{
    private const int MaxLimits = 8;
    private const int MaxAllowed = 1_000;
    private const int MaxAllowedLength = 100;

    /// <summary>Whether it only counts what it would refuse. Default false.</summary>
    public bool DryRun { get; set; }

    /// <summary>Whether all processes count together, in the Redis of section <c>Basin:Redis</c>. Default false.</summary>
    public bool Shared { get; set; }

    /// <summary>Whether the regions of <c>Basin:Limits:Regions</c> count it together. Default false.</summary>
    public bool Regional { get; set; }

    /// <summary>What is done while that Redis is not reached. Default <see cref="WhenUnreachable.CountHere"/>.</summary>
    public WhenUnreachable WhenUnreachable { get; set; }

    /// <summary>Networks such as <c>10.0.0.0/8</c>, addresses, and ids of keys that it does not count, 1000 at most. Default none.</summary>
    public List<string> Allow { get; set; } = [];

    /// <summary>The narrowest first, 1 to 8.</summary>
    public List<LimitOptions> Limits { get; set; } = [];

    public void Check(Checks checks)
    {
        checks.That(Allow is { Count: <= MaxAllowed }, "allow", $"At most {MaxAllowed} are expected.");
        for (var i = 0; i < Math.Min(Allow?.Count ?? 0, MaxAllowed); i++)
        {
            checks.Text(Allow![i], $"allow[{i}]", MaxAllowedLength);
            checks.That(Allow[i]?.Contains('/') != true || IPNetwork.TryParse(Allow[i], out _), $"allow[{i}]", "A network such as 10.0.0.0/8 is expected.");
        }
        checks.That(Enum.IsDefined(WhenUnreachable), "whenUnreachable", "There is no such choice.");
        checks.That(!Shared || !Regional, "regional", "A policy is counted by the processes of one Redis, or by regions.");
        checks.Items(Limits, "limits", 1, MaxLimits);
    }
}

/// <summary>One limit of a policy.</summary>
public sealed class LimitOptions : IChecked
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

    public void Check(Checks checks)
    {
        checks.That(
            Per is not null && Per.TrueForAll(Enum.IsDefined) && Per.Distinct().Count() == Per.Count, "per",
            "Each of everybody, address, tenant, caller and route is expected once at most.");
        if (Rule.Fault is var (member, sentence))
            checks.That(false, member, sentence);
        else
            checks.That(
                Algorithm != LimitAlgorithm.LeakyBucket || Permits == 0 || (Int128)Rule.Capacity * Period.Ticks <= (Int128)Permits * LongestDelay.Ticks,
                "burst",
                $"A request would wait for longer than {LongestDelay.TotalSeconds} s.");
    }
}
