using System.Text.Json.Serialization;

namespace Basin.Orders;

/// <param name="Owner">The customer or visitor who placed it; null for a program.</param>
/// <param name="TotalMinor">In the currency's minor unit.</param>
public sealed record OrderPlaced(Id<Order> Order, string Email, string? Owner, string Currency, long TotalMinor, int Items) : IEvent<OrderPlaced>
{
    public static EventType<OrderPlaced> Type { get; } = new("basin.orders.order-placed.v1", "ord", OrdersJson.Default.OrderPlaced);

    public long Key => Order.Value;
}

public sealed record OrderShipped(Id<Order> Order, string Email, string? Owner, string? Note) : IEvent<OrderShipped>
{
    public static EventType<OrderShipped> Type { get; } = new("basin.orders.order-shipped.v1", "ord", OrdersJson.Default.OrderShipped);

    public long Key => Order.Value;
}

public sealed record OrderDelivered(Id<Order> Order, string Email, string? Owner) : IEvent<OrderDelivered>
{
    public static EventType<OrderDelivered> Type { get; } = new("basin.orders.order-delivered.v1", "ord", OrdersJson.Default.OrderDelivered);

    public long Key => Order.Value;
}

/// <summary>The order ended without delivery; all that was done is undone.</summary>
public sealed record OrderEnded(
    Id<Order> Order,
    string Email,
    string? Owner,
    [property: JsonConverter(typeof(SnakeCaseEnumConverter<OrderState>))] OrderState State,
    [property: JsonConverter(typeof(SnakeCaseEnumConverter<OrderReason>))] OrderReason Reason) : IEvent<OrderEnded>
{
    public static EventType<OrderEnded> Type { get; } = new("basin.orders.order-ended.v1", "ord", OrdersJson.Default.OrderEnded);

    public long Key => Order.Value;
}

[JsonSerializable(typeof(OrderPlaced))]
[JsonSerializable(typeof(OrderShipped))]
[JsonSerializable(typeof(OrderDelivered))]
[JsonSerializable(typeof(OrderEnded))]
[JsonSerializable(typeof(OrderTerms))]
[JsonSerializable(typeof(PlaceOrder))]
[JsonSerializable(typeof(OrderView))]
[JsonSerializable(typeof(OrderSummary))]
[JsonSerializable(typeof(Page<OrderSummary>))]
[JsonSerializable(typeof(TimelineEntry))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class OrdersJson : JsonSerializerContext;
