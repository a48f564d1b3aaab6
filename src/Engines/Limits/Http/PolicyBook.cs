using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Globalization;
using Basin.Limits.Regions;
using Basin.Limits.Shared;
using Basin.Resp;

namespace Basin.Limits;

/// <summary>The policies in force: those of the program, over them those of the configuration, and over them what operators have changed.</summary>
internal sealed class PolicyBook : IAsyncDisposable
{
    /// <summary>What routes for API keys are counted by that have no policy of their own.</summary>
    public const string Api = "api";

    /// <summary>What all other routes are counted by that have no policy of their own.</summary>
    public const string Pages = "pages";

    private readonly LimitsOptions _options;
    private readonly RespClient? _redis;
    private readonly Region _region;
    private readonly TimeProvider _time;
    private readonly FrozenDictionary<string, PolicyOptions> _configured;
    private readonly FrozenDictionary<long, string> _plans;
    private readonly ConcurrentDictionary<string, int> _costs = new(StringComparer.Ordinal);
    private volatile FrozenDictionary<string, Policy> _inForce = FrozenDictionary<string, Policy>.Empty;

    /// <exception cref="InvalidOperationException">Processes are to count together, and there is no server to count in.</exception>
    public PolicyBook(LimitsOptions options, RespOptions redis, Region region, TimeProvider time, Randomness chance)
    {
        (_options, _region, _time) = (options, region, time);
        _configured = Usual.Concat(options.Policies).GroupBy(each => each.Key, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(each => each.First().Key, each => each.Last().Value, StringComparer.Ordinal);
        _plans = options.Tenants.ToFrozenDictionary(each => Id<Tenant>.Parse(each.Key, null).Value, each => each.Value);
        _redis = redis.IsUsed ? new RespClient(redis, time, chance, SharedLimiter.GreetAsync) : null;
        if (_redis is null && _configured.FirstOrDefault(each => each.Value.Shared).Key is { } shared)
            throw new InvalidOperationException($"The limit '{shared}' is shared, and Basin:Redis:Host names no server.");
        if (!options.Regions.AreUsed && _configured.FirstOrDefault(each => each.Value.Regional).Key is { } regional)
            throw new InvalidOperationException($"The limit '{regional}' is regional, and Basin:Limits:Regions names no other region.");
        Change(FrozenDictionary<string, PolicyOptions>.Empty);
    }

    /// <summary>What a person, a page with its pictures, or a program needs, and a flood does not get.</summary>
    private static Dictionary<string, PolicyOptions> Usual => new()
    {
        [Pages] = new PolicyOptions { Limits = [new LimitOptions { Per = [LimitPartition.Address], Permits = 100, Burst = 400 }] },
        [Api] = new PolicyOptions
        {
            Limits =
            [
                new LimitOptions { Per = [LimitPartition.Caller], Permits = 5_000, Burst = 10_000 },
                new LimitOptions { Per = [LimitPartition.Tenant], Permits = 10_000, Burst = 20_000 },
            ],
        },
        ["checkout"] = new PolicyOptions
        {
            Limits =
            [
                new LimitOptions { Per = [LimitPartition.Caller], Permits = 60, Period = TimeSpan.FromMinutes(1), Burst = 20 },
                new LimitOptions { Per = [LimitPartition.Address], Permits = 300, Period = TimeSpan.FromMinutes(1), Burst = 100 },
            ],
        },
        ["sign-in"] = new PolicyOptions
        {
            Limits = [new LimitOptions { Per = [LimitPartition.Address], Permits = 60, Period = TimeSpan.FromMinutes(1), Burst = 30 }],
        },
    };

    public int Ipv6Prefix => _options.Ipv6Prefix;

    public IEnumerable<Policy> InForce => _inForce.Values.OrderBy(policy => policy.Name, StringComparer.Ordinal);

    public Policy? Find(string name) => _inForce.GetValueOrDefault(name);

    /// <summary>A policy as it is where no operator has changed it.</summary>
    public PolicyOptions Configured(string name) => _configured[name];

    /// <summary>Whether a policy is as the program has it, where nobody has changed it.</summary>
    public bool IsOfProgram(string name) => !_options.Policies.Keys.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes note of what a route asks for.</summary>
    /// <exception cref="InvalidOperationException">There is no such policy, or it never allows so much.</exception>
    public void Require(string name, int cost)
    {
        var policy = Find(name) ?? throw new InvalidOperationException($"A route asks for the limit '{name}', which Basin:Limits:Policies does not have.");
        _costs.AddOrUpdate(name, cost, (_, known) => Math.Max(known, cost));
        if (policy.FaultOfCost(cost) is null)
            return;
        // What operators have changed, before the route cost so much, must not refuse the start.
        if (Make(name, _configured[name]) is var configured && configured.FaultOfCost(cost) is var (_, sentence))
            throw new InvalidOperationException($"The limit '{name}' does not fit: {sentence}");
        PutIntoForce(_inForce.Values.Select(each => each.Name == name ? configured : each));
    }

    /// <summary>Null without one.</summary>
    public string? PlanOf(Caller? caller) => caller is null ? null : _plans.GetValueOrDefault(caller.Tenant.Value);

    /// <summary>What is wrong with a policy here, by member; empty when it can be in force.</summary>
    public IReadOnlyDictionary<string, string[]> FaultsOf(string name, PolicyOptions terms)
    {
        var faults = _options.FaultsOf(terms);
        if (faults.Count > 0)
            return faults;
        if (terms.Shared && _redis is null)
            return new Dictionary<string, string[]> { ["shared"] = ["Processes count together in a Redis, which Basin:Redis:Host does not name."] };
        if (terms.Regional && !_options.Regions.AreUsed)
            return new Dictionary<string, string[]> { ["regional"] = ["Regions count together, of which Basin:Limits:Regions names none."] };
        return Make(name, terms).FaultOfCost(_costs.GetValueOrDefault(name, 1)) is var (limit, sentence)
            ? new Dictionary<string, string[]> { [$"limits[{limit}].permits"] = [sentence] }
            : faults;
    }

    /// <summary>Puts policies into force in place of those that are configured. What a limit has counted stays where its rule stays.</summary>
    public void Change(IReadOnlyDictionary<string, PolicyOptions> changed) =>
        PutIntoForce(_configured.Select(each => Make(each.Key, changed.GetValueOrDefault(each.Key, each.Value))));

    private void PutIntoForce(IEnumerable<Policy> policies)
    {
        _inForce = policies.ToFrozenDictionary(policy => policy.Name, StringComparer.Ordinal);
        _region.Use(Counters.OfType<RegionalCounter>().Select(counter => (counter.Name, counter.Limiter)));
    }

    /// <summary>Forgets the keys that have all their permits.</summary>
    public void Sweep()
    {
        foreach (var counter in Counters)
            counter.Sweep();
        _region.Sweep();
    }

    private IEnumerable<IRequestCounter> Counters => _inForce.Values.SelectMany(policy => policy.Limits).SelectMany(limit => limit.Counters);

    /// <summary>The Redis, where there is one.</summary>
    public IEnumerable<Dependency> Dependencies => _redis is null ? [] : [_redis.AsDependency(new DependencyInfo(
        "limits/redis",
        "Counts the requests of all processes together, by the policies that are shared.",
        "Nothing, where a policy counts here meanwhile: each process allows as much as all did together. 429, where a policy refuses meanwhile."))];

    public ValueTask DisposeAsync() => _redis?.DisposeAsync() ?? ValueTask.CompletedTask;

    private Policy Make(string name, PolicyOptions terms)
    {
        var before = Find(name);
        return new Policy(name, terms, [.. terms.Limits.Select((limit, place) => Known(before, terms, limit, place) ?? Make(name, terms, limit, place))]);
    }

    private static PolicyLimit? Known(Policy? before, PolicyOptions terms, LimitOptions limit, int place) =>
        before is not null && before.Terms.Shared == terms.Shared && before.Terms.Regional == terms.Regional && before.Terms.WhenUnreachable == terms.WhenUnreachable
            ? before.Limits.FirstOrDefault(known => known.Name == NameOf(terms, limit, place) && known.Usual.Rule == limit.Rule)
            : null;

    private PolicyLimit Make(string name, PolicyOptions terms, LimitOptions limit, int place)
    {
        var limitName = NameOf(terms, limit, place);
        return new PolicyLimit(
            limitName, limit.Per, CounterOf(limit.Rule, ""), _options.Plans.ToDictionary(plan => plan.Key, plan => CounterOf(limit.Rule.Times(plan.Value), plan.Key)));

        IRequestCounter CounterOf(LimitRule rule, string plan) =>
            terms.Shared ? new SharedCounter(new SharedLimiter(_redis!, $"basin:limits:{name}:{limitName}", rule, terms.WhenUnreachable, _time, _options.MaxKeys))
            : terms.Regional ? new RegionalCounter(RegionalNameOf(name, limitName, plan, rule), new RegionalLimiter(_region.TermsOf(rule), _region, _options.MaxKeys))
            : new LocalCounter(Limiter.Of(rule, _time, _options.MaxKeys));
    }

    /// <summary>What was counted under another rule means something else, so that the rule is part of the name.</summary>
    private static string RegionalNameOf(string policy, string limit, string plan, LimitRule rule) => string.Create(
        CultureInfo.InvariantCulture, $"{policy}:{limit}:{plan}:{rule.Permits}.{rule.Period.Ticks}.{rule.Capacity}");

    /// <summary>By what it counts; with its place where several count by the same, such as one by the second and one by the day.</summary>
    private static string NameOf(PolicyOptions terms, LimitOptions limit, int place)
    {
        var name = NameOf(limit);
        return terms.Limits.Count(other => NameOf(other) == name) > 1 ? $"{name}-{place + 1}" : name;
    }

    private static string NameOf(LimitOptions limit) => limit.Per.Count == 0 ? "everybody" : string.Join('-', limit.Per).ToLowerInvariant();
}
