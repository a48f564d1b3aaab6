using System.Buffers.Binary;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Limits;

/// <summary>What tells one request's counter from another's, as a number.</summary>
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

    private ulong Of(LimitPartition part) => part switch
    {
        LimitPartition.Address => OfAddress(),
        LimitPartition.Tenant => caller is null ? OfAddress() : Limiter.Combine(1, (ulong)caller.Tenant.Value),
        LimitPartition.Caller => caller is null ? OfAddress() : Limiter.Combine(Limiter.HashOf(caller.Subject), (ulong)caller.Tenant.Value),
        LimitPartition.Route => OfRoute(),
        _ => 1,
    };

    private ulong OfAddress()
    {
        if (http.Connection.RemoteIpAddress is not { } address)
            return 1;
        Span<byte> bytes = stackalloc byte[LongestAddress];
        address.TryWriteBytes(bytes, out var length);
        if (address.IsIPv4MappedToIPv6)
            bytes[12..].CopyTo(bytes[..(length = 4)]);
        else if (address.AddressFamily == AddressFamily.InterNetworkV6)
            ClearAfter(bytes, ipv6Prefix);
        return Limiter.HashOf(bytes[..length]);
    }

    /// <summary>Keeps the leading bits.</summary>
    private static void ClearAfter(Span<byte> bytes, int bits)
    {
        var number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes, bits == 128 ? number : number & ~(UInt128.MaxValue >> bits));
    }

    /// <summary>By what the route says of itself: a request may write its method as it likes.</summary>
    private ulong OfRoute()
    {
        var route = http.GetEndpoint();
        var key = Limiter.HashOf((route as RouteEndpoint)?.RoutePattern.RawText ?? "");
        foreach (var method in route?.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            key = Limiter.Combine(key, Limiter.HashOf(method));
        return key;
    }
}
