using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Http;

/// <summary>
/// What a browser is told to forbid: scripts and styles from anywhere but this host and none inline, frames, guessed content types, devices. Refusals
/// carry the headers too, because they are added when the response begins.
/// </summary>
internal static class SafeHeaders
{
    private const string ContentSecurityPolicy =
        "default-src 'self'; img-src 'self' data: https:; style-src 'self'; script-src 'self'; "
        + "frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

    private const string PermissionsPolicy = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";

    public static Task AddToResponse(HttpContext http, RequestDelegate next)
    {
        http.Response.OnStarting(static state => Add((HttpContext)state), http);
        return next(http);
    }

    private static Task Add(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (http.Request.IsHttps && http.Request.Host.Host is not "localhost")
            headers.StrictTransportSecurity = "max-age=31536000";
        // What is declared to be JSON is never shown as a page.
        if (IsJson(http.Response.ContentType))
            return Task.CompletedTask;
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.TryAdd("Referrer-Policy", "strict-origin-when-cross-origin");
        headers["Permissions-Policy"] = PermissionsPolicy;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return Task.CompletedTask;
    }

    private static bool IsJson(string? contentType) =>
        contentType is not null
        && (contentType.StartsWith("application/json", StringComparison.Ordinal)
            || contentType.StartsWith(ProblemResult.ContentType, StringComparison.Ordinal));
}
