using System.Reflection;
using Basin.Inventory;
using Basin.Payments;
using Basin.Shipping;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Orders;

/// <summary>
/// The global order service: takes orders and leads each through Payment, Inventory and Shipping to a final state. Stands on Catalog, Payments,
/// Inventory and Shipping; its checkout on Cart.
/// </summary>
public static class OrdersSystem
{
    public const string Name = "orders";

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddOrders()
        {
            builder.AddSystem(Name, Assembly.GetExecutingAssembly())
                .Sharded()
                .GivesIds()
                .Publishes<OrderPlaced>()
                .Publishes<OrderShipped>()
                .Publishes<OrderDelivered>()
                .Publishes<OrderEnded>()
                .Publishes<PaymentRequested>()
                .Publishes<PaymentCaptureRequested>()
                .Publishes<PaymentReleaseRequested>()
                .Publishes<StockRequested>()
                .Publishes<StockCommitRequested>()
                .Publishes<StockReleaseRequested>()
                .Publishes<ShipmentRequested>()
                .Publishes<ShipmentCancelRequested>()
                .On<PaymentAuthorized>(OrdersSaga.OnAsync)
                .On<PaymentDeclined>(OrdersSaga.OnAsync)
                .On<PaymentCaptureFailed>(OrdersSaga.OnAsync)
                .On<PaymentReleased>(OrdersSaga.OnAsync)
                .On<StockReserved>(OrdersSaga.OnAsync)
                .On<StockRefused>(OrdersSaga.OnAsync)
                .On<StockReleased>(OrdersSaga.OnAsync)
                .On<ShipmentDispatched>(OrdersSaga.OnAsync)
                .On<ShipmentRefused>(OrdersSaga.OnAsync)
                .On<ShipmentCancelled>(OrdersSaga.OnAsync)
                .On<ShipmentDelivered>(OrdersSaga.OnAsync)
                .Runs<ClearCart, CartClearing>(clearing => clearing.RunAsync)
                .OnEveryShard<VisitorSignedIn>(OrdersSaga.OnAsync)
                .Shows("Orders", "/console/orders")
                .Refuses(OrdersProblems.All);
            builder.Services.AddSingleton<OrdersApi>();
            builder.Services.AddSingleton<CartClearing>();
            builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, OrdersJson.Default));
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapOrders()
        {
            OrdersEndpoints.Map(routes);
            OrdersForms.Map(routes);
            return routes;
        }
    }
}
