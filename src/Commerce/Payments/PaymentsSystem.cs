using Basin.Payments.Providers;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Basin.Payments;

/// <summary>Money asked from customers: authorized, captured, voided and refunded through a provider, each exactly once.</summary>
public static class PaymentsSystem
{
    public const string Name = "payments";

    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds Payments and, where no other <see cref="IPaymentProvider"/> is registered, the sandbox provider.</summary>
        public IHostApplicationBuilder AddPayments()
        {
            var assembly = typeof(PaymentsSystem).Assembly;
            builder.AddSystem(Name, assembly, "Payments")
                .Sharded()
                .Options<PaymentsOptions>("Payments")
                .Publishes<PaymentAuthorized>()
                .Publishes<PaymentDeclined>()
                .Publishes<PaymentCaptured>()
                .Publishes<PaymentCaptureFailed>()
                .Publishes<PaymentReleased>()
                .On<PaymentRequested>(PaymentRequests.OnAsync)
                .On<PaymentCaptureRequested>(PaymentRequests.OnAsync)
                .On<PaymentReleaseRequested>(PaymentRequests.OnAsync)
                .Runs<ProviderCall, ProviderCalls>(calls => calls.RunAsync)
                .Refuses(PaymentsProblems.All)
                .Services
                .AddSingleton<ProviderCalls>()
                .AddSingleton<PaymentsApi>();
            builder.AddSystem(SandboxProvider.System, assembly, "Providers")
                .Sharded()
                .RunsWith(Name)
                .Options<SandboxOptions>("Sandbox")
                .Services
                .TryAddSingleton<IPaymentProvider, SandboxProvider>();
            builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, PaymentsJson.Default));
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapPayments()
        {
            PaymentsEndpoints.Map(routes);
            return routes;
        }
    }
}
