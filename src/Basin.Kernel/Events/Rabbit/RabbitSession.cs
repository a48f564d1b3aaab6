using Basin.Kernel.Storage;
using Basin.Kernel.Telemetry;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>One connection to the broker, from its beginning to its loss.</summary>
internal sealed class RabbitSession : IAsyncDisposable
{
    /// <summary>Events read for publishing at once.</summary>
    private const int MaxBatch = 1024;

    /// <summary>Messages on their way to this process before the broker waits for it.</summary>
    private const ushort Prefetch = 100;

    private readonly IConnection _connection;
    private readonly IReadOnlyList<RabbitSource> _sources;
    private readonly TimeSpan _confirmTimeout;
    private readonly CancellationTokenSource _lost = new();

    private RabbitSession(IConnection connection, IReadOnlyList<RabbitSource> sources, TimeSpan confirmTimeout)
    {
        (_connection, _sources, _confirmTimeout) = (connection, sources, confirmTimeout);
        connection.ConnectionShutdownAsync += (_, _) => _lost.CancelAsync();
    }

    public string Node => $"{_connection.Endpoint.HostName}:{_connection.Endpoint.Port}";

    public static async Task<RabbitSession> OpenAsync(RabbitOptions options, IReadOnlyList<RabbitSource> sources, CancellationToken cancellation)
    {
        var addresses = options.Addresses();
        var factory = new ConnectionFactory
        {
            Uri = addresses[0],
            ClientProvidedName = "basin",
            RequestedHeartbeat = options.Heartbeat,
            // A session is short and begins anew: what was published without an answer is in the outbox.
            AutomaticRecoveryEnabled = false,
        };
        var connection = await factory.CreateConnectionAsync([.. addresses.Select(address => new AmqpTcpEndpoint(address))], cancellation);
        var session = new RabbitSession(connection, sources, options.ConfirmTimeout);
        try
        {
            foreach (var source in sources)
                await session.ReceiveAsync(source, options, cancellation);
            return session;
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes what this process owns until the connection is lost.</summary>
    public async Task CarryAsync(CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, cancellation);
        var publishing = _sources.Select(source => PublishAsync(source, either.Token)).ToList();
        // The first to fail ends the session for all.
        await await Task.WhenAny(publishing);
    }

    private async Task ReceiveAsync(RabbitSource source, RabbitOptions options, CancellationToken cancellation)
    {
        var channel = await _connection.CreateChannelAsync(cancellationToken: cancellation);
        await channel.QueueDeclareAsync(
            source.Stream, durable: true, exclusive: false, autoDelete: false,
            new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-max-length-bytes"] = options.MaxStreamMegabytes * 1024L * 1024L },
            cancellationToken: cancellation);
        await channel.BasicQosAsync(prefetchSize: 0, Prefetch, global: false, cancellation);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => TakeAsync(channel, source.Shard, delivery);
        // A queue that is deleted, or whose node goes, ends the consumer and not the connection.
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
            if (RabbitMessage.PlaceOf(delivery) is { } place && place.Last > shard.Events.LastSequence)
                await shard.ReceiveAsync(place.Previous, EventSegment.Parse(delivery.Body), _lost.Token);
            await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, _lost.Token);
        }
        catch (Exception failure) when (failure is StoreUnavailableException or OperationCanceledException or RabbitMQ.Client.Exceptions.RabbitMQClientException)
        {
            // Nothing is lost: the feed finds in the outbox what has not come this way.
            await _lost.CancelAsync();
        }
    }

    private async Task PublishAsync(RabbitSource source, CancellationToken cancellation)
    {
        var channel = await _connection.CreateChannelAsync(
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
            if (batch.Count == 0)
                continue;
            await Task.WhenAll(RabbitMessage.Of(batch, published).Select(message =>
                channel.BasicPublishAsync(exchange: "", source.Stream, mandatory: true, message.Properties, message.Body, cancellation).AsTask()))
                .WaitAsync(_confirmTimeout, cancellation);
            published = batch[^1].Sequence;
            KernelMetrics.EventsCarried(source.Stream, batch.Count);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _lost.CancelAsync();
        await _connection.DisposeAsync();
        _lost.Dispose();
    }
}
