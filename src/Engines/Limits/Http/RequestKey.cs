using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Limits;

/// <summary>What tells one request's counter from another's: a number in this process, a text among several.</summary>
internal readonly struct RequestKey(HttpContext http, Caller? caller, int ipv6Prefix)
{
    private const int LongestAddress = 16;

    /// <summary>Nobody has a key for what they cannot be told by: without a caller the address counts.</summary>
    public ulong Of(IReadOnlyList<LimitPartition> per)
    {
        var key = 1UL;
        foreach (var part in per)
            key = Limiter.Combine(key, Of(part));
        return key;
    }

    /// <inheritdoc cref="Of(IReadOnlyList{LimitPartition})"/>
    public string TextOf(IReadOnlyList<LimitPartition> per)
    {
        var parts = new string[per.Count];
        for (var i = 0; i < parts.Length; i++)
            parts[i] = TextOf(per[i]);
        return string.Join('|', parts);
    }

    private ulong Of(LimitPartition part)
    {
        switch (part)
        {
            case LimitPartition.Tenant when caller is not null:
                return Limiter.Combine(1, (ulong)caller.Tenant.Value);
            case LimitPartition.Caller when caller is not null:
                return Limiter.Combine(Limiter.HashOf(caller.Subject), (ulong)caller.Tenant.Value);
            case LimitPartition.Address or LimitPartition.Tenant or LimitPartition.Caller:
                Span<byte> bytes = stackalloc byte[LongestAddress];
                return Limiter.HashOf(bytes[..ReadAddress(bytes)]);
            case LimitPartition.Route:
                return OfRoute();
            default:
                return 1;
        }
    }

    private string TextOf(LimitPartition part)
    {
        switch (part)
        {
            case LimitPartition.Tenant when caller is not null:
                return caller.Tenant.Value.ToString(CultureInfo.InvariantCulture);
            case LimitPartition.Caller when caller is not null:
                return string.Create(CultureInfo.InvariantCulture, $"{caller.Tenant.Value}/{caller.Subject}");
            case LimitPartition.Address or LimitPartition.Tenant or LimitPartition.Caller:
                Span<byte> bytes = stackalloc byte[LongestAddress];
                return ReadAddress(bytes) is var length and > 0 ? new IPAddress(bytes[..length]).ToString() : "";
            case LimitPartition.Route:
                return string.Join(' ', [.. Methods, Pattern]);
            default:
                return "";
        }
    }

    /// <summary>By what the route says of itself: a request may write its method as it likes.</summary>
    private ulong OfRoute()
    {
        var key = Limiter.HashOf(Pattern);
        foreach (var method in Methods)
            key = Limiter.Combine(key, Limiter.HashOf(method));
        return key;
    }

    private string Pattern => (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";

    private IReadOnlyList<string> Methods => http.GetEndpoint()?.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];

    /// <returns>How many bytes tell the client by; 0 when its address is not known.</returns>
    private int ReadAddress(Span<byte> bytes)
    {
        if (http.Connection.RemoteIpAddress is not { } address)
            return 0;
        address.TryWriteBytes(bytes, out var length);
        if (address.IsIPv4MappedToIPv6)
            bytes[12..].CopyTo(bytes[..(length = 4)]);
        else if (address.AddressFamily == AddressFamily.InterNetworkV6)
            ClearAfter(bytes, ipv6Prefix);
        return length;
    }

    /// <summary>Keeps the leading bits.</summary>
    private static void ClearAfter(Span<byte> bytes, int bits)
    {
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits == 128 ? number : number & ~(UInt128.MaxValue >> bits));
    }
}
