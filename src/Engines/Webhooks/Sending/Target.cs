using System.Net;

namespace Basin.Webhooks.Sending;

/// <summary>Where an endpoint may be. What its host leads to is looked at again with each connection, because names change.</summary>
internal sealed class TargetPolicy(WebhooksOptions options)
{
    private readonly IPNetwork[] _allowed = [.. options.AllowPrivateTargets.Select(network => IPNetwork.Parse(network))];

    /// <summary>An IPv4 address in the disguise of IPv6 is nobody's, and <see cref="IPNetwork"/> does not see through it.</summary>
    public bool Allows(IPAddress address) => !address.IsIPv4MappedToIPv6
        && (Array.Exists(_allowed, network => network.Contains(address)) || PublicAddresses.Contains(address));

    /// <summary>Why a URL of the right shape may not be called, as far as it says so itself; null when it may.</summary>
    public string? WhyRefused(Uri url)
    {
        var literal = Target.AddressIn(url);
        if (literal is not null && !Allows(literal))
            return "A host on the public internet is expected.";
        // What stays on this machine needs no encryption.
        var isSafe = url.Scheme == Uri.UriSchemeHttps || options.AllowHttp || (literal is not null && IPAddress.IsLoopback(literal));
        return isSafe ? null : "A URL that begins with https:// is expected.";
    }
}

/// <summary>The shape of the URL of an endpoint.</summary>
internal static class Target
{
    private const int MaxLength = 2048;

    /// <summary>Why a text is no URL of an endpoint; null when it is one.</summary>
    public static string? WhyMalformed(string? text)
    {
        if (Parse(text) is not { } url)
            return $"A URL such as https://shop.example/webhooks of at most {MaxLength} characters is expected.";
        return url switch
        {
            { UserInfo.Length: > 0 } => "A URL without user and password is expected.",
            { Port: < 1 } => "A port from 1 to 65535 is expected.",
            { Fragment.Length: > 0 } => "A URL without a fragment is expected.",
            _ => null,
        };
    }

    /// <summary>The address that a URL names instead of a host; null when it names a host.</summary>
    public static IPAddress? AddressIn(Uri url)
    {
        var host = url.IdnHost.TrimEnd('.');
        return host == "localhost" || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
            : IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address
            : null;
    }

    /// <summary>Strictly: what would be mended, such as white space or a slash the other way round, is not taken.</summary>
    private static Uri? Parse(string? text)
    {
        if (text is not { Length: > 0 and <= MaxLength } || text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '\\'))
            return null;
        if (!text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url)
            && url.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 ? url : null;
    }
}
