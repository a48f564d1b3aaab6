using System.Text.Json.Serialization;

namespace Basin.Webhooks;

/// <summary>
/// Asks to tell something to every enabled endpoint of the tenant that listens to its type. The asker gives the id, so that asking twice tells
/// each endpoint once; ids are remembered as long as deliveries are kept. A message that breaks a limit becomes a dead letter.
/// </summary>
/// <param name="Id">
/// Such as <c>evt_06xtwpb1r0000</c>, unique in the tenant: 1 to 100 letters, digits, hyphens and underscores. Receivers know a repeat by it.
/// </param>
/// <param name="MessageType">
/// Such as <c>payment_intent.succeeded</c>: words of letters, digits and underscores with dots between them, at most 100 characters.
/// </param>
/// <param name="ObjectKey">
/// What it is about, such as <c>pi_06xtwpb1r0000</c>; 1 to 200 characters. Messages of one object reach an endpoint in their order.
/// </param>
/// <param name="Payload">JSON, sent exactly as it is; at most <see cref="MaxPayloadBytes"/> of UTF-8.</param>
/// <param name="At">When it happened.</param>
public sealed record WebhookMessage(string Id, string MessageType, string ObjectKey, string Payload, DateTimeOffset At) : IEvent<WebhookMessage>
{
    public const int MaxPayloadBytes = 256 * 1024;

    public static EventType<WebhookMessage> Type { get; } = new("basin.webhooks.message.v1", "obj", WebhooksJson.Default.WebhookMessage);

    /// <summary>Stands for the object, so that its messages stay in their order.</summary>
    public long Key => ShardKey.Of(ObjectKey).Value;
}

/// <summary>An endpoint gets nothing any more, and its owner did not ask for that.</summary>
/// <param name="Url">Where it was.</param>
/// <param name="FailingSince">When the first of the tries failed that nothing but failures followed.</param>
public sealed record WebhookEndpointDisabled(
    Id<WebhookEndpoint> Endpoint,
    string Url,
    [property: JsonConverter(typeof(SnakeCaseEnumConverter<WebhookDisabledReason>))] WebhookDisabledReason Reason,
    DateTimeOffset FailingSince) : IEvent<WebhookEndpointDisabled>
{
    public static EventType<WebhookEndpointDisabled> Type { get; } =
        new("basin.webhooks.endpoint-disabled.v1", "we", WebhooksJson.Default.WebhookEndpointDisabled);

    public long Key => Endpoint.Value;
}

[JsonSerializable(typeof(WebhookMessage))]
[JsonSerializable(typeof(WebhookEndpointDisabled))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class WebhooksJson : JsonSerializerContext;
