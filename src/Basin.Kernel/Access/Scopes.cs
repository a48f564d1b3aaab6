using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace Basin.Kernel.Access;

/// <summary>Names of the ways in.</summary>
public static class AccessSchemes
{
    /// <summary><c>Authorization: Bearer</c> with an API key.</summary>
    public const string ApiKey = "Bearer";
}

public static class Scopes
{
    /// <summary>
    /// Lets in callers whose API key has the scope. A cookie never counts, so a page elsewhere cannot make a signed-in browser write.
    /// </summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(
        new AuthorizationPolicyBuilder(AccessSchemes.ApiKey)
            .RequireAssertion(context => Caller.From(context.User)?.May(scope) == true)
            .Build());
}
