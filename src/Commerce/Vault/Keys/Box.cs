using System.Security.Cryptography;

namespace Basin.Vault.Keys;

/// <summary>
/// What is sealed, with AES-256-GCM (NIST SP 800-38D): a version, a random nonce of 96 bits, the tag, the text. A box does not say what it is about,
/// and opens only for those who say the same again: moved to another row it stays shut.
/// </summary>
internal static class Box
{
    public const int KeyBytes = 32;
    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int HeadBytes = 1 + NonceBytes + TagBytes;

    public static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> text, ReadOnlySpan<byte> about)
    {
        var box = new byte[HeadBytes + text.Length];
        box[0] = Version;
        var nonce = box.AsSpan(1, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(nonce, text, box.AsSpan(HeadBytes), box.AsSpan(1 + NonceBytes, TagBytes), about);
        return box;
    }

    /// <exception cref="CryptographicException">It was sealed with another key, about something else, or is damaged.</exception>
    public static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> about)
    {
        if (box.Length < HeadBytes || box[0] != Version)
            throw new CryptographicException("This is no box of the vault.");
        var text = new byte[box.Length - HeadBytes];
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Decrypt(box.Slice(1, NonceBytes), box[HeadBytes..], box.Slice(1 + NonceBytes, TagBytes), text, about);
        return text;
    }
}
