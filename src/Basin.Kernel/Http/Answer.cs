using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Http;

/// <summary>What a use case answers: a value, or a refusal. It can be kept and sent again, byte for byte.</summary>
public sealed class Answer<T> : IResult, IEndpointMetadataProvider
{
    internal Answer(int status) => Status = status;

    public int Status { get; }

    public T? Value { get; init; }

    public string? Location { get; init; }

    public string? ETag { get; init; }

    public Problem? Problem { get; init; }

    /// <summary>The JSON of <see cref="Value"/>, when it was needed before it is sent.</summary>
    internal byte[]? Body { get; set; }

    /// <summary>The JSON of a kept answer that is sent again.</summary>
    internal ReadOnlyMemory<byte>? Replayed { get; init; }

    /// <summary>Whether the same request was answered before, and this is that answer.</summary>
    public bool IsRepeat => Replayed is not null;

    public static implicit operator Answer<T>(Problem problem) => new(problem.Status) { Problem = problem };

    public static implicit operator Answer<T>(T value) => new(StatusCodes.Status200OK) { Value = value };

    public Answer<T> Tagged(string etag) => new(Status) { Value = Value, Location = Location, ETag = etag, Problem = Problem, Replayed = Replayed };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        if (Replayed is not null)
            response.Headers["Idempotency-Replayed"] = "true";
        if (Problem is not null)
        {
            await ProblemResult.WriteAsync(httpContext, Problem);
            return;
        }
        response.StatusCode = Status;
        if (Location is not null)
            response.Headers.Location = Location;
        if (ETag is not null)
            response.Headers.ETag = ETag;
        if (Status == StatusCodes.Status204NoContent)
            return;
        var body = Replayed ?? Body ?? Serialize(httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions);
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, httpContext.RequestAborted);
    }

    internal byte[] Serialize(JsonSerializerOptions options) => JsonSerializer.SerializeToUtf8Bytes(Value, options.GetTypeInfo(typeof(T)));

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(typeof(T) == typeof(Nothing)
            ? new ProducesResponseTypeMetadata(StatusCodes.Status204NoContent, typeof(void))
            : new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(T), ["application/json"]));
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ProblemBody), [ProblemResult.ContentType]));
    }
}

/// <summary>The value of an answer without one.</summary>
public sealed record Nothing;

public static class Answer
{
    public static Answer<T> Ok<T>(T value) => new(StatusCodes.Status200OK) { Value = value };

    public static Answer<T> Created<T>(string location, T value) => new(StatusCodes.Status201Created) { Value = value, Location = location };

    public static Answer<T> Accepted<T>(string location, T value) => new(StatusCodes.Status202Accepted) { Value = value, Location = location };

    public static Answer<Nothing> NoContent() => new(StatusCodes.Status204NoContent);

    /// <summary>Says in the description of the API that the route answers 201 or 202, not 200.</summary>
    public static RouteHandlerBuilder Answers(this RouteHandlerBuilder route, int status)
    {
        route.Finally(endpoint =>
        {
            var ok = endpoint.Metadata.OfType<ProducesResponseTypeMetadata>().Single(answer => answer.StatusCode == StatusCodes.Status200OK);
            endpoint.Metadata[endpoint.Metadata.IndexOf(ok)] = new ProducesResponseTypeMetadata(status, ok.Type, [.. ok.ContentTypes]);
        });
        return route;
    }
}
