using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Basin.Webhooks.Sending;

/// <summary>
/// Signs what is sent, in two schemes at once, with each secret that signs. Sources: https://docs.stripe.com/webhooks#verify-manually, and
/// Standard Webhooks 1.0.0, "Signature scheme".
/// </summary>
internal static class Signatures
{
    /// <summary>The header <c>Stripe-Signature</c>: the key is the secret as text.</summary>
    public static string Stripe(IEnumerable<string> secrets, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var header = new StringBuilder().Append(CultureInfo.InvariantCulture, $"t={unixSeconds}");
        var signed = Signed($"{unixSeconds}.", body);
        foreach (var secret in secrets)
            header.Append(",v1=").Append(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed)));
        return header.ToString();
    }

    /// <summary>The header <c>webhook-signature</c>: the key is what follows the prefix of the secret, decoded.</summary>
    public static string Standard(IEnumerable<string> secrets, string messageId, long unixSeconds, ReadOnlySpan<byte> body)
    {
        var signed = Signed($"{messageId}.{unixSeconds}.", body);
        return string.Join(' ', secrets.Select(secret => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(KeyOf(secret), signed))}"));
    }

    private static byte[] KeyOf(string secret) => Convert.FromBase64String(secret[WebhookSecrets.Prefix.Length..]);

    private static byte[] Signed(string beginning, ReadOnlySpan<byte> body) => [.. Encoding.UTF8.GetBytes(beginning), .. body];
}
