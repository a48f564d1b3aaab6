using Basin.Kernel.Http;

namespace Basin.Host.Pages;

/// <summary>What can be done about a problem that says nothing special itself.</summary>
internal static class Remedies
{
    public static string Of(Problem problem) => problem.Remedy ?? problem.Status switch
    {
        400 => "Correct the members named in errors and send the request again.",
        401 => "Send a valid key as Authorization: Bearer, or sign in.",
        402 => "Use another means of payment.",
        403 => "Use a key or an account that has the scope.",
        404 => "Check the address; what was here may be gone, or belongs to somebody else.",
        405 or 415 => "Check the method and the headers in the API's description.",
        409 => "Read its state again and decide anew.",
        412 => "Read it again, and repeat the change with the new ETag.",
        413 => "Send less at once.",
        422 => "Send it again with a new Idempotency-Key.",
        428 => "Read it first, and send its ETag as If-Match.",
        429 or 503 => "Nothing was changed. Send the same request again after the time in Retry-After.",
        >= 500 => "Send the same request again with the same Idempotency-Key; give the trace id to whoever runs this host.",
        _ => "Check the request.",
    };
}
