namespace Basin.Webhooks;

/// <summary>What Webhooks refuses.</summary>
public static class WebhooksProblems
{
    public static readonly Problem TooManyEndpoints = new(409, "webhook_endpoints_too_many", "The tenant has as many endpoints as it may have.")
    {
        Remedy = "Delete one that is not needed, or let one endpoint listen to more types.",
    };

    public static readonly Problem TooManySecrets = new(409, "webhook_secrets_too_many", "Too many former secrets of the endpoint still sign.")
    {
        Remedy = "Each ends a day after it was replaced; then there is room for another.",
    };

    public static readonly Problem Disabled = new(409, "webhook_endpoint_disabled", "The endpoint is disabled or deleted.")
    {
        Remedy = "Enable the endpoint first.",
    };

    public static readonly Problem UnderWay = new(
        409, "webhook_delivery_under_way", "The delivery is under way, or waits for an earlier one of the same object.");

    public static IReadOnlyList<Problem> All => [TooManyEndpoints, TooManySecrets, Disabled, UnderWay];
}
