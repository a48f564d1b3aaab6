using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Limits;

/// <summary>Puts into force what operators change, in whatever process they do, and gives the memory of idle keys back.</summary>
internal sealed class PolicyKeeper(
    [FromKeyedServices(LimitsSystem.Name)] Store store, PolicyBook policies, TimeProvider time, ILogger<PolicyKeeper> log) : BackgroundService
{
    private static readonly TimeSpan RefreshPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _refreshing = new(1);
    private volatile IReadOnlyList<ChangedPolicy> _changed = [];

    /// <summary>The last change of a policy; null when there was none.</summary>
    public ChangedPolicy? Find(string name) => _changed.FirstOrDefault(policy => policy.Name == name);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Reads what was changed.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await _refreshing.WaitAsync(cancellation);
        try
        {
            var changed = await store.ReadAsync(ShardKey.First, LimitsStore.ListAsync, cancellation);
            if (changed.Select(policy => (policy.Name, policy.Version)).SequenceEqual(_changed.Select(policy => (policy.Name, policy.Version))))
                return;
            policies.Change(changed.Where(IsUsable).ToDictionary(policy => policy.Name, policy => policy.Terms!));
            _changed = changed;
        }
        finally
        {
            _refreshing.Release();
        }
    }

    public override void Dispose()
    {
        _refreshing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sweptAt = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            await time.DelayQuietly(RefreshPeriod, stoppingToken);
            try
            {
                await RefreshAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // The policies that are in force stay so.
                LimitsLog.NotRead(log, failure);
            }
            if (time.GetElapsedTime(sweptAt) < SweepPeriod)
                continue;
            policies.Sweep();
            sweptAt = time.GetTimestamp();
        }
    }

    /// <summary>The configuration may have changed since, so that what was right then is wrong now.</summary>
    private bool IsUsable(ChangedPolicy policy)
    {
        if (policy.Terms is null || policies.Find(policy.Name) is null)
            return false;
        if (policies.FaultsOf(policy.Name, policy.Terms) is not { Count: > 0 } faults)
            return true;
        LimitsLog.NotUsable(log, policy.Name, faults.First().Value[0]);
        return false;
    }
}
