using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Hosting;
using Basin.Kernel.Resilience;
using Basin.Kernel.Telemetry;
using Basin.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Tests.Resilience;

/// <summary>What a process says of everything that it depends on.</summary>
public sealed class DependenciesTests
{
    private const string Name = "sample/thing";

    [Fact]
    public async Task A_declared_dependency_is_the_service_of_its_name_and_seen_by_operators()
    {
        await using var host = await StartAsync();
        var thing = host.Services.GetRequiredKeyedService<CalledDependency>(Name);
        await Assert.ThrowsAsync<DependencyException>(() => thing.CallAsync<int>(_ => throw new IOException("No."), CancellationToken.None).AsTask());

        var list = (await host.Client.GetFromJsonAsync<JsonNode>("/v1/dependencies"))!["data"]!.AsArray();
        var seen = list.Single(each => each!["name"]!.GetValue<string>() == Name)!;

        Assert.Equal("struggling", seen["state"]!.GetValue<string>());
        Assert.Equal("3 at a time, none wait", seen["rules"]!["bulkhead"]!.GetValue<string>());
        Assert.Equal(1, seen["lastMinute"]!["failures"]!.GetValue<int>());
        Assert.Equal(0, seen["inFlight"]!.GetValue<int>());
        Assert.Contains(list, each => each!["name"]!.GetValue<string>() is "kernel/files" or "kernel/postgres");
        Assert.DoesNotContain(list, each => each!["name"]!.GetValue<string>() == "sample/unused");
    }

    [Fact]
    public async Task How_each_is_can_be_measured()
    {
        await using var host = await StartAsync();
        var thing = host.Services.GetRequiredKeyedService<CalledDependency>(Name);
        for (var i = 0; i < 6; i++)
            await Assert.ThrowsAsync<DependencyException>(() => thing.CallAsync<int>(_ => throw new IOException("No."), CancellationToken.None).AsTask());

        var text = PrometheusText.Write(host.Get<MetricsCollector>().Collect());

        Assert.Contains("basin_dependency_state{dependency=\"sample/thing\"} 2", text, StringComparison.Ordinal);
        Assert.Contains("outcome=\"failed\"", text, StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder => builder.AddSystem("sample", typeof(DependenciesTests).Assembly, "Sample")
            .Options<SampleOptions>("Sample")
            .Calls<SampleOptions>(
                new DependencyInfo(Name, "Is called.", "Nothing."), options => new CallLimits { Timeout = TimeSpan.FromSeconds(1), Concurrent = options.Concurrent })
            .Calls<SampleOptions>(
                new DependencyInfo("sample/unused", "Is not there.", "Nothing."),
                _ => new CallLimits { Timeout = TimeSpan.FromSeconds(1), Concurrent = 1 },
                isUsed: _ => false),
        app => app.MapKernel());

    /// <summary>Options of a system that calls something.</summary>
    public sealed class SampleOptions
    {
        public int Concurrent { get; set; } = 3;
    }
}
