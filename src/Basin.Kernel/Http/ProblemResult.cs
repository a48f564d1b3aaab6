using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Http;

/// <summary>Problem details (RFC 9457) with Basin's <c>code</c>.</summary>
/// <param name="Type">A page of this host that explains the code.</param>
/// <param name="TraceId">Finds the request in logs and traces.</param>
public sealed record ProblemBody(
    string Type,
    string Title,
    int Status,
    string Code,
    string? Detail,
    IReadOnlyDictionary<string, string[]>? Errors,
    string? TraceId);

[JsonSerializable(typeof(ProblemBody))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class ProblemJson : JsonSerializerContext;

/// <summary>Writes a refusal to a response.</summary>
public static class ProblemResult
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext http, Problem problem)
    {
        http.Response.StatusCode = problem.Status;
        http.Response.ContentType = ContentType;
        if (problem.RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString();
        if (problem.Status == StatusCodes.Status401Unauthorized && http.Response.Headers.WWWAuthenticate.Count == 0)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        return http.Response.Body.WriteAsync(Serialize(problem, http), http.RequestAborted).AsTask();
    }

    private static byte[] Serialize(Problem problem, HttpContext http) => JsonSerializer.SerializeToUtf8Bytes(
        new ProblemBody(
            $"/problems/{problem.Code}",
            problem.Title,
            problem.Status,
            problem.Code,
            problem.Detail,
            problem.Errors.Count == 0 ? null : problem.Errors,
            System.Diagnostics.Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier),
        ProblemJson.Default.ProblemBody);
}
