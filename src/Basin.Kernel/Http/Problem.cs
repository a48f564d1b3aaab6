using System.Collections.ObjectModel;
using System.Text.Json.Serialization;
using Basin.Kernel.Storage;

namespace Basin.Kernel.Http;

/// <summary>
/// A refusal as data: a stable code that programs may rely on, and what people read. Sent as RFC 9457 problem details.
/// </summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Lower case with underscores; never reused for another meaning.</param>
/// <param name="Title">One sentence, the same for every occurrence.</param>
public record Problem(int Status, string Code, string Title)
{
    /// <summary>What happened this time, and what can be done.</summary>
    public string? Detail { get; init; }

    /// <summary>Sentences by the JSON path of the member they are about, such as <c>lines[0].quantity</c>.</summary>
    public IReadOnlyDictionary<string, string[]> Errors { get; init; } = ReadOnlyDictionary<string, string[]>.Empty;

    /// <summary>What a caller can do about it, for the catalogue of problems; null when the status says enough.</summary>
    [JsonIgnore]
    public string? Remedy { get; init; }

    /// <summary>When the same request may succeed.</summary>
    public TimeSpan? RetryAfter { get; init; }

    public Problem With(string detail) => this with { Detail = detail };

    /// <summary>Names the member that is wrong.</summary>
    public Problem At(string member, string sentence) =>
        this with { Errors = new Dictionary<string, string[]>(Errors) { [member] = [sentence] } };

    /// <summary>Ends the work that meets the refusal; what it wrote is undone.</summary>
    public ProblemException Refusal() => new(this);
}

/// <summary>Carries a refusal out of a transaction, which it undoes.</summary>
public sealed class ProblemException(Problem problem) : Exception($"{problem.Code}: {problem.Detail ?? problem.Title}")
{
    public Problem Problem => problem;
}

/// <summary>Refusals that any route may give.</summary>
public static class KernelProblems
{
    public static readonly Problem Invalid = new(400, "invalid_request", "The request is not valid.");
    public static readonly Problem Unauthenticated = new(401, "unauthenticated", "A valid API key is needed.");
    public static readonly Problem Forbidden = new(403, "forbidden", "The key or account may not do this.");
    public static readonly Problem NotFound = new(404, "not_found", "There is nothing here.");
    public static readonly Problem MethodNotAllowed = new(405, "method_not_allowed", "The route does not take this method.");
    public static readonly Problem InFlight = new(409, "idempotency_in_flight", "A request with this Idempotency-Key is still running.")
    {
        Remedy = "Send the same request again in a second; it gets the answer of the first.",
    };

    public static readonly Problem DeadLetterBlocked = new(409, "dead_letter_blocked", "It waits behind an earlier event of its key.")
    {
        Remedy = "Replay or discard the earlier one; this one follows by itself.",
    };

    public static readonly Problem PreconditionFailed = new(412, "precondition_failed", "It has changed since it was read.");
    public static readonly Problem TooLarge = new(413, "too_large", "The request is too large.");
    public static readonly Problem UnsupportedMediaType = new(415, "unsupported_media_type", "The content type is not taken here.");
    public static readonly Problem Misdirected = new(421, "misdirected", "Another process runs the system that this is for.")
    {
        Remedy = "Whoever runs the installation lets the load balancer send it to a process that has the system in Basin:Systems:Here.",
    };

    public static readonly Problem KeyReused = new(422, "idempotency_key_reused", "The Idempotency-Key was used for another request.");
    public static readonly Problem PreconditionRequired = new(428, "precondition_required", "An If-Match header is needed.");
    public static readonly Problem Internal = new(500, "internal_error", "Something went wrong in Basin; it has been logged.");
    public static readonly Problem Busy = new(503, "busy", "More work is waiting than can be taken; try again soon.");
    public static readonly Problem Overloaded = new(503, "overloaded", "More is asked of this host than it can answer at the moment.")
    {
        Remedy = "Nothing was done. Send the same request again after the time in Retry-After, not before: others wait too.",
    };

    public static readonly Problem DiskFull = new(503, "disk_full", "The disk is full. Nothing was changed; reads go on.");
    public static readonly Problem StoreFailing = new(503, "store_failing", "The disk answers with errors. Nothing was changed; reads go on.");
    public static readonly Problem Stopped = new(503, "stopped", "Writing has stopped to protect the data; an operator must look.")
    {
        Remedy = "Nothing was changed. Whoever runs this host finds the reason in its log, and restarts it when the data is right again.",
    };

    public static readonly Problem StoreUnreachable =
        new(503, "store_unreachable", "The database does not answer. Whether anything was changed is known to whoever repeats it under its Idempotency-Key.");

    public static readonly Problem SystemUnavailable =
        new(503, "system_unavailable", "Another system that is needed for this does not answer.") { RetryAfter = TimeSpan.FromSeconds(2) };

    public static readonly Problem Closing = new(503, "closing", "The host is shutting down.");

    /// <summary>Why the store refuses, and when it is worth another try.</summary>
    public static Problem Of(StoreUnavailableException unavailable) => unavailable.Reason switch
    {
        StoreUnavailableException.Reasons.Busy => Busy with { RetryAfter = TimeSpan.FromSeconds(1) },
        StoreUnavailableException.Reasons.DiskFull => DiskFull with { RetryAfter = TimeSpan.FromSeconds(10) },
        StoreUnavailableException.Reasons.Stopped => Stopped,
        StoreUnavailableException.Reasons.Closing => Closing with { RetryAfter = TimeSpan.FromSeconds(1) },
        StoreUnavailableException.Reasons.Unreachable => StoreUnreachable with { RetryAfter = TimeSpan.FromSeconds(2) },
        StoreUnavailableException.Reasons.TakenOver => Busy with { RetryAfter = TimeSpan.FromSeconds(1) },
        _ => StoreFailing with { RetryAfter = TimeSpan.FromSeconds(10) },
    };

    public static IReadOnlyList<Problem> All =>
    [
        Invalid, Unauthenticated, Forbidden, NotFound, MethodNotAllowed, InFlight, DeadLetterBlocked, PreconditionFailed, TooLarge, UnsupportedMediaType,
        Misdirected, KeyReused, PreconditionRequired, Internal, Busy, Overloaded, DiskFull, StoreFailing, StoreUnreachable, Stopped, SystemUnavailable, Closing,
    ];
}
