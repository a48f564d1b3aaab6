using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Basin.Kernel.Http;

/// <summary>JSON is UTF-8 (RFC 8259, 8.1). The framework would decode others, and die of those that it does not know.</summary>
internal static class JsonEncoding
{
    private const string Json = "application/json";

    public static Task RefuseOthers(HttpContext http, RequestDelegate next)
    {
        if (http.Request.ContentType is { } text && text != Json
            && MediaTypeHeaderValue.TryParse(text, out var type) && type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase))
        {
            if (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
                throw KernelProblems.UnsupportedMediaType.With("Send application/json in UTF-8.").Refusal();
            http.Request.ContentType = Json;
        }
        return next(http);
    }
}
