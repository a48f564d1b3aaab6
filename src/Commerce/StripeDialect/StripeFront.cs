using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Basin.StripeDialect;

/// <summary>
/// What stands before everything else, the choice of the route included: a host that begins with <c>stripe.</c>, for clients that can be given a host
/// but no path, and an id for every request below <c>/stripe</c>.
/// </summary>
internal sealed class StripeFront(ILogger<StripeFront> log) : IStartupFilter
{
    public static readonly PathString Root = "/stripe";

    private const string HostPrefix = "stripe.";
    private const string Alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 14;

    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>("{StripeRequest}");

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(PassAsync);
        next(app);
    };

    /// <summary>The path as Stripe's clients know it.</summary>
    public static string OwnPath(PathString path) => path.StartsWithSegments(Root, out var rest) ? rest.Value ?? "" : path.Value ?? "";

    public static string IdOf(HttpContext http) => http.Features.Get<RequestId>()!.Text;

    private async Task PassAsync(HttpContext http, RequestDelegate next)
    {
        var request = http.Request;
        if (request.Host.Host.StartsWith(HostPrefix, StringComparison.OrdinalIgnoreCase) && !request.Path.StartsWithSegments(Root))
            request.Path = Root.Add(request.Path);
        if (!request.Path.StartsWithSegments(Root))
        {
            await next(http);
            return;
        }
        var id = new RequestId($"req_{RandomNumberGenerator.GetString(Alphanumeric, IdLength)}");
        http.Features.Set(id);
        // A failure clears the headers that are there before.
        http.Response.OnStarting(static state => AddHeaders((HttpContext)state), http);
        using (Scope(log, id.Text))
            await next(http);
    }

    private static Task AddHeaders(HttpContext http)
    {
        http.Response.Headers["Request-Id"] = IdOf(http);
        if (http.Features.Get<StripeRequest>() is { } request)
            http.Response.Headers["Stripe-Version"] = request.Version;
        return Task.CompletedTask;
    }

    private sealed record RequestId(string Text);
}
