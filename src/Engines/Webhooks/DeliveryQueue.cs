namespace Basin.Webhooks;

/// <summary>
/// The order of deliveries, kept in the database: of one object only the first is sent, and of one endpoint only a few at a time, so that a job
/// never waits for another.
/// </summary>
internal sealed class DeliveryQueue(WebhooksOptions options)
{
    /// <summary>Many endpoints that hang would otherwise take the places of all others.</summary>
    private static readonly TimeSpan FailsForLong = TimeSpan.FromMinutes(1);

    /// <summary>Adds a message on its way to an endpoint.</summary>
    public async ValueTask<WebhookDelivery> AddAsync(
        Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> endpoint, Id<StoredMessage> message, string objectKey)
    {
        var last = await WebhooksStore.LastPlaceAsync(tx, endpoint, objectKey);
        var delivery = WebhookDelivery.New(tx.NewId<WebhookDelivery>(), endpoint, message, objectKey, last, tx.Now);
        await WebhooksStore.InsertDeliveryAsync(tx, tenant, delivery);
        await SendReadyAsync(tx, tenant, endpoint);
        return delivery;
    }

    /// <exception cref="ProblemException">It is under way.</exception>
    public async ValueTask<WebhookDelivery> ReplayAsync(Transaction tx, Id<Tenant> tenant, WebhookDelivery delivery)
    {
        var replayed = delivery.Replay(await WebhooksStore.LastPlaceAsync(tx, delivery.Endpoint, delivery.ObjectKey));
        await WebhooksStore.SaveDeliveryAsync(tx, tenant, replayed);
        await SendReadyAsync(tx, tenant, delivery.Endpoint);
        return replayed;
    }

    /// <summary>The time of the next try has come.</summary>
    public async ValueTask ArriveAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookDelivery> id, int turn)
    {
        if (await WebhooksStore.FindDeliveryAsync(tx, tenant, id) is not { State: WebhookDeliveryState.Retrying } delivery || delivery.Turn != turn)
            return;
        await WebhooksStore.SaveDeliveryAsync(tx, tenant, delivery.BeReady());
        await SendReadyAsync(tx, tenant, delivery.Endpoint);
    }

    /// <summary>Keeps what a try has led to, and lets those follow that waited for it.</summary>
    public async ValueTask MoveOnAsync(Transaction tx, Id<Tenant> tenant, WebhookDelivery delivery)
    {
        await WebhooksStore.SaveDeliveryAsync(tx, tenant, delivery);
        if (delivery.State == WebhookDeliveryState.Retrying)
            await tx.ScheduleAsync(tenant, new SendWebhook(delivery.Id, delivery.Turn), delivery.NextAt!.Value);
        else if (await WebhooksStore.FindFirstAsync(tx, delivery.Endpoint, delivery.ObjectKey) is { State: WebhookDeliveryState.Behind } next)
            await WebhooksStore.SaveDeliveryAsync(tx, tenant, next.BeReady());
        await SendReadyAsync(tx, tenant, delivery.Endpoint);
    }

    private async ValueTask SendReadyAsync(Transaction tx, Id<Tenant> tenant, Id<WebhookEndpoint> endpoint)
    {
        var free = await WebhooksStore.CountFreeAsync(tx, endpoint, options.ConcurrentPerEndpoint, tx.Now - FailsForLong);
        if (free <= 0)
            return;
        foreach (var ready in await WebhooksStore.ListReadyAsync(tx, endpoint, free))
        {
            var sending = ready.Send();
            await WebhooksStore.SaveDeliveryAsync(tx, tenant, sending);
            await tx.ScheduleAsync(tenant, new SendWebhook(sending.Id, sending.Turn), tx.Now);
        }
    }
}
