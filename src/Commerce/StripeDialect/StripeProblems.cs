using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Basin.StripeDialect;

/// <summary>Stripe's error object. What does not apply is left out, unlike in other objects.</summary>
internal sealed record ErrorBody(ErrorMembers Error);

internal sealed record ErrorMembers(
    string? Charge,
    string? Code,
    string? DeclineCode,
    string? DocUrl,
    string Message,
    string? Param,
    JsonNode? PaymentIntent,
    JsonNode? PaymentMethod,
    JsonNode? SetupIntent,
    string Type);

[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(JsonNode))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ErrorJson : JsonSerializerContext;

/// <summary>Says every refusal in Stripe's words: its own, the kernel's and those of systems below.</summary>
internal static class StripeProblems
{
    public const string ContentType = "application/json";

    public static Task WriteAsync(HttpContext http, Problem problem) => StripeAnswer.Of(Of(problem, http)).SendAsync(http);

    public static StripeError Of(Problem problem, HttpContext http) => problem switch
    {
        StripeError own => own,
        _ when problem.Code == KernelProblems.InFlight.Code => StillRunning(problem, http),
        _ when problem.Code == KernelProblems.KeyReused.Code => KeyReused(problem, http),
        { Status: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed } when IsOfKernel(problem) => Unrecognized(problem, http),
        { Status: >= 500 } => Refused(problem, StripeError.Api, null, SentenceOf(problem)),
        { Status: StatusCodes.Status429TooManyRequests } => Refused(problem, StripeError.InvalidRequest, "rate_limit", SentenceOf(problem)),
        { Errors: { Count: > 0 } errors } => Refused(problem, StripeError.InvalidRequest, CodeOf(problem), string.Join(' ', errors.First().Value)) with
        {
            Param = errors.First().Key,
        },
        _ => Refused(problem, StripeError.InvalidRequest, CodeOf(problem), SentenceOf(problem)),
    };

    public static byte[] Serialize(StripeError error) => JsonSerializer.SerializeToUtf8Bytes(
        new ErrorBody(new ErrorMembers(
            error.Charge,
            error.ErrorCode,
            error.DeclineCode,
            error.ErrorCode is null ? null : $"https://stripe.com/docs/error-codes/{error.ErrorCode.Replace('_', '-')}",
            error.Message,
            error.Param,
            error.PaymentIntent,
            error.PaymentMethod,
            error.SetupIntent,
            error.Type)),
        ErrorJson.Default.ErrorBody);

    private static StripeError Refused(Problem problem, string type, string? code, string message) =>
        new(problem.Status, type, code, message) { RetryAfter = problem.RetryAfter };

    private static StripeError StillRunning(Problem problem, HttpContext http) => Refused(
        problem,
        StripeError.InvalidRequest,
        StripeError.KeyInUse,
        $"There is currently another in-progress request using this Idempotent Key: {KeyOf(http)}. Please try again later.");

    private static StripeError KeyReused(Problem problem, HttpContext http)
    {
        var sentence = "Keys for idempotent requests can only be used with the same parameters they were first used with. "
            + $"Try using a key other than '{KeyOf(http)}' if you meant to execute a different request.";
        return Refused(problem, StripeError.Idempotency, null, sentence) with { Status = StatusCodes.Status400BadRequest };
    }

    private static StripeError Unrecognized(Problem problem, HttpContext http) => Refused(
        problem,
        StripeError.InvalidRequest,
        null,
        $"Unrecognized request URL ({http.Request.Method}: {StripeErrors.Echo(StripeFront.OwnPath(http.Request.Path))}). "
        + "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.");

    private static bool IsOfKernel(Problem problem) => KernelProblems.All.Any(own => own.Code == problem.Code);

    /// <summary>A system's own code may help a program; the kernel's say what the status says.</summary>
    private static string? CodeOf(Problem problem) => IsOfKernel(problem) ? null : problem.Code;

    private static string SentenceOf(Problem problem) => problem.Detail ?? problem.Title;

    private static string KeyOf(HttpContext http) => StripeErrors.Echo(http.Request.Headers[Once.Header].ToString());
}
