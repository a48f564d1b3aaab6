using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Basin.Kernel.Http;

/// <summary>
/// The version that a request was made for. A handler takes it as a parameter to make the header <c>If-Match</c> (RFC 9110, 13.1.1) required:
/// without it the request is refused with 428.
/// </summary>
/// <param name="Version">Null for <c>*</c>, which means whatever version there is.</param>
public readonly record struct IfMatch(long? Version)
{
    /// <summary>The entity tag of a version.</summary>
    public static string TagOf(long version) => $"\"{version}\"";

    /// <summary>Whether a change may go on; otherwise it is refused with <see cref="KernelProblems.PreconditionFailed"/>.</summary>
    public bool Holds(long version) => Version is not { } expected || expected == version;

    /// <summary>Reads the header; called by the framework for a handler's parameter.</summary>
    public static ValueTask<IfMatch> BindAsync(HttpContext http)
    {
        var header = http.Request.Headers.IfMatch.ToString();
        if (header.Length == 0)
            throw KernelProblems.PreconditionRequired.Refusal();
        if (!EntityTagHeaderValue.TryParse(header, out var tag))
            throw KernelProblems.Invalid.At(HeaderNames.IfMatch, "One entity tag in double quotes is expected, as ETag gave it.").Refusal();
        if (tag.Equals(EntityTagHeaderValue.Any))
            return ValueTask.FromResult(new IfMatch(null));
        // A tag that Basin never made matches no version, and neither does a weak one.
        var known = long.TryParse(tag.Tag.AsSpan().Trim('"'), out var version) && !tag.IsWeak;
        return ValueTask.FromResult(new IfMatch(known ? version : -1));
    }
}
