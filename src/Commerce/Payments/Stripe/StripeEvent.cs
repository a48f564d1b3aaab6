using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Basin.Webhooks;

namespace Basin.Payments.Stripe;

/// <summary>Something that merchants are told of: kept, listed, and sent to their endpoints.</summary>
internal sealed record StripeEvent : IRecord<StripeEvent>
{
    public static string Prefix => "evt";

    static JsonTypeInfo<StripeEvent> IRecord<StripeEvent>.Json => RecordsJson.Default.StripeEvent;

    public required Id<StripeEvent> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    /// <summary>Such as <c>payment_intent.succeeded</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What it happened to, as it was then.</summary>
    public required JsonNode Object { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<StripeEvent>.Owner => null;

    string? IRecord<StripeEvent>.Label => Type;
}

internal static class StripeEvents
{
    /// <summary>Keeps an event and asks for its delivery.</summary>
    /// <param name="about">The id of the object; events of one object reach an endpoint in their order.</param>
    public static async ValueTask TellAsync<T>(Transaction tx, Id<Tenant> tenant, string type, string about, T shape, JsonTypeInfo<T> json)
    {
        var happened = new StripeEvent
        {
            Id = tx.NewId<StripeEvent>(),
            Tenant = tenant,
            Type = type,
            Object = JsonSerializer.SerializeToNode(shape, json)!,
            CreatedAt = tx.Now,
        };
        await Records.AddAsync(tx, happened);
        var payload = JsonSerializer.Serialize(EventShape.Of(happened), StripeJson.Default.EventShape);
        await tx.PublishAsync(tenant, new WebhookMessage(happened.Id.ToString(), type, about, payload, tx.Now));
    }
}
