using System.Collections.Frozen;

namespace Basin.Limits;

/// <summary>The policies in force.</summary>
public sealed class PolicyBook
{
    /// <summary>What routes without a policy of their own are counted by.</summary>
    public const string Api = "api";

    /// <inheritdoc cref="Api"/>
    public const string Pages = "pages";

    private readonly LimitsOptions _options;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<string, Policy> _policies;
    private readonly FrozenDictionary<long, string> _plans;

    public PolicyBook(LimitsOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        _policies = Usual.Where(usual => !options.Policies.ContainsKey(usual.Key)).Concat(options.Policies)
            .ToFrozenDictionary(each => each.Key, each => new Policy(each.Key, each.Value, (limit, place) => Make(each.Value, limit, place)), StringComparer.Ordinal);
        _plans = options.Tenants.ToFrozenDictionary(each => Id<Tenant>.Parse(each.Key, null).Value, each => each.Value);
    }

    /// <summary>What a person, a page with its pictures, or a program needs, and a flood does not get.</summary>
    private static Dictionary<string, PolicyOptions> Usual => new()
    {
        [Pages] = new PolicyOptions { Limits = [new LimitOptions { Per = [LimitPartition.Address], Permits = 100, Burst = 400 }] },
        [Api] = new PolicyOptions
        {
            Limits =
            [
                new LimitOptions { Per = [LimitPartition.Caller], Permits = 2_000, Burst = 4_000 },
                new LimitOptions { Per = [LimitPartition.Tenant], Permits = 10_000, Burst = 20_000 },
            ],
        },
    };

    internal int Ipv6Prefix => _options.Ipv6Prefix;

    /// <exception cref="InvalidOperationException">A route asks for a policy that there is not.</exception>
    internal Policy Of(string name) => _policies.GetValueOrDefault(name)
        ?? throw new InvalidOperationException($"A route asks for the limit '{name}', which Basin:Limits:Policies does not have.");

    /// <summary>Null without one.</summary>
    internal string? PlanOf(Caller? caller) => caller is null ? null : _plans.GetValueOrDefault(caller.Tenant.Value);

    /// <summary>Forgets the keys that have all their permits.</summary>
    internal void Sweep()
    {
        foreach (var limit in _policies.Values.SelectMany(policy => policy.Limits))
        {
            limit.Usual.Sweep();
            foreach (var limiter in limit.ByPlan.Values)
                limiter.Sweep();
        }
    }

    private PolicyLimit Make(PolicyOptions policy, LimitOptions limit, int place)
    {
        var name = NameOf(limit);
        // Such as one by the second and one by the day.
        if (policy.Limits.Count(other => NameOf(other) == name) > 1)
            name += $"-{place + 1}";
        return new PolicyLimit(
            name, limit.Per, Limiter.Of(limit.Rule, _time, _options.MaxKeys),
            _options.Plans.ToDictionary(plan => plan.Key, plan => Limiter.Of(limit.Rule.Times(plan.Value), _time, _options.MaxKeys)));
    }

    private static string NameOf(LimitOptions limit) => limit.Per.Count == 0 ? "everybody" : string.Join('-', limit.Per).ToLowerInvariant();
}
