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

    private static readonly DependencyInfo Carrier = new(
        CarrierCalls.Dependency,
        "Collects parcels, delivers them and brings them back.",
        "Orders stay paid and their stock held until their parcel can be booked; a cancellation waits until the parcel can be called back.")
    {
        ComesAgain = "by jobs, up to a minute apart, for Basin:Events:LongestOutage",
    };

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
                .Runs<CarrierCall, CarrierCalls>(calls => calls.RunAsync)
                .Calls<ShippingOptions>(Carrier, options => options.CarrierLimits);
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
