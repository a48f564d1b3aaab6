using System.Security.Cryptography;
using System.Text;

namespace Basin.Vault.Keys;

/// <summary>
/// Names for numbers that lead to nothing without the key: HMAC-SHA256 under a key of each tenant, which HKDF (RFC 5869) derives from the one of the
/// installation. A hash without a key would not hide a number: there are too few.
/// </summary>
internal sealed class Fingerprints(byte[] key)
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int Length = 16;

    /// <summary>The same number of the same tenant has the same.</summary>
    public string Of(Id<Tenant> tenant, CardNumber number) => TextOf(Hash("card", tenant, number.Reveal()));

    /// <summary>Tells one request for a token from another, but for the security code, of which nothing is kept.</summary>
    public string Of(Id<Tenant> tenant, NewCard card) => Convert.ToHexStringLower(Hash(
        "request",
        tenant,
        string.Join(
            '\0', card.Number.Reveal(), card.ExpMonth, card.FullYear, card.Cvc is not null, card.Holder?.Name, card.Holder?.AddressLine1,
            card.Holder?.PostalCode)));

    private byte[] Hash(string use, Id<Tenant> tenant, string text)
    {
        var own = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, Box.KeyBytes, info: Encoding.UTF8.GetBytes($"{use} {tenant.Value}"));
        return HMACSHA256.HashData(own, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>95 bits as 16 letters and digits.</summary>
    private static string TextOf(byte[] hash)
    {
        var rest = System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
        var text = new char[Length];
        for (var i = 0; i < Length; i++, rest /= 62)
            text[i] = Alphabet[(int)(rest % 62)];
        return new string(text);
    }
}
