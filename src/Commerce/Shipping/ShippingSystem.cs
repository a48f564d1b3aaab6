using Basin.Shipping.Carriers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Basin.Shipping;

/// <summary>Parcels: booked with a carrier, tracked, and called back.</summary>
public static class ShippingSystem
{
    internal const string Name = "shipping";

    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds Shipping and, where no other <see cref="ICarrier"/> is registered, the sandbox carrier.</summary>
        public IHostApplicationBuilder AddShipping()
        {
            builder.AddSystem(Name, typeof(ShippingSystem).Assembly)
                .Sharded()
                .Options<ShippingOptions>("Shipping")
                .Publishes<ShipmentDispatched>()
                .Publishes<ShipmentDelivered>()
                .Publishes<ShipmentRefused>()
                .Publishes<ShipmentCancelled>()
                .On<ShipmentRequested>(ShipmentRequests.RequestAsync)
                .On<ShipmentCancelRequested>(ShipmentRequests.CancelAsync)
                .Runs<CarrierCall, CarrierCalls>(calls => calls.RunAsync);
            builder.Services.TryAddSingleton<ICarrier, SandboxCarrier>();
            builder.Services.AddSingleton<CarrierCalls>();
            builder.Services.AddSingleton<ShippingApi>();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapShipping()
        {
            ShippingEndpoints.Map(routes);
            return routes;
        }
    }
}
