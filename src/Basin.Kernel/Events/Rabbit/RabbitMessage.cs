using System.Buffers;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Basin.Kernel.Events.Rabbit;

/// <summary>
/// One message: a segment of an outbox as it is stored there. Its headers say behind which event it goes on and which is its last, so that whoever has
/// missed something knows, and whoever has it already need not read it.
/// </summary>
internal static class RabbitMessage
{
    private const string Previous = "previous";
    private const string Last = "last";

    /// <summary>The messages that carry events on behind <paramref name="previous"/>.</summary>
    public static List<(BasicProperties Properties, ReadOnlyMemory<byte> Body)> Of(IReadOnlyList<EventRecord> events, long previous)
    {
        var messages = new List<(BasicProperties, ReadOnlyMemory<byte>)>();
        EventSegment.WriteAll(events, new ArrayBufferWriter<byte>(), (last, segment) =>
        {
            var properties = new BasicProperties
            {
                ContentType = "application/json",
                DeliveryMode = DeliveryModes.Persistent,
                Headers = new Dictionary<string, object?> { [Previous] = previous, [Last] = last },
            };
            messages.Add((properties, segment.ToArray()));
            previous = last;
        });
        return messages;
    }

    /// <returns>Null for a message that is none of Basin's.</returns>
    public static (long Previous, long Last)? PlaceOf(BasicDeliverEventArgs delivery) =>
        delivery.BasicProperties.Headers is { } headers && headers.TryGetValue(Previous, out var previous) && headers.TryGetValue(Last, out var last)
        && previous is long from && last is long to
            ? (from, to)
            : null;
}
