using Basin.Kernel.Storage;
using Basin.Kernel.Telemetry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>
/// What is connected to the broker, from its beginning to the loss of any part. It publishes and receives over two connections, because a broker that is
/// short of memory stops reading from those that publish.
/// </summary>
internal sealed class RabbitSession : IAsyncDisposable
{
    /// <summary>Events read for publishing at once.</summary>
    private const int MaxBatch = 1024;

    /// <summary>Messages on their way to this process before the broker waits for it.</summary>
    private const ushort Prefetch = 100;

    /// <summary>A broker that is frozen, or blocks, does not answer a farewell.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    private readonly IConnection _publishing;
    private readonly IConnection _receiving;
    private readonly IReadOnlyList<RabbitSource> _sources;
    private readonly EventCarrier _carrier;
    private readonly RabbitOptions _options;
    private readonly CancellationTokenSource _lost = new();

    private RabbitSession(IConnection publishing, IConnection receiving, IReadOnlyList<RabbitSource> sources, EventCarrier carrier, RabbitOptions options)
    {
        (_publishing, _receiving, _sources, _carrier, _options) = (publishing, receiving, sources, carrier, options);
        publishing.ConnectionShutdownAsync += (_, _) => _lost.CancelAsync();
        receiving.ConnectionShutdownAsync += (_, _) => _lost.CancelAsync();
        publishing.ConnectionBlockedAsync += (_, _) => SetUpAsync(isUp: false);
        publishing.ConnectionUnblockedAsync += (_, _) => SetUpAsync(isUp: true);
    }

    public string Node => $"{_receiving.Endpoint.HostName}:{_receiving.Endpoint.Port}";

    public static async Task<RabbitSession> OpenAsync(
        RabbitOptions options, IReadOnlyList<RabbitSource> sources, EventCarrier carrier, CancellationToken cancellation)
    {
        var publishing = await ConnectAsync(options, "basin publishes", cancellation);
        RabbitSession session;
        try
        {
            session = new RabbitSession(publishing, await ConnectAsync(options, "basin receives", cancellation), sources, carrier, options);
        }
        catch
        {
            await CloseAsync(publishing);
            throw;
        }
        try
        {
            foreach (var source in sources)
                await session.ReceiveAsync(source, cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    private static Task<IConnection> ConnectAsync(RabbitOptions options, string name, CancellationToken cancellation)
    {
        var addresses = options.Addresses();
        var factory = new ConnectionFactory
        {
            Uri = addresses[0],
            ClientProvidedName = name,
            RequestedHeartbeat = options.Heartbeat,
            RequestedConnectionTimeout = TimeSpan.FromSeconds(3),
            // A session begins anew as a whole: what was published without an answer is in the outbox.
            AutomaticRecoveryEnabled = false,
            SocketFactory = EndingTcpClient.Of,
        };
        return factory.CreateConnectionAsync([.. addresses.Select(address => new AmqpTcpEndpoint(address))], cancellation);
    }

    /// <summary>Publishes what this process owns until something is lost.</summary>
    public async Task CarryAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, cancellation, _carrier.Doubted);
        var publishing = _sources.Select(source => PublishAsync(source, either.Token)).ToList();
        // The first to fail ends the session for all.
        var first = await Task.WhenAny(publishing);
        await either.CancelAsync();
        await Task.WhenAll(publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }

    private async Task ReceiveAsync(RabbitSource source, CancellationToken cancellation)
    {
        var channel = await _receiving.CreateChannelAsync(cancellationToken: cancellation);
        await channel.QueueDeclareAsync(
            source.Stream, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-max-length-bytes"] = _options.MaxStreamMegabytes * 1024L * 1024L },
            cancellationToken: cancellation);
        await channel.BasicQosAsync(prefetchSize: 0, Prefetch, global: false, cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => TakeAsync(channel, source.Shard, delivery);
        // A stream that is deleted, or whose node goes, ends the consumer and not the connection.
        consumer.UnregisteredAsync += (_, _) => _lost.CancelAsync();
        channel.ChannelShutdownAsync += (_, _) => _lost.CancelAsync();
        // What was carried before is in the outbox.
        await channel.BasicConsumeAsync(
            source.Stream, autoAck: false, consumerTag: "", noLocal: false, exclusive: false,
            new Dictionary<string, object?> { ["x-stream-offset"] = "next" }, consumer, cancellation);
    }

    private async Task TakeAsync(IChannel channel, Shard shard, BasicDeliverEventArgs delivery)
    {
        try
        {
            _carrier.NoteBrought();
            if (RabbitMessage.PlaceOf(delivery) is { } place && place.Last > shard.Events.LastSequence)
                await shard.ReceiveAsync(place.Previous, EventSegment.Parse(delivery.Body), _lost.Token);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, _lost.Token);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException or RabbitMQClientException
            or System.Text.Json.JsonException)
        {
            // Nothing is lost: the feed finds in the outbox what has not come this way.
            await _lost.CancelAsync();
        }
    }

    private async Task PublishAsync(RabbitSource source, CancellationToken cancellation)
    {
        var channel = await _publishing.CreateChannelAsync(
            new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);
        var events = source.Shard.Events;
        var published = events.LastSequence;
        while (true)
        {
            await events.WaitBeyondAsync(published, cancellation);
            if (!source.Shard.Ownership.IsMine)
            {
                published = events.LastSequence;
                continue;
            }
            var batch = await events.ReadAfterAsync(source.Shard, published, MaxBatch, cancellation);
            foreach (var (properties, body) in RabbitMessage.Of(batch, published))
            {
                // One after the other: a client that tracks confirmations may send two in another order. While one is on its way, events gather.
                await channel.BasicPublishAsync(exchange: "", source.Stream, mandatory: true, properties, body, cancellation)
                    .AsTask().WaitAsync(_options.ConfirmTimeout, cancellation);
            }
            if (batch.Count == 0)
                continue;
            published = batch[^1].Sequence;
            KernelMetrics.EventsCarried(source.Stream, batch.Count);
        }
    }

    private Task SetUpAsync(bool isUp)
    {
        _carrier.IsUp = isUp;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _lost.CancelAsync();
        await Task.WhenAll(CloseAsync(_publishing), CloseAsync(_receiving));
        _lost.Dispose();
    }

    private static async Task CloseAsync(IConnection connection)
    {
        await connection.AbortAsync(Farewell);
        await connection.DisposeAsync();
    }
}
