using Microsoft.AspNetCore.Http;

namespace Basin.StripeDialect;

/// <summary>
/// Stripe's rules for keys: every answer to a request that has begun is kept, errors and failures included. What only the moment refuses, such as a
/// full disk or a system that does not answer, has not begun. Source: https://docs.stripe.com/api/idempotent_requests.
/// </summary>
internal sealed class StripeOnce(HttpContext http) : OnceDialect<StripeAnswer>
{
    private const int MaxKeyLength = 255;

    /// <summary>Keys are printable, so that none of <c>/v1</c> begins with it.</summary>
    private const string Mark = "stripe\n";

    /// <summary>Only POST has keys.</summary>
    public static string? ReadKey(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method) || !request.Headers.TryGetValue(Once.Header, out var header))
            return null;
        var key = header.ToString();
        if (key.Length is 0 or > MaxKeyLength || key.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw StripeErrors.Invalid(null, $"Idempotency keys must have 1 to {MaxKeyLength} printable ASCII characters.").Refusal();
        return Mark + key;
    }

    public override StripeAnswer Refuse(Problem problem) => StripeAnswer.Of(StripeProblems.Of(problem, http), isRefused: true);

    public override StripeAnswer? AnswerTo(Exception failure) => failure switch
    {
        ProblemException { Problem.Status: StatusCodes.Status429TooManyRequests or > StatusCodes.Status500InternalServerError } => null,
        ProblemException refusal => StripeAnswer.Of(StripeProblems.Of(refusal.Problem, http)),
        StoreUnavailableException or InvariantException or OperationCanceledException => null,
        _ => StripeAnswer.Of(StripeProblems.Of(KernelProblems.Internal, http), failure),
    };

    public override KeptAnswer Keep(StripeAnswer answer) => new(answer.Status, answer.Body.ToArray());

    public override StripeAnswer Replay(KeptAnswer kept) => StripeAnswer.Kept(kept.Status, kept.Body, kept.Request);
}
