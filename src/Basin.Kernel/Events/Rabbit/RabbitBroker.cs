using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Exceptions;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>
/// Carries events from the process that owns a shard to all others, over a stream per shard. The outbox stays the log: what the broker loses, or cannot
/// take, is read there. So a broker that is down costs some milliseconds per event and nothing else.
/// </summary>
internal sealed class RabbitBroker : BackgroundService
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(200);

    private readonly List<RabbitSource> _sources;
    private readonly EventCarrier _carrier;
    private readonly RabbitOptions _options;
    private readonly TimeProvider _time;
    private readonly Randomness _chance;
    private readonly ILogger<RabbitBroker> _log;

    public RabbitBroker(
        Stores stores, IEnumerable<SystemDefinition> systems, EventCarrier carrier, RabbitOptions options, PostgresOptions postgres, TimeProvider time,
        Randomness chance, ILogger<RabbitBroker> log)
    {
        (_carrier, _options, _time, _chance, _log) = (carrier, options, time, chance, log);
        if (options.IsUsed && !postgres.IsUsed)
            throw new InvalidOperationException("Basin:RabbitMQ is for several processes, and files belong to one: set Basin:Postgres:ConnectionString too.");
        _sources =
        [
            .. systems.Where(system => system.Published.Count > 0).SelectMany(system => stores.Of(system.Name).Shards
                .Select(shard => new RabbitSource($"{options.Prefix}.{system.Name}.{shard.Number}", shard))),
        ];
        if (options.IsUsed)
            _ = options.Addresses();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!_options.IsUsed)
            return;
        var backoff = new Backoff(FirstBackoff, _options.LongestBackoff);
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await using var session = await RabbitSession.OpenAsync(_options, _sources, _carrier, stoppingToken);
                EventsLog.BrokerReached(_log, session.Node);
                failures = 0;
                _carrier.IsUp = true;
                await session.CarryAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
            }
            catch (Exception failure) when (failure is RabbitMQClientException or IOException or TimeoutException or OperationCanceledException
                or System.Net.Sockets.SocketException or StoreUnavailableException)
            {
                if (failures++ == 0)
                    EventsLog.BrokerLost(_log, failure);
            }
            _carrier.IsUp = false;
            if (!stoppingToken.IsCancellationRequested)
                await _time.DelayQuietly(backoff.After(Math.Max(1, failures), _chance), stoppingToken);
        }
    }
}

/// <summary>The events of a shard and the stream that carries them.</summary>
internal sealed record RabbitSource(string Stream, Shard Shard);
