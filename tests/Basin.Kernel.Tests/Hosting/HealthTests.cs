using System.Net;
using System.Net.Http.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Tests.Sample;
using Basin.Testing;

namespace Basin.Kernel.Tests.Hosting;

public sealed class HealthTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_host_with_all_its_shards_is_ready()
    {
        await using var host = await StartAsync();
        using var nobody = host.ClientOf(null);

        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/health/live", Cancelled)).StatusCode);
        var report = await nobody.GetFromJsonAsync<HealthReport>("/health/ready", Cancelled);
        Assert.Equal("ready", report!.Status);
        Assert.Contains(new SystemHealth("walker", "ok", null), report.Systems);
    }

    [Fact]
    public async Task A_stopped_shard_is_named_and_the_host_is_not_ready()
    {
        await using var host = await StartAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => host.StoreOf("walker").WriteAsync(
            ShardKey.First,
            _ =>
            {
                Transaction.Invariant(false, $"the secret of the vault is kept");
                return ValueTask.FromResult(0);
            },
            CancellationToken.None));
        using var nobody = host.ClientOf(null);

        Assert.Equal(HttpStatusCode.OK, (await nobody.GetAsync("/health/live", Cancelled)).StatusCode);
        var response = await nobody.GetAsync("/health/ready", Cancelled);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(Cancelled));
        var report = await response.Content.ReadFromJsonAsync<HealthReport>(Cancelled);
        Assert.Equal("degraded", report!.Status);
        Assert.Contains(new SystemHealth("walker", "down", "stopped"), report.Systems);
    }

    [Fact]
    public async Task A_host_that_starts_or_shuts_down_is_not_ready()
    {
        await using var host = await StartAsync();

        Assert.Equal("starting", Health.ReportOf(host.Stores.All, started: false, stopping: false).Status);
        Assert.Equal("draining", Health.ReportOf(host.Stores.All, started: true, stopping: true).Status);
    }

    private static Task<TestHost> StartAsync() => TestHost.StartAsync(builder => builder.AddWalker(), app => app.MapKernel());
}
