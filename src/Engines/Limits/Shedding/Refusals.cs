using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Basin.Limits;

/// <summary>The page that people see instead of the one they asked for; rendered once, because the host has no time for it when it is needed.</summary>
public delegate Task<string> RefusalPage();

/// <summary>
/// Says no at the least cost: bytes that were made ahead. Each refusal asks for another wait, so that those who are refused together do not come back together.
/// </summary>
internal sealed class Refusals(SheddingOptions options, RefusalPage? page = null)
{
    /// <summary>Multiples of it, modulo one, are spread evenly, however many there are (the golden ratio).</summary>
    private const double Golden = 0.618_033_988_749_894_9;

    /// <summary>The longest wait that is asked for, as a multiple of the shortest.</summary>
    private const int Spread = 3;

    private static readonly byte[] Body = JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            type = $"/problems/{KernelProblems.Overloaded.Code}",
            title = KernelProblems.Overloaded.Title,
            status = KernelProblems.Overloaded.Status,
            code = KernelProblems.Overloaded.Code,
        },
        JsonSerializerOptions.Web);

    private byte[]? _page;
    private uint _refused;

    /// <summary>Renders the page. Without it people see what programs do.</summary>
    public async Task PrepareAsync()
    {
        if (page is not null)
            _page = Encoding.UTF8.GetBytes(await page());
    }

    public Task WriteAsync(HttpContext http)
    {
        var wait = NextWait();
        // What other dialects than ours say is theirs to write.
        if (http.Request.Path.StartsWithSegments("/stripe"))
            return ProblemResult.WriteAsync(http, KernelProblems.Overloaded with { RetryAfter = TimeSpan.FromSeconds(wait) });
        var (response, text) = (http.Response, wait.ToString(CultureInfo.InvariantCulture));
        response.StatusCode = KernelProblems.Overloaded.Status;
        response.Headers.RetryAfter = text;
        response.Headers.CacheControl = "no-store";
        if (_page is { } shown && IsPerson(http.Request))
        {
            // What somebody has sent is not sent again behind their back.
            if (HttpMethods.IsGet(http.Request.Method))
                response.Headers["Refresh"] = text;
            return WriteAsync(response, "text/html; charset=utf-8", shown);
        }
        return WriteAsync(response, ProblemResult.ContentType, Body);
    }

    /// <summary>Seconds, from the shortest to <see cref="Spread"/> times as many.</summary>
    internal int NextWait()
    {
        var part = Interlocked.Increment(ref _refused) * Golden % 1;
        var shortest = options.RetryAfter.TotalSeconds;
        return (int)Math.Ceiling(shortest + (part * (Spread - 1) * shortest));
    }

    private static Task WriteAsync(HttpResponse response, string type, byte[] body)
    {
        response.ContentType = type;
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(response.HttpContext.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body).AsTask();
    }

    private static bool IsPerson(HttpRequest request) =>
        !Schemes.IsApi(request.Path) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);
}
