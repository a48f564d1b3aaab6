using System.Security.Cryptography;
using System.Text;

namespace Basin.Vault.Keys;

/// <summary>What a data key is for. The numbers are stored.</summary>
internal enum KeyPurpose
{
    /// <summary>Seals cards. There may be many; the newest seals.</summary>
    Cards = 0,

    /// <summary>Makes fingerprints. There is one, for ever.</summary>
    Fingerprints = 1,
}

/// <summary>A random key of 256 bits as the database has it: wrapped under a root key.</summary>
/// <param name="Root">The id of the root key.</param>
/// <param name="Encryptions">How many boxes it has sealed.</param>
internal sealed record DataKey(Id<DataKey> Id, KeyPurpose Purpose, string Root, byte[] Wrapped, long Encryptions, DateTimeOffset CreatedAt) : IEntity
{
    public static string Prefix => "vkey";

    public static DataKey New(Id<DataKey> id, KeyPurpose purpose, RootKey root, DateTimeOffset now)
    {
        using var key = new OpenKey(RandomNumberGenerator.GetBytes(Box.KeyBytes));
        return new DataKey(id, purpose, root.Id, Box.Seal(root.Bytes, key.Bytes, About(id, purpose, root.Id)), Encryptions: 0, now);
    }

    /// <exception cref="ProblemException">The root key is not here.</exception>
    /// <exception cref="CryptographicException">The root key of that id is another one.</exception>
    public OpenKey Unwrap(RootKeys roots)
    {
        var root = roots.Find(Root) ?? throw VaultProblems.KeyUnavailable.With($"The root key '{Root}' is not in {roots.Place}.").Refusal();
        return new OpenKey(Box.Open(root.Bytes, Wrapped, About(Id, Purpose, Root)));
    }

    /// <summary>The same key under the current root key.</summary>
    public DataKey Rewrap(RootKeys roots)
    {
        using var key = Unwrap(roots);
        var root = roots.Current;
        return this with { Root = root.Id, Wrapped = Box.Seal(root.Bytes, key.Bytes, About(Id, Purpose, root.Id)) };
    }

    public override string ToString() => Id.ToString();

    private static byte[] About(Id<DataKey> id, KeyPurpose purpose, string root) => Encoding.UTF8.GetBytes($"key {(int)purpose} {id.Value} {root}");
}

/// <summary>A data key while it is used; overwritten afterwards.</summary>
internal sealed class OpenKey(byte[] key) : IDisposable
{
    public ReadOnlySpan<byte> Bytes => key;

    public void Dispose() => CryptographicOperations.ZeroMemory(key);
}
