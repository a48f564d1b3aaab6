using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

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

/// <summary>Routes whose clients know refusals in another shape than problem details.</summary>
/// <param name="Root">All paths below it.</param>
/// <param name="WriteAsync">Writes the content type and the body; the status is set.</param>
public sealed record ProblemDialect(PathString Root, Func<HttpContext, Problem, Task> WriteAsync);

/// <summary>Makes the page that shows a refusal to a person; the host registers one.</summary>
public delegate IResult ProblemPage(Problem problem);

/// <summary>Writes a refusal to a response.</summary>
public static class ProblemResult
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpContext http, Problem problem)
    {
        // Two ways to say who one is may both refuse; the first answer stands.
        if (http.Response.HasStarted)
            return Task.CompletedTask;
        http.Response.StatusCode = problem.Status;
        if (problem.RetryAfter is { } wait)
            http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString();
        if (problem.Status == StatusCodes.Status401Unauthorized && http.Response.Headers.WWWAuthenticate.Count == 0)
            http.Response.Headers.WWWAuthenticate = "Bearer";
        if (DialectOf(http) is { } dialect)
            return dialect.WriteAsync(http, problem);
        http.Response.Headers.Vary = "Accept";
        if (IsPerson(http.Request) && http.RequestServices.GetService<ProblemPage>() is { } page)
            return page(problem).ExecuteAsync(http);
        http.Response.ContentType = ContentType;
        return http.Response.Body.WriteAsync(Serialize(problem, http), http.RequestAborted).AsTask();
    }

    private static ProblemDialect? DialectOf(HttpContext http)
    {
        foreach (var dialect in http.RequestServices.GetServices<ProblemDialect>())
        {
            if (http.Request.Path.StartsWithSegments(dialect.Root))
                return dialect;
        }
        return null;
    }

    /// <summary>Programs ask for JSON or for anything; a browser that shows a page asks for HTML.</summary>
    private static bool IsPerson(HttpRequest request) =>
        !request.Path.StartsWithSegments("/v1") && request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal);

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
