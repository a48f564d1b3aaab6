using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Http;

/// <summary>No text that people mean has a NUL, and PostgreSQL stores none. The server refuses it in paths and headers, the checks refuse it in bodies.</summary>
internal static class NulCharacters
{
    public static Task RefuseInQuery(HttpContext http, RequestDelegate next) =>
        http.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            ? throw KernelProblems.Invalid.With("The query has a NUL character.").Refusal()
            : next(http);
}
