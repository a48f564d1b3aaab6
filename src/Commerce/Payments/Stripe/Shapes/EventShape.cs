using System.Text.Json.Nodes;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/events/object.</summary>
internal sealed record EventShape(string Id, DateTimeOffset Created, EventDataShape Data, string Type)
{
    public string Object => "event";

    public string ApiVersion => StripeRequest.DefaultVersion;

    public bool Livemode => false;

    public int PendingWebhooks => 0;

    public EventRequestShape Request => new(null, null);

    public static EventShape Of(StripeEvent happened) =>
        new(happened.Id.ToString(), happened.CreatedAt, new EventDataShape(happened.Object), happened.Type);
}

internal sealed record EventDataShape(JsonNode Object);

internal sealed record EventRequestShape(string? Id, string? IdempotencyKey);
