using Basin.Ledger;
using Basin.Payments.Customers;
using Basin.Payments.Disputes;
using Basin.Payments.Payouts;
using Basin.Payments.Providers;
using Basin.Payments.Reconciling;
using Basin.Payments.Stripe;
using Basin.Vault;
using Basin.Webhooks;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Basin.Payments;

/// <summary>Money asked from customers: authorized, captured, voided and refunded through a provider, each exactly once.</summary>
public static class PaymentsSystem
{
    public const string Name = "payments";

    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds Payments and, where no other <see cref="IPaymentProvider"/> is registered, two sandbox providers.</summary>
        public IHostApplicationBuilder AddPayments()
        {
            var assembly = typeof(PaymentsSystem).Assembly;
            builder.AddSystem(Name, assembly, "Payments")
                .Sharded()
                .TakesIds()
                .Options<PaymentsOptions>("Payments")
                .Publishes<PaymentAuthorized>()
                .Publishes<PaymentDeclined>()
                .Publishes<PaymentCaptured>()
                .Publishes<PaymentCaptureFailed>()
                .Publishes<PaymentReleased>()
                .Publishes<PaymentActionRequired>()
                .Publishes<PaymentIncrementRefused>()
                .Publishes<PaymentRefundFailed>()
                .Publishes<TransfersRequested>()
                .Publishes<WebhookMessage>()
                .On<PaymentRequested, PaymentRequests>(requests => requests.OnAsync)
                .On<PaymentCaptureRequested>(PaymentRequests.OnAsync)
                .On<PaymentReleaseRequested>(PaymentRequests.OnAsync)
                .Runs<ProviderCall, ProviderCalls>(calls => calls.RunAsync)
                .Runs<DisputeAnswer, DisputesApi>(disputes => disputes.AnswerAsync)
                .Runs<PayoutArrival, PayoutsApi>(_ => PayoutsApi.ArriveAsync)
                .Runs<ReconciliationStep, ReconciliationsApi>(reports => reports.RunAsync)
                .Runs<ReconciliationDue, ReconciliationsApi>(reports => reports.BeginDueAsync)
                .Every<ReconciliationsApi>(TimeSpan.FromMinutes(5), _ => ReconciliationsApi.RemindAsync)
                .Every<ProviderNotices>(TimeSpan.FromMinutes(10), _ => ProviderNotices.ForgetAsync)
                .Runs<CustomerUpkeep, CustomersApi>(customers => customers.RunAsync)
                .Runs<MethodKeep, MethodsApi>(methods => methods.KeepAsync)
                .DependsOn(services => services.GetRequiredService<ProviderDesk>().Dependencies)
                .Shows("Payments", "/console/payments", "card")
                .Shows("Reconciliation", "/console/reconciliation", "book")
                .Refuses(PaymentsProblems.All)
                .Services
                .AddSingleton<ProviderDesk>()
                .AddSingleton<PaymentRequests>()
                .AddSingleton<ProviderCalls>()
                .AddSingleton<PaymentsApi>()
                .AddSingleton<CustomersApi>()
                .AddSingleton<MethodsApi>()
                .AddSingleton<SetupsApi>()
                .AddSingleton<ProviderNews>()
                .AddSingleton<IntentsApi>()
                .AddSingleton<ChargesApi>()
                .AddSingleton<RefundsApi>()
                .AddSingleton<BalanceApi>()
                .AddSingleton<DisputesApi>()
                .AddSingleton<PayoutsApi>()
                .AddSingleton<ProviderNotices>()
                .AddSingleton(services => new Reconciler(
                    services.GetRequiredKeyedService<Store>(Name),
                    services.GetRequiredService<ProviderDesk>(),
                    services.GetRequiredService<ILedger>(),
                    services.GetRequiredService<DeadLetters>,
                    services.GetRequiredService<TimeProvider>()))
                .AddSingleton<ReconciliationsApi>()
                .AddSingleton<PaymentsConsole>()
                .AddSingleton<SandboxCourier>();
            builder.Services.AddStripeDialect();
            StripeRoutes.AddObjects(builder.Services);
            if (!builder.Services.Any(service => service.ServiceType == typeof(IPaymentProvider)))
            {
                builder.AddSandbox<SandboxOptions>(SandboxProvider.System, "Sandbox");
                builder.AddSandbox<ReserveOptions>(SandboxProvider.Reserve, "Reserve");
            }
            builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, PaymentsJson.Default));
            return builder;
        }

        private void AddSandbox<TOptions>(string name, string section)
            where TOptions : SandboxOptions
        {
            builder.AddSystem(name, typeof(PaymentsSystem).Assembly, "Providers")
                .Sharded()
                .RunsWith(Name)
                .Options<TOptions>(section)
                .Runs<SandboxNotice, SandboxCourier>(courier => (notice, run, cancellation) => courier.DeliverAsync(name, notice, run, cancellation))
                .Services
                .AddKeyedSingleton(name, (services, _) => new SandboxProvider(
                    name,
                    services.GetRequiredKeyedService<Store>(name),
                    Following(services.GetRequiredService<TOptions>(), services.GetRequiredService<IOptionsMonitor<TOptions>>()),
                    () => services.GetRequiredService<TOptions>().PublicUrl ?? AddressOf(services.GetRequiredService<IServer>()),
                    services.GetRequiredService<TimeProvider>(),
                    services.GetRequiredService<Randomness>()))
                .AddSingleton<ICardProvider>(new SandboxCardDesk(name))
                .AddSingleton<IPaymentProvider>(services => services.GetRequiredKeyedService<SandboxProvider>(name));
        }

        private static SandboxOptions Following<TOptions>(TOptions options, IOptionsMonitor<TOptions> monitor)
            where TOptions : SandboxOptions
        {
            monitor.OnChange(options.Follow);
            return options;
        }

        /// <summary>Where a browser on this machine finds the host.</summary>
        private static string AddressOf(IServer server)
        {
            var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost";
            return address.Replace("[::]", "localhost", StringComparison.Ordinal).Replace("0.0.0.0", "localhost", StringComparison.Ordinal)
                .Replace("*", "localhost", StringComparison.Ordinal).TrimEnd('/');
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapPayments()
        {
            PaymentsEndpoints.Map(routes);
            ReconciliationEndpoints.Map(routes);
            StripeRoutes.Map(routes);
            return routes;
        }
    }
}
