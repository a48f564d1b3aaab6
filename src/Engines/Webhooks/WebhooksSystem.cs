using System.Net;
using Basin.Webhooks.Sending;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Basin.Webhooks;

/// <summary>
/// Tells what happens to those who asked for it, over HTTP: signed, in the order of each object, and again and again until it has arrived. It keeps
/// its data in one shard: what an endpoint is told comes from all systems.
/// </summary>
public static class WebhooksSystem
{
    public const string Name = "webhooks";

    private static readonly TimeSpan TrimPeriod = TimeSpan.FromMinutes(10);

    private static readonly DependencyInfo Endpoints = new(
        WebhookSender.Dependency,
        "The servers of tenants that are told what happens, all together.",
        "Nobody but the tenant whose endpoint is down: its messages come later, in their order. One that fails for a minute gets one request at a time, "
        + "and is disabled when it has failed for Basin:Webhooks:DisableAfter.")
    {
        ComesAgain = "by jobs, as Basin:Webhooks:Retries says",
    };

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddWebhooks()
        {
            builder.AddSystem(Name, typeof(WebhooksSystem).Assembly)
                .Options<WebhooksOptions>("Webhooks")
                .Publishes<WebhookEndpointDisabled>()
                .On<WebhookMessage, WebhookHandlers>(handlers => handlers.OnAsync)
                .Runs<SendWebhook, WebhookSender>(sender => sender.RunAsync)
                .Calls<WebhooksOptions>(Endpoints, options => options.Limits)
                .Every<WebhookHandlers>(TrimPeriod, handlers => handlers.TrimAsync)
                .Offers<IWebhooks, WebhooksApi, RemoteWebhooks>()
                .Shows("Webhooks", "/console/webhooks", "webhook")
                .Refuses(WebhooksProblems.All);
            var services = builder.Services;
            services.TryAddSingleton<HostResolver>(Dns.GetHostAddressesAsync);
            services.AddSingleton<TargetPolicy>();
            services.AddSingleton<WebhookClient>();
            services.AddSingleton<WebhookSecrets>();
            services.AddSingleton<DeliveryQueue>();
            services.AddSingleton<WebhookHandlers>();
            services.AddSingleton<WebhookSender>();
            services.AddSingleton(provider => new WebhooksApi(
                provider.GetRequiredKeyedService<Store>(Name),
                provider.GetRequiredService<WebhookSecrets>(),
                provider.GetRequiredService<DeliveryQueue>(),
                provider.GetRequiredService<TargetPolicy>(),
                provider.GetRequiredService<WebhooksOptions>(),
                provider.GetRequiredService<TimeProvider>()));
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapWebhooks()
        {
            WebhooksEndpoints.Map(routes);
            WebhooksCalls.Map(routes);
            WebhooksForms.Map(routes);
            return routes;
        }
    }
}
