using System.Security.Cryptography;
using Basin.Kernel.FrontDoors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Vault.Keys;

/// <summary>Before anything else starts: the root keys are there and right, and every data key is wrapped under the current one.</summary>
internal sealed class VaultStart(
    [FromKeyedServices(VaultSystem.Name)] Store store, Placement placement, KeySource source, VaultKeys keys, ILogger<VaultStart> log)
    : IHostedLifecycleService
{
    /// <exception cref="InvalidOperationException">Cards are there and what opens them is not.</exception>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!placement.IsHere(VaultSystem.Name))
            return;
        var wrapped = await store.ReadAsync(ShardKey.First, VaultStore.ListKeysAsync, cancellationToken);
        var hasCards = await store.ReadAsync(ShardKey.First, VaultStore.HasSealedAsync, cancellationToken);
        if (hasCards && wrapped.Count == 0)
            throw new InvalidOperationException("The vault has cards but no data keys: its data is not whole. Restore it from a backup.");
        var roots = source.Find() ?? (wrapped.Count == 0 && source.MayGenerate ? source.Generate() : throw Missing(wrapped));
        foreach (var key in wrapped)
            RefuseWrong(roots, key);
        keys.Learn(roots);
        var rewrapped = await store.WriteAsync(ShardKey.First, tx => RewrapAsync(tx, roots), cancellationToken);
        if (rewrapped > 0)
            VaultLog.Rewrapped(log, rewrapped, roots.Current.Id);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private InvalidOperationException Missing(List<DataKey> wrapped) => wrapped.Count == 0
        ? new InvalidOperationException(
            $"The vault needs a root key, the same in each of its processes: set Basin:Vault:KeyFile or {KeySource.Variable} (docs/systems/vault.md).")
        : Lost(wrapped[^1].Root, $"{source.Place} and {KeySource.Variable}");

    private static InvalidOperationException Lost(string root, string places) =>
        new($"The vault's root key '{root}', without which no card opens, was looked for in {places} and is not there.");

    private static void RefuseWrong(RootKeys roots, DataKey key)
    {
        if (roots.Find(key.Root) is null)
            throw Lost(key.Root, roots.Place);
        try
        {
            key.Unwrap(roots).Dispose();
        }
        catch (CryptographicException shut)
        {
            throw new InvalidOperationException(
                $"The root key '{key.Root}' in {roots.Place} is not the one that the vault's data keys were wrapped with.", shut);
        }
    }

    /// <summary>Only data keys are wrapped anew, so that a new root key takes a moment however many cards there are.</summary>
    private static async ValueTask<int> RewrapAsync(Transaction tx, RootKeys roots)
    {
        var others = (await VaultStore.ListKeysAsync(tx)).FindAll(key => key.Root != roots.Current.Id);
        foreach (var key in others)
            await VaultStore.RewrapAsync(tx, key.Rewrap(roots));
        return others.Count;
    }
}
