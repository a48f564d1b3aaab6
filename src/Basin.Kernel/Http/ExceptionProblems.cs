using System.Text.Json;
using System.Text.RegularExpressions;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Http;

/// <summary>Turns whatever a request dies of into problem details; only what nobody foresaw is a 500.</summary>
internal sealed partial class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // A client that has gone in the middle of its body is known by the exception before the request counts as aborted.
        if (httpContext.RequestAborted.IsCancellationRequested || exception is ConnectionResetException)
            return true;
        var problem = Of(exception);
        if (problem.Status == StatusCodes.Status500InternalServerError)
            Unforeseen(log, httpContext.Request.Method, httpContext.Request.Path, exception);
        await ProblemResult.WriteAsync(httpContext, problem);
        return true;
    }

    public static Problem Of(Exception exception) => exception switch
    {
        ProblemException refusal => refusal.Problem,
        StoreUnavailableException unavailable => KernelProblems.Of(unavailable),
        BadHttpRequestException bad => Of(bad),
        _ => KernelProblems.Internal,
    };

    private static Problem Of(BadHttpRequestException bad) => bad switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => KernelProblems.TooLarge,
        { StatusCode: StatusCodes.Status415UnsupportedMediaType } => KernelProblems.UnsupportedMediaType.With("Send application/json."),
        { InnerException: JsonException json } => JsonProblems.Of(json),
        _ when ParameterName().Match(bad.Message) is { Success: true } parameter =>
            KernelProblems.Invalid.At(parameter.Groups[1].Value, "The value is missing or cannot be read."),
        _ => KernelProblems.Invalid.With("A JSON body is expected."),
    };

    [GeneratedRegex("""parameter "[^"]*?([A-Za-z0-9_]+)"(?: from|\s+was)""", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex ParameterName();

    [LoggerMessage(1201, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Unforeseen(ILogger logger, string method, string path, Exception failure);
}
