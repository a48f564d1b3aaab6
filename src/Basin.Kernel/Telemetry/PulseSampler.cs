using System.Runtime.CompilerServices;
using System.Text.Json;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Telemetry;

/// <summary>Takes the pulse of all systems each second, in all processes, and keeps the last five minutes for those who begin to look.</summary>
public sealed class PulseSampler(
    MetricsCollector collector, Backlog backlog, Relay relay, Stores stores, Placement placement, RouteOwners owners, TimeProvider time) : BackgroundService
{
    private const int KeptPulses = 300;
    private const int SamplesForPercentiles = 10;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _sampling = new(1);
    private readonly Queue<PulseSample> _samples = [];
    private readonly List<Pulse> _pulses = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The newest pulse, or null in the first second.</summary>
    public Pulse? Latest
    {
        get
        {
            lock (_lock)
                return _pulses.LastOrDefault();
        }
    }

    /// <summary>The kept pulses after a time, then each new one, until cancelled.</summary>
    public async IAsyncEnumerable<Pulse> WatchAsync(DateTimeOffset after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            List<Pulse> next;
            Task changed;
            lock (_lock)
            {
                next = _pulses.FindAll(pulse => pulse.At > after);
                changed = _changed.Task;
            }
            foreach (var pulse in next)
                yield return pulse;
            after = next.Count > 0 ? next[^1].At : after;
            await changed.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes one pulse, behind the one that is being taken.</summary>
    public async Task SampleAsync(CancellationToken cancellation)
    {
        await _sampling.WaitAsync(cancellation);
        try
        {
            await SampleOneAsync(cancellation);
        }
        finally
        {
            _sampling.Release();
        }
    }

    private async Task SampleOneAsync(CancellationToken cancellation)
    {
        var systems = await backlog.ReadAsync(cancellation);
        var flows = relay.Subscriptions.Select(subscription => (subscription.Source.System, subscription.Consumer)).Distinct();
        var sample = PulseSample.Of(
            collector.Collect(), systems.Select(system => system.System), flows, owners.OwnerOf, time.GetUtcNow(), time.GetTimestamp());
        if (_samples.TryPeek(out var start))
        {
            var states = systems.Select(system => (system, placement.IsHere(system.System) && stores.Of(system.System).Shards.Any(shard => shard.Trouble is not null))).ToList();
            var own = sample.Since(_samples.Last(), start, time, states);
            Publish(own.With(await HearOthersAsync(own, cancellation)));
        }
        _samples.Enqueue(sample);
        if (_samples.Count > SamplesForPercentiles)
            _samples.Dequeue();
    }

    private async Task<List<Pulse>> HearOthersAsync(Pulse own, CancellationToken cancellation)
    {
        var pulses = new List<Pulse>();
        foreach (var report in await stores.ExchangeAsync(JsonSerializer.Serialize(own, PulseJson.Default.Pulse), cancellation))
        {
            try
            {
                if (JsonSerializer.Deserialize(report, PulseJson.Default.Pulse) is { } pulse)
                    pulses.Add(pulse);
            }
            catch (JsonException)
            {
                // A process of another version speaks of other things.
            }
        }
        return pulses;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await SampleAsync(stoppingToken);
            }
            catch (Exception failure) when (failure is StoreException or StoreUnavailableException or OperationCanceledException)
            {
                // A second without a pulse; the store's own log says why it cannot be read.
            }
            await time.DelayQuietly(Period, stoppingToken);
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _sampling.Dispose();
    }

    private void Publish(Pulse pulse)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _pulses.Add(pulse);
            if (_pulses.Count > KeptPulses)
                _pulses.RemoveAt(0);
            (changed, _changed) = (_changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.SetResult();
    }
}
