using Microsoft.Extensions.DependencyInjection;

namespace Basin.Vault.Keys;

/// <summary>The keys in use: root keys of this process, data keys of the installation.</summary>
public sealed class VaultKeys([FromKeyedServices(VaultSystem.Name)] Store store, VaultOptions options)
{
    private volatile RootKeys? _roots;
    private volatile Fingerprints? _fingerprints;

    internal RootKeys Roots => _roots ?? throw new InvalidOperationException("The vault does not run in this process, or not yet.");

    internal void Learn(RootKeys roots) => _roots = roots;

    /// <summary>The first call of an installation makes the key. It is in memory only once it is committed.</summary>
    internal async ValueTask<Fingerprints> FingerprintsAsync(CancellationToken cancellation)
    {
        if (_fingerprints is { } known)
            return known;
        var key = await store.ReadAsync(ShardKey.First, snapshot => VaultStore.FindNewestKeyAsync(snapshot, KeyPurpose.Fingerprints), cancellation)
            ?? await store.WriteAsync(ShardKey.First, FindOrMakeFingerprintKeyAsync, cancellation);
        using var open = key.Unwrap(Roots);
        return _fingerprints = new Fingerprints(open.Bytes.ToArray());
    }

    private async ValueTask<DataKey> FindOrMakeFingerprintKeyAsync(Transaction tx) =>
        await VaultStore.FindNewestKeyAsync(tx, KeyPurpose.Fingerprints) ?? await MakeAsync(tx, KeyPurpose.Fingerprints);

    /// <summary>The key that seals now, with so many more boxes counted; a new one when it has sealed as many as it may.</summary>
    internal async ValueTask<DataKey> SpendAsync(Transaction tx, int boxes)
    {
        var key = await VaultStore.FindNewestKeyAsync(tx, KeyPurpose.Cards);
        if (key is null || key.Encryptions + boxes > options.MaxEncryptionsPerKey)
            key = await MakeAsync(tx, KeyPurpose.Cards);
        await VaultStore.CountEncryptionsAsync(tx, key.Id, boxes);
        return key;
    }

    internal async ValueTask<DataKey> MakeAsync(Transaction tx, KeyPurpose purpose)
    {
        var key = DataKey.New(tx.NewId<DataKey>(), purpose, Roots.Current, tx.Now);
        await VaultStore.InsertKeyAsync(tx, key);
        return key;
    }
}
