using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Basin.Kernel.Access;

/// <summary>Text that nobody guesses: 256 bits from the operating system as 43 characters of base64url (RFC 4648, section 5).</summary>
public static class SecretToken
{
    public const int Length = 43;

    public static string New()
    {
        Span<byte> bits = stackalloc byte[32];
        RandomNumberGenerator.Fill(bits);
        return Base64Url.EncodeToString(bits);
    }

    /// <summary>What is kept of a secret: SHA-256 of its UTF-8. A secret of 256 random bits needs no slow hash.</summary>
    public static byte[] HashOf(ReadOnlySpan<char> secret)
    {
        var hash = new byte[SHA256.HashSizeInBytes];
        Hash(secret, hash);
        return hash;
    }

    /// <summary>Compares in a time that does not depend on where a difference is.</summary>
    public static bool Matches(ReadOnlySpan<char> secret, ReadOnlySpan<byte> hash)
    {
        Span<byte> actual = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(secret, actual);
        return CryptographicOperations.FixedTimeEquals(actual, hash);
    }

    private static void Hash(ReadOnlySpan<char> secret, Span<byte> hash)
    {
        Span<byte> small = stackalloc byte[256];
        var size = Encoding.UTF8.GetByteCount(secret);
        var bytes = size <= small.Length ? small[..size] : new byte[size];
        Encoding.UTF8.GetBytes(secret, bytes);
        SHA256.HashData(bytes, hash);
    }
}
