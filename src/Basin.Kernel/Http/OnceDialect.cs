using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Http;

/// <summary>An answer as it is kept and sent again.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">JSON.</param>
public sealed record KeptAnswer(int Status, byte[] Body)
{
    public string? Location { get; init; }

    public string? ETag { get; init; }

    /// <summary>The id of the request that came first, where requests have ids.</summary>
    public string? Request { get; init; }
}

/// <summary>In what the ways to speak of idempotency differ: which answers are kept, and how they look.</summary>
public abstract class OnceDialect<TAnswer>
    where TAnswer : class
{
    /// <summary>The answer to a request that is not run: another one has its key, or the first still runs. It is not kept.</summary>
    public abstract TAnswer Refuse(Problem problem);

    /// <summary>The answer that is kept when the work has failed and is undone; null when nothing is kept and the failure goes on.</summary>
    public abstract TAnswer? AnswerTo(Exception failure);

    public abstract KeptAnswer Keep(TAnswer answer);

    public abstract TAnswer Replay(KeptAnswer kept);
}

/// <summary>
/// What Basin's own routes speak. Refusals below 500 are kept, failures are not: the same request may succeed later. Source:
/// draft-ietf-httpapi-idempotency-key-header.
/// </summary>
internal sealed class DraftDialect<T>(OnceRegistry registry) : OnceDialect<Answer<T>>
{
    public override Answer<T> Refuse(Problem problem) => problem;

    public override Answer<T>? AnswerTo(Exception failure) =>
        failure is ProblemException { Problem: { Status: < 500 } problem } ? (Answer<T>)problem : null;

    public override KeptAnswer Keep(Answer<T> answer)
    {
        var body = answer.Problem is { } problem
            ? JsonSerializer.SerializeToUtf8Bytes(problem, registry.Json)
            : answer.Body = answer.Serialize(registry.Json);
        return new KeptAnswer(answer.Status, body) { Location = answer.Location, ETag = answer.ETag };
    }

    public override Answer<T> Replay(KeptAnswer kept) => kept.Status >= 400
        ? new Answer<T>(kept.Status) { Problem = JsonSerializer.Deserialize<Problem>(kept.Body, registry.KeptJson), Replayed = kept.Body }
        : new Answer<T>(kept.Status)
        {
            Value = kept.Status == StatusCodes.Status204NoContent ? default : JsonSerializer.Deserialize<T>(kept.Body, registry.KeptJson),
            Location = kept.Location,
            ETag = kept.ETag,
            Replayed = kept.Body,
        };
}
