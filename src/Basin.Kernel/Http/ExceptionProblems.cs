using System.Text.Json;
using System.Text.RegularExpressions;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Http;

/// <summary>Turns whatever a request dies of into problem details; only what nobody foresaw is a 500.</summary>
internal sealed partial class ExceptionProblems(ILogger<ExceptionProblems> log) : IExceptionHandler
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(10);

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (httpContext.RequestAborted.IsCancellationRequested)
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
        StoreUnavailableException unavailable => Of(unavailable.Reason),
        BadHttpRequestException bad => Of(bad),
        _ => KernelProblems.Internal,
    };

    private static Problem Of(StoreUnavailableException.Reasons reason) => reason switch
    {
        StoreUnavailableException.Reasons.Busy => KernelProblems.Busy with { RetryAfter = Soon },
        StoreUnavailableException.Reasons.DiskFull => KernelProblems.DiskFull with { RetryAfter = Later },
        StoreUnavailableException.Reasons.Stopped => KernelProblems.Stopped,
        StoreUnavailableException.Reasons.Closing => KernelProblems.Closing with { RetryAfter = Soon },
        _ => KernelProblems.StoreFailing with { RetryAfter = Later },
    };

    private static Problem Of(BadHttpRequestException bad) => bad switch
    {
        { StatusCode: StatusCodes.Status413PayloadTooLarge } => KernelProblems.TooLarge,
        { StatusCode: StatusCodes.Status415UnsupportedMediaType } => KernelProblems.UnsupportedMediaType.With("Send application/json."),
        { InnerException: JsonException json } => Of(json),
        _ when ParameterName().Match(bad.Message) is { Success: true } parameter =>
            KernelProblems.Invalid.At(parameter.Groups[1].Value, "The value is missing or cannot be read."),
        _ => KernelProblems.Invalid.With("A JSON body is expected."),
    };

    /// <summary>The framework's sentences name types of this program, so only the path is taken from them and, once, the names of members.</summary>
    private static Problem Of(JsonException json)
    {
        var path = json.Path is { Length: > 2 } full ? full[2..] : "";
        if (MissingMembers().Match(json.Message) is { Success: true } missing)
        {
            var problem = KernelProblems.Invalid;
            foreach (Match name in QuotedName().Matches(missing.Groups[1].Value))
                problem = problem.At(Join(path, name.Groups[1].Value), "A value is expected.");
            return problem;
        }
        var sentence = json.Message switch
        {
            var m when m.Contains("could not be mapped", StringComparison.Ordinal) => "There is no such member.",
            var m when m.Contains("Duplicate", StringComparison.Ordinal) => "The member is there twice.",
            var m when m.Contains("null values", StringComparison.Ordinal) => "A value is expected, not null.",
            var m when m.Contains("could not be converted", StringComparison.Ordinal) => "The value has the wrong type or is out of range.",
            var m when m.StartsWith("An id", StringComparison.Ordinal) => m,
            _ => $"This is not JSON, near line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}.",
        };
        return path.Length == 0 ? KernelProblems.Invalid.With(sentence) : KernelProblems.Invalid.At(path, sentence);
    }

    private static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    [GeneratedRegex("""parameter "[^"]*?([A-Za-z0-9_]+)"(?: from|\s+was)""", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex ParameterName();

    [GeneratedRegex("missing required properties including: (.*)", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex MissingMembers();

    [GeneratedRegex("'([^']+)'", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex QuotedName();

    [LoggerMessage(1201, LogLevel.Error, "{Method} {Path} failed")]
    private static partial void Unforeseen(ILogger logger, string method, string path, Exception failure);
}
