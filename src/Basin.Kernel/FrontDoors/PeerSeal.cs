using System.Buffers.Binary;
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Basin.Kernel.FrontDoors;

/// <summary>
/// How a process shows another that it is one of the same installation: with a short-lived token, sealed for one system with the keys that all processes
/// share. There is no password to set, to leak or to rotate.
/// </summary>
internal sealed class PeerSeal(IDataProtectionProvider protection, TimeProvider time)
{
    /// <summary>Long enough for two clocks that are a little apart.</summary>
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<string, (string Token, DateTimeOffset Until)> _tokens = new();

    /// <summary>A token for questions to a system; the same for half of its life.</summary>
    public string TokenFor(string system)
    {
        var now = time.GetUtcNow();
        if (_tokens.TryGetValue(system, out var known) && now < known.Until && now > known.Until - Life)
            return known.Token;
        var expiry = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(expiry, (now + Life).ToUnixTimeMilliseconds());
        var token = Base64Url.EncodeToString(ProtectorFor(system).Protect(expiry));
        _tokens[system] = (token, now + (Life / 2));
        return token;
    }

    /// <summary>Whether somebody with the keys has made the token for this system, and lately.</summary>
    public bool Accepts(string system, string token)
    {
        try
        {
            var expiry = BinaryPrimitives.ReadInt64BigEndian(ProtectorFor(system).Unprotect(Base64Url.DecodeFromChars(token)));
            var left = DateTimeOffset.FromUnixTimeMilliseconds(expiry) - time.GetUtcNow();
            return left > TimeSpan.Zero && left <= 2 * Life;
        }
        catch (Exception forged) when (forged is CryptographicException or FormatException or ArgumentOutOfRangeException)
        {
            return false;
        }
    }

    private IDataProtector ProtectorFor(string system) => protection.CreateProtector("Basin.FrontDoors", system);
}
