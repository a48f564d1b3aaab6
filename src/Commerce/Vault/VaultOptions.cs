using System.ComponentModel.DataAnnotations;

namespace Basin.Vault;

/// <summary>Section <c>Basin:Vault</c>: where the root keys are, and how long and how much things last.</summary>
public sealed class VaultOptions
{
    /// <summary>
    /// The file of the root keys, a line <c>id:base64</c> of 32 bytes for each, the current one first. Without it, and without the environment
    /// variable <c>BASIN_VAULT_KEYS</c>, it is <c>vault-keys/vault.key</c> in the data directory.
    /// </summary>
    public string? KeyFile { get; set; }

    /// <summary>A token that nobody has redeemed by then disappears with its card. Default 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan TokenLife { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// So many boxes a data key seals, then a new one is made. With random nonces 2^32 are the most (NIST SP 800-38D, 8.3). Default 2^24.
    /// </summary>
    [Range(2, 1 << 30)]
    public int MaxEncryptionsPerKey { get; set; } = 1 << 24;

    /// <summary>How long a provider may take to answer before its answer is no longer waited for. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan ProviderTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Cards that one provider is told at the same time; as many more wait, for a second at most. Default 64.</summary>
    [Range(1, 10_000)]
    public int ProviderConcurrent { get; set; } = 64;

    internal CallLimits ProviderLimits => new() { Timeout = ProviderTimeout, Concurrent = ProviderConcurrent, Waiting = ProviderConcurrent };
}
