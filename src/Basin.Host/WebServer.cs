using Basin.Kernel.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Console;

namespace Basin.Host;

/// <summary>The web server: its limits, its log, how it starts and how it ends.</summary>
internal static class WebServer
{
    /// <summary>Connections that wait to be accepted. Those beyond are not refused but forgotten, and come again after a second: who is in a hurry waits longest.</summary>
    private const int MostUnaccepted = 4096;

    extension(WebApplicationBuilder builder)
    {
        public void AddWebServer()
        {
            builder.WebHost.UseStaticWebAssets();
            // Otherwise a build, unlike what is published, has a route for GET of every path, and a method that is not taken gets 404, not 405.
            builder.WebHost.UseSetting("ReloadStaticAssetsAtRuntime", builder.Environment.IsDevelopment().ToString());
            builder.AddOptionsSection<HttpOptions>("Http");
            builder.Services.AddHostedService<Drain>();
            builder.Services.AddOptions<KestrelServerOptions>().Configure<HttpOptions>(Limit);
            builder.Services.AddOptions<SocketTransportOptions>().Configure(transport => transport.Backlog = MostUnaccepted);
            builder.Services.AddOptions<Microsoft.Extensions.Hosting.HostOptions>()
                .Configure<HttpOptions>((host, http) => host.ShutdownTimeout = TimeSpan.FromSeconds(http.DrainSeconds));
            builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<HttpOptions>(Trust);
            builder.Logging.ClearProviders().AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss.fff ";
            });
            builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
            // What refuses a start is said once, by Program; a service that fails later is critical.
            builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
            // Every request without a key would be a line.
            builder.Logging.AddFilter("Basin.Kernel.Access.KeyAuthentication", LogLevel.Warning);
            builder.Services.PostConfigure<LoggerFilterOptions>(HideAddresses);
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Learns from trusted proxies who asks. Call it before anything else.</summary>
        public void UseWebServer() => app.UseForwardedHeaders();

        /// <summary>Says where Basin is, once it listens.</summary>
        public void Announce() => app.Lifetime.ApplicationStarted.Register(() =>
        {
            var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
            Console.WriteLine($"Basin is ready at {string.Join(" and ", addresses)}");
        });

        /// <summary>Runs until somebody asks for the end.</summary>
        public async Task RunToEndAsync()
        {
            // What cannot even be made, such as a store on a damaged file, refuses the start before anything has begun.
            _ = app.Services.GetServices<IHostedService>();
            try
            {
                await app.StartAsync();
            }
            catch
            {
                // What has begun before the failure, such as background work, ends in order before the stores close.
                await app.StopAsync();
                throw;
            }
            await app.WaitForShutdownAsync();
        }
    }

    /// <summary>Whatever the settings say: somebody may have put a card's number, or another secret, into an address.</summary>
    private static void HideAddresses(LoggerFilterOptions filters)
    {
        string[] categories = ["Microsoft.AspNetCore.Hosting.Diagnostics", "Microsoft.AspNetCore.Routing", "Microsoft.AspNetCore.Components.Routing"];
        foreach (var category in categories)
        {
            // Of rules that fit equally well the last counts, and one for a provider fits better than one for all.
            filters.Rules.Add(new LoggerFilterRule(null, category, LogLevel.Warning, null));
            filters.Rules.Add(new LoggerFilterRule(typeof(ConsoleLoggerProvider).FullName, category, LogLevel.Warning, null));
        }
    }

    private static void Trust(ForwardedHeadersOptions forwarded, HttpOptions options)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        // As long as one trusted proxy names another.
        forwarded.ForwardLimit = null;
        foreach (var proxy in options.TrustedProxies)
            forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
    }

    private static void Limit(KestrelServerOptions kestrel, HttpOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = options.MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = options.MaxHeaders;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(options.HeaderSeconds);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(options.KeepAliveSeconds);
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxConcurrentUpgradedConnections = options.MaxConnections;
    }

    /// <summary>
    /// The first part of the shutdown. Readiness is false already and live streams have ended; after this wait the server stops listening and finishes
    /// its requests, then the relay ends, then the stores close.
    /// </summary>
    private sealed class Drain(HttpOptions options, TimeProvider time) : IHostedLifecycleService
    {
        public Task StoppingAsync(CancellationToken cancellationToken) =>
            time.DelayQuietly(TimeSpan.FromSeconds(options.ReadinessSeconds), cancellationToken);

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
