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

        var all = host.Get<Dependencies>().Look();
        var seen = all.Single(each => each.Name == Name);

        Assert.Equal((DependencyState.Struggling, "3 at a time, none wait"), (seen.State, seen.Rules.Bulkhead));
        Assert.Equal((0, new CallCounts(1, 1, 0)), (seen.InFlight, seen.LastMinute));
        Assert.Contains(all, each => each.Name is "kernel/files" or "kernel/postgres");
        Assert.DoesNotContain(all, each => each.Name == "sample/unused");
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
