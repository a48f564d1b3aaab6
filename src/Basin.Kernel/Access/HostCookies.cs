using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Access;

/// <summary>
/// Names cookies with the prefix <c>__Host-</c> wherever the request is encrypted: browsers then take them from this host only, never from a
/// neighbour below the same domain (RFC 6265bis, 4.1.3.2). Without encryption, as on a developer's machine, browsers would refuse the prefix.
/// </summary>
internal sealed class HostCookies : ICookieManager
{
    private readonly ChunkingCookieManager _cookies = new();

    public static string NameFor(HttpContext http, string key) => http.Request.IsHttps ? $"__Host-{key}" : key;

    public string? GetRequestCookie(HttpContext context, string key) => _cookies.GetRequestCookie(context, NameFor(context, key));

    public void AppendResponseCookie(HttpContext context, string key, string? value, CookieOptions options) =>
        _cookies.AppendResponseCookie(context, NameFor(context, key), value, options);

    public void DeleteCookie(HttpContext context, string key, CookieOptions options) =>
        _cookies.DeleteCookie(context, NameFor(context, key), options);
}
