using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Access;

/// <summary>Before anything else starts: the tenants. After everything has: the link for the first operator.</summary>
internal sealed class AccessStart(
    [FromKeyedServices(AccessSystem.Name)] Store store, Tenants tenants, SetupLink setup, AccessOptions options, IServer server, ILogger<AccessStart> log)
    : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var main = await store.WriteAsync(ShardKey.First, FindOrMakeMainAsync, cancellationToken);
        var shop = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindTenantAsync(snapshot, options.ShopTenant), cancellationToken);
        tenants.Learn(main, shop ?? throw new InvalidOperationException(
            $"Basin:Access:ShopTenant names the tenant '{options.ShopTenant}', which does not exist. Make it with POST /v1/tenants first."));
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(ShardKey.First, snapshot => AccessStore.HasOperatorAsync(snapshot, tenants.Main), cancellationToken))
            return;
        var link = $"{Address()}/console/setup?token={setup.Open()}";
        if (setup.Announce is { } announce)
            announce($"Make the first operator: {link}");
        else
            AccessLog.SetupLink(log, link);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async ValueTask<Tenant> FindOrMakeMainAsync(Transaction tx) =>
        await AccessStore.FindTenantAsync(tx, Tenants.MainSlug) ?? await AccessStore.InsertTenantAsync(tx, Tenants.MainSlug, "Main");

    /// <summary>Where a browser on this machine finds the host.</summary>
    private string Address()
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "http://localhost";
        return address.Replace("[::]", "localhost").Replace("0.0.0.0", "localhost").Replace("*", "localhost").Replace("+", "localhost").TrimEnd('/');
    }
}
