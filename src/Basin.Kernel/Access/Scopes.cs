using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Basin.Kernel.Access;

/// <summary>What a caller may do: <c>orders:write</c>, or <c>*</c> for everything.</summary>
public static partial class Scopes
{
    public const string All = "*";

    public static bool IsScope(string? text) => text is { Length: <= 60 } && (text == All || Shape().IsMatch(text));

    /// <summary>
    /// Lets in callers whose API key has the scope: 401 without a valid key, 403 without the scope. A cookie never counts, so a page elsewhere cannot
    /// make a signed-in browser write.
    /// </summary>
    /// <param name="scope">Such as <c>orders:write</c>. Several add up.</param>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder
    {
        if (!IsScope(scope))
            throw new ArgumentException($"'{scope}' is not a scope.", nameof(scope));
        // The path has chosen the scheme already; a policy that named it would authenticate every request twice.
        builder.Add(RefuseWhereCookiesCount);
        var policy = new AuthorizationPolicyBuilder().RequireAssertion(context => Caller.From(context.User)?.May(scope) == true).Build();
        return builder.WithMetadata(new RequiredScope(scope)).RequireAuthorization(policy);
    }

    private static void RefuseWhereCookiesCount(EndpointBuilder endpoint)
    {
        if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: { } path } && Schemes.For($"/{path.TrimStart('/')}") != Schemes.Bearer)
            throw new InvalidOperationException($"A scope guards routes that take API keys, such as those below /v1; '{path}' takes cookies.");
    }

    [GeneratedRegex(@"^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex Shape();
}

/// <summary>What a route asks of its caller.</summary>
public sealed record RequiredScope(string Scope);
