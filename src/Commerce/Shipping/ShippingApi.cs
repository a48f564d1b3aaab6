using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Shipping;

/// <summary>The use cases of Shipping, for its endpoints and for other systems. Parcels are asked for by events.</summary>
public sealed class ShippingApi([FromKeyedServices(ShippingSystem.Name)] Store store)
{
    /// <summary>The shipment with its tracking, or null when the tenant has none of this id.</summary>
    public ValueTask<TrackedShipment?> FindAsync(Id<Tenant> tenant, Id<Shipment> id, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.Of(id),
        async snapshot => await ShippingStore.FindAsync(snapshot, tenant, id) is { } shipment
            ? new TrackedShipment(shipment, await ShippingStore.FindTrackingAsync(snapshot, tenant, id) ?? [])
            : null,
        cancellation);

    /// <summary>A tenant's shipments, the newest first.</summary>
    public async ValueTask<Page<Shipment>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var before = paging.AfterNumber(start: long.MaxValue);
        var shipments = await store.ReadAllAsync(snapshot => ShippingStore.ListAsync(snapshot, tenant, before, paging.Limit + 1), cancellation);
        var newest = shipments.OrderByDescending(shipment => shipment.Id).Take(paging.Limit + 1).ToList();
        return paging.PageOf(newest, shipment => shipment.Id.Value.ToString(CultureInfo.InvariantCulture));
    }
}
