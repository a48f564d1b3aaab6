using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Basin.Kernel.Load;
using Basin.Payments;
using Basin.Shipping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Basin.Orders;

/// <summary>HTTP of Orders.</summary>
internal static class OrdersEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/v1/orders").WithTags("Orders").WithChecks();
        orders.MapPost("/", PlaceAsync).RequireScope("orders:write").ServeAs(RequestClass.Checkout).Answers(StatusCodes.Status201Created);
        orders.MapGet("/", ListAsync).RequireScope("orders:read");
        orders.MapGet("/{id}", FindAsync).RequireScope("orders:read");
        orders.MapPost("/{id}/cancel", CancelAsync).RequireScope("orders:write").ServeAs(RequestClass.Checkout).Answers(StatusCodes.Status202Accepted);
        orders.MapGet("/{id}/events", WatchAsync).RequireScope("orders:read").ServeAs(RequestClass.Browse, stays: true);
    }

    /// <summary>Places an order. It is paid, reserved and shipped in the background; follow it by its timeline.</summary>
    private static Task<Answer<OrderSummary>> PlaceAsync(
        PlaceOrder request, Caller caller, Once once, OrdersApi orders, CancellationToken cancellation) =>
        orders.PlaceAsync(caller.Tenant, owner: null, request, cart: null, once, cancellation);

    /// <summary>Lists orders, newest first.</summary>
    private static async Task<Ok<Page<OrderSummary>>> ListAsync(
        Caller caller, OrdersApi orders, string? state, int? limit, string? cursor, CancellationToken cancellation) =>
        TypedResults.Ok(await orders.ListAsync(caller.Tenant, owner: null, StateOf(state), Paging.Of(limit, cursor), cancellation));

    /// <summary>States are named in queries as they are in answers.</summary>
    private static OrderState? StateOf(string? name)
    {
        if (name is null)
            return null;
        foreach (var state in Enum.GetValues<OrderState>())
        {
            if (OrderWords.Code(state) == name)
                return state;
        }
        throw KernelProblems.Invalid.At("state", $"One of {string.Join(", ", Enum.GetValues<OrderState>().Select(OrderWords.Code))} is expected.").Refusal();
    }

    /// <summary>Shows an order with its timeline.</summary>
    private static async Task<Answer<OrderView>> FindAsync(Id<Order> id, Caller caller, OrdersApi orders, CancellationToken cancellation) =>
        await orders.FindAsync(caller.Tenant, id, cancellation) is { } order ? order : KernelProblems.NotFound;

    /// <summary>Cancels an order that is not final; what was done is undone.</summary>
    private static Task<Answer<OrderView>> CancelAsync(
        Id<Order> id, Caller caller, Once once, OrdersApi orders, CancellationToken cancellation) =>
        orders.CancelAsync(caller.Tenant, id, once, cancellation);

    /// <summary>Streams the timeline as server-sent events; <c>Last-Event-ID</c> resumes without a gap.</summary>
    private static async Task<Results<ServerSentEventsResult<TimelineEntry>, NotFound>> WatchAsync(
        Id<Order> id, Caller caller, OrdersApi orders, [FromHeader(Name = "Last-Event-ID")] int? lastEventId, CancellationToken cancellation) =>
        await orders.FindAsync(caller.Tenant, id, cancellation) is null
            ? TypedResults.NotFound()
            : TypedResults.ServerSentEvents(TimelineEvents(orders, id, lastEventId ?? 0, entry => entry, cancellation));

    /// <param name="show">How an entry is shown.</param>
    public static async IAsyncEnumerable<SseItem<TimelineEntry>> TimelineEvents(
        OrdersApi orders, Id<Order> id, int after, Func<TimelineEntry, TimelineEntry> show, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var entry in orders.WatchAsync(id, after, cancellation))
        {
            yield return entry is null
                ? new SseItem<TimelineEntry>(new TimelineEntry(0, default, default, null), "heartbeat")
                : new SseItem<TimelineEntry>(show(entry), "timeline") { EventId = entry.N.ToString() };
        }
    }
}

/// <param name="Country">ISO 3166-1 alpha-2.</param>
public sealed record ShipTo(string Name, string Line1, string City, string PostalCode, string Country) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Name, "name", 100);
        checks.Text(Line1, "line1", 200);
        checks.Text(City, "city", 100);
        checks.Text(PostalCode, "postalCode", 20);
        checks.That(
            Country.Length == 2 && char.IsAsciiLetterUpper(Country[0]) && char.IsAsciiLetterUpper(Country[1]),
            "country", "An ISO 3166-1 alpha-2 code such as DE is expected.");
    }

    public Address ToAddress() => new(Name, Line1, City, PostalCode, Country);
}

public sealed record PlaceOrderLine(string Sku, int Quantity) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Text(Sku, "sku", 64);
        checks.Range(Quantity, "quantity", 1, Order.MaxQuantity);
    }
}

/// <param name="Token">A payment provider's token, such as <c>tok_visa</c> of the sandbox.</param>
public sealed record PaymentMeans(string Token) : IChecked
{
    public void Check(Checks checks) => checks.Token(Token, "token");
}

/// <param name="ExpectedTotalMinor">What the customer has seen; an order that would cost anything else is refused. Null takes any total.</param>
public sealed record PlaceOrder(
    string Email, ShipTo ShipTo, IReadOnlyList<PlaceOrderLine> Lines, PaymentMeans Payment, long? ExpectedTotalMinor = null) : IChecked
{
    public void Check(Checks checks)
    {
        checks.Email(Email, "email");
        checks.Nested(ShipTo, "shipTo");
        checks.Items(Lines, "lines", 1, Order.MaxLines);
        checks.Nested(Payment, "payment");
        if (ExpectedTotalMinor is { } total)
            checks.Range(total, "expectedTotalMinor", 0, long.MaxValue);
    }
}

public sealed record OrderView(
    Id<Order> Id,
    OrderState State,
    OrderReason? Reason,
    string Email,
    Address ShipTo,
    IReadOnlyList<OrderLine> Lines,
    string Currency,
    long TotalMinor,
    DateTimeOffset PlacedAt,
    DateTimeOffset ChangedAt,
    IReadOnlyList<TimelineEntry> Timeline)
{
    public static OrderView Of(Order order, IReadOnlyList<TimelineEntry> timeline)
    {
        var (terms, progress) = (order.Terms, order.Progress);
        return new OrderView(
            order.Id, progress.State, progress.Reason, terms.Email, terms.ShipTo, terms.Lines, terms.Currency, terms.TotalMinor, order.PlacedAt,
            order.ChangedAt, timeline);
    }
}

public sealed record OrderSummary(
    Id<Order> Id, OrderState State, OrderReason? Reason, string Email, int Lines, string Currency, long TotalMinor, DateTimeOffset PlacedAt)
{
    public static OrderSummary Of(Order order) => new(
        order.Id, order.Progress.State, order.Progress.Reason, order.Terms.Email, order.Terms.Lines.Count, order.Terms.Currency,
        order.Terms.TotalMinor, order.PlacedAt);
}
