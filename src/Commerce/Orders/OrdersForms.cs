using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Basin.Orders;

/// <summary>What the buttons of the shop and the console do, and the live part of the tracking page.</summary>
internal static class OrdersForms
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var forms = routes.MapGroup("").ExcludeFromDescription();
        forms.MapGet("/orders/{id}/live", WatchOwnAsync).ServeAs(RequestClass.Browse, stays: true);
        forms.MapPost("/orders/{id}/cancel", CancelOwnAsync).ServeAs(RequestClass.Checkout);
        forms.MapPost("/console/orders/{id}/cancel", CancelAsync).RequireAuthorization(Policies.Operator);
    }

    private static async Task<Results<ServerSentEventsResult<TimelineEntry>, NotFound>> WatchOwnAsync(
        Id<Order> id, Shopper shopper, OrdersApi orders, [FromHeader(Name = "Last-Event-ID")] int? lastEventId, CancellationToken cancellation)
    {
        if (await orders.FindOwnAsync(shopper, id, cancellation) is not { } found)
            return TypedResults.NotFound();
        return TypedResults.ServerSentEvents(OrdersEndpoints.TimelineEvents(
            orders, id, lastEventId ?? 0, entry => entry with { Note = OrderWords.Sentence(entry, found.Order.Terms) }, cancellation));
    }

    /// <param name="form">Binding it checks the form's token.</param>
    private static async Task<SeeOther> CancelOwnAsync(
        Id<Order> id, IFormCollection form, Shopper shopper, OnceRegistry registry, OrdersApi orders, CancellationToken cancellation)
    {
        if (await orders.FindOwnAsync(shopper, id, cancellation) is null)
            throw KernelProblems.NotFound.Refusal();
        return await CancelAndShowAsync(orders, shopper.Caller, id, registry, $"/orders/{id}", cancellation);
    }

    /// <inheritdoc cref="CancelOwnAsync"/>
    private static Task<SeeOther> CancelAsync(
        Id<Order> id, IFormCollection form, Caller caller, OnceRegistry registry, OrdersApi orders, CancellationToken cancellation) =>
        CancelAndShowAsync(orders, caller, id, registry, $"/console/orders/{id}", cancellation);

    private static async Task<SeeOther> CancelAndShowAsync(
        OrdersApi orders, Caller caller, Id<Order> id, OnceRegistry registry, string page, CancellationToken cancellation)
    {
        try
        {
            await orders.CancelAsync(caller.Tenant, id, registry.For(caller, key: null, "cancel"), cancellation);
        }
        catch (ProblemException refused) when (refused.Problem.Code == OrdersProblems.AlreadyFinal.Code)
        {
            // It ended meanwhile; the page says how.
        }
        return new SeeOther(page);
    }
}
