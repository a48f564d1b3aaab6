using Microsoft.Extensions.Logging;

namespace Basin.Webhooks;

internal static partial class WebhooksLog
{
    [LoggerMessage(3101, LogLevel.Warning, "{Endpoint} of {Tenant} is disabled: {Reason}")]
    public static partial void EndpointDisabled(ILogger logger, Id<WebhookEndpoint> endpoint, Id<Tenant> tenant, string reason);

    [LoggerMessage(3102, LogLevel.Error, "The secrets of {Endpoint} cannot be opened with the keys of this installation")]
    public static partial void SecretsNotOpened(ILogger logger, Id<WebhookEndpoint> endpoint, Exception failure);
}
