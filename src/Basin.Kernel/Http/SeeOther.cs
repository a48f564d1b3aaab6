using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Http;

/// <summary>Answers a form with the page to look at next (303, RFC 9110, 15.4.4): a reload of that page does not send the form again.</summary>
/// <param name="path">On this host; it begins with one slash.</param>
public sealed class SeeOther(string path) : IResult
{
    public string Path { get; } =
        path is ['/'] or ['/', not ('/' or '\\'), ..] ? path : throw new ArgumentException($"'{path}' is not a path on this host.", nameof(path));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
        httpContext.Response.Headers.Location = Path;
        return Task.CompletedTask;
    }
}
