using System.Text.Json;

namespace Basin.Webhooks;

/// <summary>A message as it is numbered in the database.</summary>
internal sealed record StoredMessage : IEntity
{
    public static string Prefix => "whm";
}

/// <summary>Takes what other systems want to be told, and forgets what was told long ago.</summary>
internal sealed class WebhookHandlers(DeliveryQueue queue, WebhooksOptions options)
{
    private const int TrimStep = 200;

    /// <exception cref="InvalidOperationException">The message breaks a limit.</exception>
    public async ValueTask OnAsync(Transaction tx, WebhookMessage message, EventContext context)
    {
        if (WebhookChecks.WhyMalformed(message) is { } why)
            throw new InvalidOperationException($"A message cannot be told to anybody. {why}");
        var listening = (await WebhooksStore.ListEndpointsAsync(tx, context.Tenant, long.MaxValue, Paging.MaxLimit))
            .FindAll(endpoint => endpoint.Takes(message.MessageType));
        if (listening.Count == 0 || await WebhooksStore.HasMessageAsync(tx, context.Tenant, message.Id))
            return;
        var number = tx.NewId<StoredMessage>();
        await WebhooksStore.InsertMessageAsync(tx, context.Tenant, number, message);
        foreach (var endpoint in listening)
            await queue.AddAsync(tx, context.Tenant, endpoint.Id, number, message.ObjectKey);
    }

    public async ValueTask<bool> TrimAsync(Transaction tx)
    {
        var kept = tx.Now - TimeSpan.FromDays(options.KeepDays);
        return await WebhooksStore.TrimAsync(tx, Snowflake.FirstAt(kept), kept, TrimStep) == TrimStep;
    }
}

/// <summary>What an endpoint is told to see whether it listens.</summary>
internal static class TestMessage
{
    public const string Type = "webhooks.test";

    public static WebhookMessage For(Id<WebhookEndpoint> endpoint, Id<StoredMessage> id, DateTimeOffset now) =>
        new(id.ToString(), Type, endpoint.ToString(), PayloadOf(endpoint, now), now);

    private static string PayloadOf(Id<WebhookEndpoint> endpoint, DateTimeOffset now) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["type"] = Type,
        ["timestamp"] = now.UtcDateTime.ToString("O"),
        ["data"] = new Dictionary<string, string> { ["endpoint"] = endpoint.ToString() },
    });
}
