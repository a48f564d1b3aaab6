namespace Basin.Shipping;

/// <summary>Takes the requests that other systems publish.</summary>
internal static class ShipmentRequests
{
    public static async ValueTask RequestAsync(Transaction tx, ShipmentRequested asked, EventContext context)
    {
        var before = await ShippingStore.FindAsync(tx, context.Tenant, asked.Shipment);
        await ApplyAsync(tx, context.Tenant, before, before?.RequestAgain() ?? Shipment.Request(asked, tx.Now));
    }

    public static async ValueTask CancelAsync(Transaction tx, ShipmentCancelRequested asked, EventContext context)
    {
        var before = await ShippingStore.FindAsync(tx, context.Tenant, asked.Shipment);
        await ApplyAsync(tx, context.Tenant, before, before?.Cancel(tx.Now) ?? Shipment.CancelUnknown(asked.Shipment, tx.Now));
    }

    /// <summary>Carries a decision out: the row, the news and what comes next, in one transaction.</summary>
    /// <param name="before">Null when the shipment is new.</param>
    public static async ValueTask ApplyAsync(Transaction tx, Id<Tenant> tenant, Shipment? before, ShipmentStep step)
    {
        if (before is null)
            await ShippingStore.AddAsync(tx, tenant, step.Shipment);
        else if (step.Shipment != before)
            await ShippingStore.SaveAsync(tx, tenant, step.Shipment);
        await TellAsync(tx, tenant, step.Shipment, step.News);
        if (step.Next is { } next)
            await tx.ScheduleAsync(tenant, next, tx.Now + step.After);
    }

    private static async ValueTask TellAsync(Transaction tx, Id<Tenant> tenant, Shipment shipment, ShipmentNews news)
    {
        if (news.HasFlag(ShipmentNews.Dispatched))
            await tx.PublishAsync(tenant, new ShipmentDispatched(shipment.Id, shipment.Carrier!, shipment.TrackingNumber!));
        if (news.HasFlag(ShipmentNews.Delivered))
            await tx.PublishAsync(tenant, new ShipmentDelivered(shipment.Id));
        if (news.HasFlag(ShipmentNews.Refused))
            await tx.PublishAsync(tenant, new ShipmentRefused(shipment.Id, shipment.Reason!));
        if (news.HasFlag(ShipmentNews.Cancelled))
            await tx.PublishAsync(tenant, new ShipmentCancelled(shipment.Id, Returned: shipment.State == ShipmentState.Returned));
    }
}
