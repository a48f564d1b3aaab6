using System.Text.Json.Serialization;

namespace Basin.Webhooks;

/// <summary>Sends a delivery, or lets it wait for its turn when it is tried again.</summary>
/// <param name="Turn">Of the delivery; another one means that the job is out of date.</param>
internal sealed record SendWebhook(Id<WebhookDelivery> Delivery, int Turn) : IJob<SendWebhook>
{
    public static JobType<SendWebhook> Type { get; } = new("webhooks.send.v1", "whd", SendWebhookJson.Default.SendWebhook);

    public long Key => Delivery.Value;
}

[JsonSerializable(typeof(SendWebhook))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class SendWebhookJson : JsonSerializerContext;
