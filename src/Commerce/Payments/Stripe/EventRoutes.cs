using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/events.</summary>
internal static class EventRoutes
{
    public static void Map(RouteGroupBuilder stripe)
    {
        stripe.MapGet("/events", ListAsync).RequireScope(StripeRoutes.Read);
        stripe.MapGet("/events/{id}", FindAsync).RequireScope(StripeRoutes.Read);
    }

    private static async Task<StripeAnswer> FindAsync(
        string id, StripeRequest request, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return StripeAnswer.Ok(EventShape.Of(await LookUpAsync(store, request.Tenant, id, cancellation)), StripeJson.Default.EventShape);
    }

    private static async Task<StripeAnswer> ListAsync(
        StripeRequest request, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        var window = request.Form.Window<StripeEvent>("event");
        var (type, types) = (request.Form.TextOrNull("type"), request.Form.Texts("types", 20));
        request.Form.Pass("delivery_success");
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor)
            await LookUpAsync(store, request.Tenant, cursor.ToString(), cancellation);
        var query = RecordQuery.Of(window) with { Labels = type is null ? types : [type] };
        var found = await Records.ListAsync<StripeEvent>(store, request.Tenant, query, cancellation);
        return StripeAnswer.Ok(window.PageOf(found, happened => happened.Id, EventShape.Of, "/v1/events"), StripeJson.Default.StripeListEventShape);
    }

    private static async Task<StripeEvent> LookUpAsync(Store store, Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        Id<StripeEvent>.TryParse(id, null, out var known)
        && await store.ReadAsync(ShardKey.Of(known), snapshot => Records.FindAsync(snapshot, tenant, known), cancellation) is { } found
            ? found
            : throw (StripeErrors.NoSuch("event", id) with { Status = StatusCodes.Status404NotFound }).Refusal();
}
