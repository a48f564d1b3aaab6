using Basin.Kernel.FrontDoors;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Tests.Sample;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Kernel.Tests.FrontDoors;

internal static class Placements
{
    /// <summary>Where the walker, its shadow, which runs with it, and the listener are.</summary>
    public static Placement Of(SystemsOptions options, string? connectionString = "Host=127.0.0.1")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.AddWalkerAndListener();
        builder.AddSystem("shadow", typeof(Placements).Assembly).RunsWith("walker");
        builder.AddSystem("gate", typeof(Placements).Assembly).RunsEverywhere();
        using var services = builder.Services.BuildServiceProvider();
        return new Placement(services.GetServices<SystemDefinition>(), options, new PostgresOptions { ConnectionString = connectionString });
    }
}
