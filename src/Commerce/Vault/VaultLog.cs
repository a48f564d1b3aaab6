using Microsoft.Extensions.Logging;

namespace Basin.Vault;

/// <summary>Ids, places and counts only: no key, no number, and no sentence of a provider, which could hold one.</summary>
internal static partial class VaultLog
{
    [LoggerMessage(2901, LogLevel.Warning, "The vault's root key is in {Path}. No backup holds it: copy it to a safe place, without it no card opens")]
    public static partial void KeyGenerated(ILogger logger, string path);

    [LoggerMessage(2902, LogLevel.Information, "{Count} data keys of the vault are wrapped under root key {Root} now")]
    public static partial void Rewrapped(ILogger logger, int count, string root);

    [LoggerMessage(2903, LogLevel.Information, "All cards are to be sealed anew under {Key}, asked by {Subject}")]
    public static partial void RotationBegan(ILogger logger, string key, string subject);

    [LoggerMessage(2904, LogLevel.Warning, "Provider {Provider} has not taken {Card}: {Failure}")]
    public static partial void ProviderFailed(ILogger logger, string provider, Id<Card> card, string failure);
}
