using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Basin.Kernel.Events;
using Basin.Kernel.Events.Rabbit;
using Basin.Kernel.FrontDoors;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Basin.Kernel.Resilience;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Hosting;

/// <summary>The ground floor's doors.</summary>
public static class KernelHosting
{
    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds what every system stands on. Call it before any system.</summary>
        public IHostApplicationBuilder AddKernel()
        {
            var services = builder.Services;
            builder.AddOptionsSection<StoreOptions>("Store");
            builder.AddOptionsSection<PostgresOptions>("Postgres");
            builder.AddOptionsSection<RabbitOptions>("RabbitMQ");
            builder.AddOptionsSection<SystemsOptions>("Systems");
            builder.AddOptionsSection<EventsOptions>("Events");
            builder.AddOptionsSection<IdempotencyOptions>("Idempotency");
            builder.AddOptionsSection<TelemetryOptions>("Telemetry");
#pragma warning disable RS0030 // The composition root names the system's clock, unless a test has named another.
            services.TryAddSingleton(TimeProvider.System);
#pragma warning restore RS0030
            services.TryAddSingleton(new Randomness(RandomNumberGenerator.GetInt32(int.MaxValue)));
            services.AddSingleton<EventCarrier>();
            services.AddSingleton<Stores>();
            services.AddSingleton<OnceRegistry>();
            services.AddSingleton<HostLoad>();
            services.AddSingleton<RightOfWay>();
            services.AddSingleton<Relay>();
            services.AddHostedService(provider => provider.GetRequiredService<Relay>());
            services.AddHostedService<RabbitBroker>();
            services.AddFrontDoors();
            services.AddDependencies();
            services.AddSingleton<DeadLetters>();
            services.AddSingleton<EventFeed>();
            services.AddSingleton<XmlDocs>();
            services.AddSingleton<Settings>();
            services.AddSingleton<ProblemCatalogue>();
            builder.AddTelemetry();
            services.AddExceptionHandler<ExceptionProblems>();
            services.AddProblemDetails();
            services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
            services.ConfigureHttpJsonOptions(options =>
            {
                var json = options.SerializerOptions;
                json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
                json.RespectNullableAnnotations = true;
                json.RespectRequiredConstructorParameters = true;
                json.AllowDuplicateProperties = false;
                // Otherwise "2" would pass for 2.
                json.NumberHandling = JsonNumberHandling.Strict;
                json.MaxDepth = 16;
                json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
                json.Converters.Add(new JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
            });
            return builder;
        }

        private void AddTelemetry()
        {
            var services = builder.Services;
            services.AddSingleton<MetricsCollector>();
            services.AddSingleton<RouteOwners>();
            services.AddSingleton<Backlog>();
            services.AddSingleton<PulseSampler>();
            services.AddHostedService<OtlpExport>();
            // The server's spans carry the method, path and status that OpenTelemetry asks for; nobody pays for them where none are sent.
            if (OtlpExport.EndpointIn(builder.Configuration) is not null)
                AppContext.SetSwitch("Microsoft.AspNetCore.Hosting.SuppressActivityOpenTelemetryData", isEnabled: false);
            services.AddHostedService(provider => provider.GetRequiredService<Backlog>());
            services.AddHostedService(provider => provider.GetRequiredService<PulseSampler>());
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Adds the middleware that every route relies on. Call it before any route.</summary>
        public WebApplication UseKernel()
        {
            app.Use(SafeHeaders.AddToResponse);
            app.Services.GetRequiredService<Settings>().RefuseUnknownSections();
            // What the systems say about themselves is wrong now, not at the first look at the page of problems.
            app.Services.GetRequiredService<ProblemCatalogue>();
            app.UseExceptionHandler();
            app.UseStatusCodePages(context => ProblemResult.WriteAsync(context.HttpContext, context.HttpContext.Response.StatusCode switch
            {
                StatusCodes.Status401Unauthorized => KernelProblems.Unauthenticated,
                StatusCodes.Status403Forbidden => KernelProblems.Forbidden,
                StatusCodes.Status404NotFound => KernelProblems.NotFound,
                StatusCodes.Status405MethodNotAllowed => KernelProblems.MethodNotAllowed,
                StatusCodes.Status413PayloadTooLarge => KernelProblems.TooLarge,
                StatusCodes.Status415UnsupportedMediaType => KernelProblems.UnsupportedMediaType,
                var status => KernelProblems.Invalid with { Status = status },
            }));
            app.RefuseMisdirected();
            app.Use(NulCharacters.RefuseInQuery);
            app.Use(JsonEncoding.RefuseOthers);
            return app;
        }

        /// <summary>Adds the kernel's own routes: health, metrics, events, dead letters.</summary>
        public WebApplication MapKernel()
        {
            app.MapHealth();
            app.MapTelemetry();
            app.MapDependencies();
            app.MapEvents();
            return app;
        }
    }
}
