using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;

namespace Basin.Webhooks;

/// <summary>A secret as it is stored.</summary>
/// <param name="Sealed">Opened only with the keys of the installation.</param>
/// <param name="Until">When it ends; null for the one that signs for good.</param>
internal sealed record SealedSecret(string Sealed, DateTimeOffset? Until)
{
    internal bool SignsAt(DateTimeOffset now) => Until is null || Until > now;
}

/// <summary>Makes the secrets that sign, and seals them: whoever reads only the database signs nothing.</summary>
internal sealed class WebhookSecrets(IDataProtectionProvider protection)
{
    public const string Prefix = "whsec_";

    private const int Bytes = 32;

    private readonly IDataProtector _protector = protection.CreateProtector("Basin.Webhooks.Secret");

    /// <summary>Prefix and base 64, as Standard Webhooks and Stripe write them.</summary>
    public static string New() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(Bytes));

    public string Seal(string secret) => Base64Url.EncodeToString(_protector.Protect(Encoding.UTF8.GetBytes(secret)));

    /// <exception cref="CryptographicException">The keys are not those that sealed it.</exception>
    public string Open(SealedSecret secret) => Encoding.UTF8.GetString(_protector.Unprotect(Base64Url.DecodeFromChars(secret.Sealed)));

    /// <summary>Those that sign now, the newest first.</summary>
    /// <inheritdoc cref="Open"/>
    public List<string> OpenAll(IEnumerable<SealedSecret> secrets, DateTimeOffset now) =>
        [.. secrets.Where(secret => secret.SignsAt(now)).Reverse().Select(Open)];

    /// <summary>The secrets with a new one, the former ones until their ends.</summary>
    /// <exception cref="ProblemException">Too many would sign.</exception>
    public static List<SealedSecret> Roll(IReadOnlyList<SealedSecret> secrets, string newSealed, DateTimeOffset now, TimeSpan keepFormer)
    {
        var former = secrets
            .Select(secret => secret.Until is null ? secret with { Until = now + keepFormer } : secret)
            .Where(secret => secret.SignsAt(now))
            .ToList();
        return former.Count < MaxSigning ? [.. former, new SealedSecret(newSealed, null)] : throw WebhooksProblems.TooManySecrets.Refusal();
    }

    private const int MaxSigning = 5;
}
