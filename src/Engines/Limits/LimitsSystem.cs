using System.Security.Cryptography;
using Basin.Limits.Regions;
using Basin.Resp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Limits;

/// <summary>Limits of requests: by address, tenant, caller and route, in each process or in all together.</summary>
public static class LimitsSystem
{
    public const string Name = "limits";

    private const int RunLength = 16;

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddLimits()
        {
            builder.AddSystem(Name, typeof(LimitsSystem).Assembly)
                .RunsEverywhere()
                .Options<LimitsOptions>("Limits")
                .Options<RespOptions>("Redis")
                .DependsOn(services => services.GetRequiredService<PolicyBook>().Dependencies)
                .DependsOn(services => services.GetRequiredService<RegionSettler>().Dependencies)
                .Shows("Limits", "/console/limits", "gauge")
                .Refuses(LimitsProblems.All);
            var services = builder.Services;
            services.AddSingleton(provider => new Region(
                provider.GetRequiredService<LimitsOptions>().Regions, RandomNumberGenerator.GetHexString(RunLength), provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<RegionSettler>();
            services.AddHostedService(provider => provider.GetRequiredService<RegionSettler>());
            services.AddSingleton<PolicyBook>();
            services.AddSingleton<PolicyKeeper>();
            services.AddHostedService(provider => provider.GetRequiredService<PolicyKeeper>());
            services.AddSingleton(LimitsApi.Of);
            return builder;
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>Counts requests from here on: where it is known who asks, and before what they ask costs anything.</summary>
        public IApplicationBuilder UseLimits() =>
            app.ApplicationServices.GetRequiredService<LimitsOptions>().Enabled ? app.UseMiddleware<LimitsMiddleware>() : app;
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapLimits()
        {
            LimitsEndpoints.Map(routes);
            LimitsForms.Map(routes);
        }
    }
}
