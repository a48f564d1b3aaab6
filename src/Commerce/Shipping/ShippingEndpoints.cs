using Basin.Shipping.Carriers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Basin.Shipping;

/// <summary>HTTP of Shipping.</summary>
internal static class ShippingEndpoints
{
    private const string Read = "shipping:read";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var shipments = routes.MapGroup("/v1/shipments").WithTags("Shipping");
        shipments.MapGet("/", ListAsync).RequireScope(Read);
        shipments.MapGet("/{id}", FindAsync).RequireScope(Read);
    }

    /// <summary>Lists shipments, the newest first.</summary>
    private static async Task<Ok<Page<ShipmentSummary>>> ListAsync(
        Caller caller, ShippingApi shipping, int? limit, string? cursor, CancellationToken cancellation)
    {
        var page = await shipping.ListAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation);
        return TypedResults.Ok(new Page<ShipmentSummary>([.. page.Items.Select(ShipmentSummary.Of)], page.NextCursor));
    }

    /// <summary>Shows a shipment with its tracking.</summary>
    private static async Task<Answer<ShipmentView>> FindAsync(Id<Shipment> id, Caller caller, ShippingApi shipping, CancellationToken cancellation) =>
        await shipping.FindAsync(caller.Tenant, id, cancellation) is { } found ? ShipmentView.Of(found.Shipment, found.Tracking) : KernelProblems.NotFound;
}

internal sealed record ShipmentSummary(
    Id<Shipment> Id, ShipmentState State, string? Carrier, string? TrackingNumber, string? Country, DateTimeOffset RequestedAt)
{
    public static ShipmentSummary Of(Shipment shipment) => new(
        shipment.Id, shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Parcel?.To.Country, shipment.CreatedAt);
}

/// <param name="Parcel">Not there when only a cancellation ever came.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="Tracking">What has happened, the oldest first.</param>
internal sealed record ShipmentView(
    Id<Shipment> Id,
    ShipmentState State,
    string? Carrier,
    string? TrackingNumber,
    string? Reason,
    Parcel? Parcel,
    DateTimeOffset RequestedAt,
    IReadOnlyList<TrackingEvent> Tracking)
{
    public static ShipmentView Of(Shipment shipment, IReadOnlyList<TrackingEvent> tracking) => new(
        shipment.Id, shipment.State, shipment.Carrier, shipment.TrackingNumber, shipment.Reason, shipment.Parcel, shipment.CreatedAt, tracking);
}
