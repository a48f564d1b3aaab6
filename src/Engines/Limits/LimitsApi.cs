using Basin.Limits.Regions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Limits;

/// <summary>The policies, for operators: what is in force, and changes of it. They are the installation's, whoever its tenants are.</summary>
public sealed class LimitsApi
{
    private readonly Store _store;
    private readonly PolicyBook _policies;
    private readonly PolicyKeeper _keeper;
    private readonly Region _region;
    private readonly Tenants _tenants;
    private readonly ILogger<LimitsApi> _log;

    internal LimitsApi(
        Store store, PolicyBook policies, PolicyKeeper keeper, Region region, Tenants tenants, LimitsOptions options, ILogger<LimitsApi> log)
    {
        (_store, _policies, _keeper, _region, _tenants, _log) = (store, policies, keeper, region, tenants, log);
        (AreCounted, HasRegions) = (options.Enabled, options.Regions.AreUsed);
    }

    internal static LimitsApi Of(IServiceProvider services) => new(
        services.GetRequiredKeyedService<Store>(LimitsSystem.Name), services.GetRequiredService<PolicyBook>(), services.GetRequiredService<PolicyKeeper>(),
        services.GetRequiredService<Region>(), services.GetRequiredService<Tenants>(), services.GetRequiredService<LimitsOptions>(), services.GetRequiredService<ILogger<LimitsApi>>());

    /// <summary>Whether requests are counted at all.</summary>
    internal bool AreCounted { get; }

    /// <summary>Whether some policies may be counted with other regions.</summary>
    internal bool HasRegions { get; }

    /// <summary>What the limits of each policy are called, in their order.</summary>
    internal IReadOnlyDictionary<string, IReadOnlyList<string>> NamesOfLimits =>
        _policies.InForce.ToDictionary(policy => policy.Name, IReadOnlyList<string> (policy) => [.. policy.Limits.Select(limit => limit.Name)]);

    /// <summary>What the limits of this process have counted.</summary>
    internal LimitTotals Count(DateTimeOffset at)
    {
        var (charted, shown) = (new Dictionary<string, long>(), new Dictionary<string, long>());
        foreach (var policy in _policies.InForce)
        {
            // A request is let in by the last of its limits, and refused by any.
            charted[$"{policy.Name} let in"] = policy.Limits[^1].Allowed;
            charted[$"{policy.Name} refused"] = policy.Limits.Sum(limit => limit.Refused);
            foreach (var limit in policy.Limits)
            {
                shown[LimitWords.Total(policy.Name, limit.Name, isAllowed: true)] = limit.Allowed;
                shown[LimitWords.Total(policy.Name, limit.Name, isAllowed: false)] = limit.Refused;
            }
        }
        return new LimitTotals(at, charted, shown);
    }

    public Answer<IReadOnlyList<PolicyView>> List(Caller caller) =>
        _tenants.IsOperator(caller)
            ? Answer.Ok<IReadOnlyList<PolicyView>>([.. _policies.InForce.Select(policy => ViewOf(policy.Name))])
            : AccessProblems.OperatorsOnly;

    public Answer<PolicyView> Find(Caller caller, string name) =>
        Refusal(caller, name) is { } problem ? problem : Tagged(ViewOf(name));

    /// <summary>Puts a policy into force in place of the configured one: here at once, and in the other processes within a second or two.</summary>
    public async Task<Answer<PolicyView>> ChangeAsync(
        Caller caller, string name, PolicyOptions request, IfMatch match, Once once, CancellationToken cancellation)
    {
        if (Refusal(caller, name) is { } problem)
            return problem;
        return _policies.FaultsOf(name, request) is { Count: > 0 } faults
            ? KernelProblems.Invalid with { Errors = faults }
            : await SaveAsync(caller, name, request, match, once, cancellation);
    }

    /// <summary>Makes a policy what it is in the configuration.</summary>
    public async Task<Answer<PolicyView>> ResetAsync(Caller caller, string name, IfMatch match, Once once, CancellationToken cancellation) =>
        Refusal(caller, name) is { } problem ? problem : await SaveAsync(caller, name, terms: null, match, once, cancellation);

    /// <summary>Takes note of what another region has let in.</summary>
    /// <returns>What this one tells it.</returns>
    public Answer<Settlement> Settle(Caller caller, Settlement told)
    {
        if (!_tenants.IsOperator(caller))
            return AccessProblems.OperatorsOnly;
        return _region.Hear(told)
            ? Answer.Ok(_region.Tell(told.From))
            : KernelProblems.Invalid with { Errors = new Dictionary<string, string[]> { ["from"] = ["There is no such region."] } };
    }

    private Problem? Refusal(Caller caller, string name) =>
        !_tenants.IsOperator(caller) ? AccessProblems.OperatorsOnly
        : _policies.Find(name) is null ? KernelProblems.NotFound
        : null;

    private async Task<Answer<PolicyView>> SaveAsync(
        Caller caller, string name, PolicyOptions? terms, IfMatch match, Once once, CancellationToken cancellation)
    {
        var answer = await once.WriteAsync(
            _store, ShardKey.First, new Change(name, terms), tx => SaveAsync(tx, caller, name, terms, match), cancellation);
        if (answer.Problem is not null)
            return answer;
        await _keeper.RefreshAsync(cancellation);
        if (terms is null)
            LimitsLog.Reset(_log, name, caller.Subject);
        else
            LimitsLog.Changed(_log, name, caller.Subject);
        return answer;
    }

    private async ValueTask<Answer<PolicyView>> SaveAsync(Transaction tx, Caller caller, string name, PolicyOptions? terms, IfMatch match)
    {
        var version = (await LimitsStore.FindAsync(tx, name))?.Version ?? 0;
        if (!match.Holds(version))
            return KernelProblems.PreconditionFailed;
        var changed = new ChangedPolicy(name, version + 1, terms, tx.Now, caller.Subject);
        await LimitsStore.SaveAsync(tx, changed);
        return Tagged(ViewOf(name, terms ?? _policies.Configured(name), changed));
    }

    private static Answer<PolicyView> Tagged(PolicyView view) => Answer.Ok(view).Tagged(IfMatch.TagOf(view.Version));

    /// <summary>The version first: a change is in force before it is known by its version, so that no version stands beside older terms.</summary>
    private PolicyView ViewOf(string name)
    {
        var change = _keeper.Find(name);
        return ViewOf(name, _policies.Find(name)!.Terms, change);
    }

    private PolicyView ViewOf(string name, PolicyOptions terms, ChangedPolicy? change) => new(
        name,
        change?.Terms is not null ? PolicySource.Operator : _policies.IsOfProgram(name) ? PolicySource.Program : PolicySource.Configuration,
        change?.Version ?? 0,
        terms,
        change?.ChangedAt,
        change?.ChangedBy);

    /// <summary>What a repeat of a change is known by.</summary>
    private sealed record Change(string Name, PolicyOptions? Terms);
}
