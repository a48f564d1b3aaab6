using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Limits;

/// <summary>Limits of requests: by address, tenant, caller and route, in this process.</summary>
public static class LimitsSystem
{
    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddLimits()
        {
            builder.AddOptionsSection<LimitsOptions>("Limits");
            builder.Services.AddSingleton<PolicyBook>();
            builder.Services.AddHostedService<Sweeper>();
            return builder;
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>Counts requests from here on. Where it is known who asks, and before what they ask costs anything.</summary>
        public IApplicationBuilder UseLimits() =>
            app.ApplicationServices.GetRequiredService<LimitsOptions>().Enabled ? app.UseMiddleware<LimitsMiddleware>() : app;
    }

    /// <summary>Gives the memory of idle keys back.</summary>
    private sealed class Sweeper(PolicyBook policies, TimeProvider time) : BackgroundService
    {
        private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await time.DelayQuietly(Period, stoppingToken);
                policies.Sweep();
            }
        }
    }
}
