using Basin.Webhooks;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/webhook_endpoints/object.</summary>
/// <param name="Secret">Only in the answer to its creation.</param>
internal sealed record WebhookEndpointShape(
    string Id,
    string? ApiVersion,
    DateTimeOffset Created,
    string? Description,
    IReadOnlyList<string> EnabledEvents,
    IReadOnlyDictionary<string, string> Metadata,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Secret,
    string Status,
    string Url)
{
    public string Object => "webhook_endpoint";

    public string? Application => null;

    public bool Livemode => false;

    public static WebhookEndpointShape Of(WebhookEndpoint endpoint) => new(
        endpoint.Id.ToString(),
        endpoint.ApiVersion,
        endpoint.CreatedAt,
        endpoint.Description,
        endpoint.EnabledTypes,
        endpoint.Metadata,
        null,
        endpoint.Enabled ? "enabled" : "disabled",
        endpoint.Url);
}
