using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Basin.Kernel.Access;

/// <summary>The ways to say who one is. The path decides which of them counts, so a cookie never speaks for a program's route.</summary>
public static class Schemes
{
    /// <summary>
    /// An API key, for <c>/v1</c>, <c>/stripe</c> and <c>/metrics</c>. A browser never sends one by itself, so no foreign page can write here in
    /// somebody's name.
    /// </summary>
    public const string Bearer = "Bearer";

    /// <summary>An operator's session, for <c>/console</c>.</summary>
    public const string Operator = "operator";

    /// <summary>A customer's session, for everything else.</summary>
    public const string Customer = "customer";

    /// <summary>Whichever of the others the path asks for; the default.</summary>
    internal const string ByPath = "by-path";

    internal static string For(PathString path) =>
        IsApi(path) ? Bearer : IsConsole(path) ? Operator : path.StartsWithSegments(PeerAuthentication.Root) ? PeerAuthentication.Name : Customer;

    internal static string For(AccountKind kind) => kind == AccountKind.Operator ? Operator : Customer;

    /// <summary>Whether a path takes API keys.</summary>
    public static bool IsApi(PathString path) => path.StartsWithSegments("/v1") || path.StartsWithSegments("/metrics") || TakesUserNames(path);

    /// <summary>Where a key may also come as the user name of Basic authentication (RFC 7617), as Stripe's clients send it.</summary>
    internal static bool TakesUserNames(PathString path) => path.StartsWithSegments("/stripe");

    internal static bool IsConsole(PathString path) => path.StartsWithSegments("/console");
}

/// <summary>Finds the scheme that the path asks for at once; a policy scheme that forwards would let every request pass two handlers.</summary>
internal sealed class SchemesByPath(IAuthenticationSchemeProvider schemes) : IAuthenticationHandlerProvider
{
    private readonly AuthenticationHandlerProvider _handlers = new(schemes);

    public Task<IAuthenticationHandler?> GetHandlerAsync(HttpContext context, string authenticationScheme) =>
        _handlers.GetHandlerAsync(context, authenticationScheme == Schemes.ByPath ? Schemes.For(context.Request.Path) : authenticationScheme);
}

/// <summary>Names for <c>RequireAuthorization</c> and <c>[Authorize]</c>.</summary>
public static class Policies
{
    /// <summary>An operator who has signed in. Others are sent to <c>/console/sign-in</c>; what is no page gets 401.</summary>
    public const string Operator = "operator";

    /// <summary>A customer who has signed in. Others are sent to <c>/sign-in</c>; what is no page gets 401.</summary>
    public const string Customer = "customer";

    /// <summary>Another process of the installation.</summary>
    internal const string Peer = "peer";

    /// <summary>Without a word of its own a route for API keys or below <c>/console</c> is closed, and any other open.</summary>
    internal static bool IsOpen(AuthorizationHandlerContext context) =>
        context.Resource is not HttpContext http
        || !(Schemes.IsApi(http.Request.Path) || Schemes.IsConsole(http.Request.Path))
        || Caller.From(context.User) is not null;
}
