using System.Security.Claims;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Access;

/// <summary>Who asks, and for which tenant. A handler takes it as a parameter; there is none without authentication.</summary>
/// <param name="Tenant">The only tenant whose rows the caller sees.</param>
/// <param name="Subject">Stable and unique in the tenant: the id of the key or the account.</param>
/// <param name="Scopes">What it may do, such as <c>orders:write</c>; <c>*</c> allows everything.</param>
public sealed record Caller(Id<Tenant> Tenant, string Subject, IReadOnlySet<string> Scopes)
{
    public bool May(string scope) => Scopes.Contains(scope) || Scopes.Contains("*");

    /// <summary>The caller of a request; called by the framework for a handler's parameter.</summary>
    public static ValueTask<Caller> BindAsync(HttpContext http) =>
        ValueTask.FromResult(From(http.User) ?? throw KernelProblems.Unauthenticated.Refusal());

    public static Caller? From(ClaimsPrincipal principal)
    {
        foreach (var identity in principal.Identities)
        {
            if (identity is CallerIdentity known)
                return known.Caller;
        }
        return null;
    }
}

/// <summary>An authenticated identity that knows its caller, so that no claim is parsed again for each request.</summary>
/// <param name="caller">Who asks.</param>
/// <param name="scheme">How it was authenticated.</param>
public sealed class CallerIdentity(Caller caller, string scheme)
    : ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.Subject)], scheme)
{
    public Caller Caller => caller;
}
