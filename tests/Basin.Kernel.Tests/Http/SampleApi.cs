using Basin.Kernel.Tests.Sample;
using Basin.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Tests.Http;

/// <summary>One host for the tests of a class.</summary>
public sealed class SampleApi : IAsyncLifetime
{
    public TestHost Host { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Host = await TestHost.StartAsync(
        builder =>
        {
            builder.AddWalkerAndListener();
            builder.Services.AddSingleton<SampleEndpoints>();
        },
        SampleEndpoints.Map,
        new TestHostOptions { Settings = { ["Basin:Store:Shards:listener"] = "2" } });

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
