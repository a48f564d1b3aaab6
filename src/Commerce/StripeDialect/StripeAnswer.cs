using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Basin.StripeDialect;

/// <summary>What a route below <c>/stripe</c> answers: a status and JSON, an object or an error. It can be kept and sent again.</summary>
public sealed class StripeAnswer : IResult
{
    private StripeAnswer(int status, ReadOnlyMemory<byte> body) => (Status, Body) = (status, body);

    public int Status { get; }

    /// <summary>JSON.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>When it may be worth another try.</summary>
    internal TimeSpan? RetryAfter { get; private init; }

    /// <summary>Whether the same request may succeed in a moment.</summary>
    internal bool ShouldRetry { get; private init; }

    /// <summary>The request that was answered first; null without a key.</summary>
    internal string? Original { get; private init; }

    private bool IsKept => Original is not null;

    /// <summary>Whether it was kept and is sent again.</summary>
    internal bool IsReplayed { get; private init; }

    /// <summary>Whether nothing is left to expand.</summary>
    internal bool IsFinal { get; private init; }

    /// <summary>Whether the request was not run, for its key.</summary>
    internal bool IsRefused { get; private init; }

    /// <summary>What nobody foresaw, for the log.</summary>
    internal Exception? Failure { get; private init; }

    /// <param name="type">Of the system's own source-generated context: snake_case, nulls written, <see cref="UnixSeconds"/>.</param>
    public static StripeAnswer Ok<T>(T value, JsonTypeInfo<T> type) => new(StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(value, type));

    /// <summary>An error that is answered, not thrown: what the work has written stays.</summary>
    public static implicit operator StripeAnswer(StripeError error) => Of(error);

    internal static StripeAnswer Of(StripeError error, Exception? failure = null, bool isRefused = false) => new(
        error.Status, StripeProblems.Serialize(error))
    {
        IsRefused = isRefused,
        RetryAfter = error.RetryAfter,
        IsFinal = true,
        Failure = failure,
        ShouldRetry = error.ErrorCode == StripeError.KeyInUse
            || error.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests,
    };

    internal static StripeAnswer Kept(int status, byte[] body, string? original) =>
        new(status, body) { Original = original, IsReplayed = true, IsFinal = true };

    internal StripeAnswer With(ReadOnlyMemory<byte> body) => new(Status, body) { IsFinal = true };

    /// <summary>The same answer with more than is kept of it, such as a secret.</summary>
    public StripeAnswer Telling<T>(T value, JsonTypeInfo<T> type) => new(Status, JsonSerializer.SerializeToUtf8Bytes(value, type))
    {
        RetryAfter = RetryAfter,
        ShouldRetry = ShouldRetry,
        Original = Original,
        IsReplayed = IsReplayed,
        IsFinal = IsFinal,
    };

    /// <summary>The answer to the request that came first under its key.</summary>
    internal StripeAnswer For(string request) => IsReplayed ? this : new StripeAnswer(Status, Body)
    {
        RetryAfter = RetryAfter,
        ShouldRetry = ShouldRetry,
        Original = request,
        IsFinal = true,
    };

    /// <summary>The answer as a text, while it waits for its expansion.</summary>
    internal string ToReference() => $"{Status} {Encoding.UTF8.GetString(Body.Span)}";

    internal static StripeAnswer FromReference(string reference)
    {
        var end = reference.IndexOf(' ');
        return new StripeAnswer(int.Parse(reference.AsSpan(0, end), CultureInfo.InvariantCulture), Encoding.UTF8.GetBytes(reference[(end + 1)..]));
    }

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var answer = this;
        if (!IsFinal && httpContext.Features.Get<StripeRequest>() is { } request)
            answer = await request.ExpandAsync(this, httpContext.RequestAborted);
        await answer.SendAsync(httpContext);
    }

    internal Task SendAsync(HttpContext http)
    {
        var response = http.Response;
        response.StatusCode = Status;
        response.ContentType = StripeProblems.ContentType;
        response.ContentLength = Body.Length;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        // Whoever repeats a failure under its key would get the same.
        if (IsKept && Status == StatusCodes.Status500InternalServerError)
            response.Headers["Stripe-Should-Retry"] = "false";
        else if (ShouldRetry)
            response.Headers["Stripe-Should-Retry"] = "true";
        if (IsKept)
        {
            response.Headers[Once.Header] = http.Request.Headers[Once.Header];
            response.Headers["Original-Request"] = Original;
        }
        if (IsReplayed)
            response.Headers["Idempotent-Replayed"] = "true";
        return response.Body.WriteAsync(Body, http.RequestAborted).AsTask();
    }
}
