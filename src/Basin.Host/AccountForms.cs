using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Basin.Host;

/// <summary>Buttons that have no page of their own. A form as parameter makes the framework ask for its token.</summary>
internal static class AccountForms
{
    public static void MapAccountForms(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/sign-out", SignOut).ExcludeFromDescription();
        routes.MapPost("/console/sign-out", SignOutOfConsole).ExcludeFromDescription();
        routes.MapPost("/console/keys/{id}/revoke", RevokeKey).RequireAuthorization(Policies.Operator).ExcludeFromDescription();
    }

    private static async Task<RedirectHttpResult> SignOut(HttpContext http, IFormCollection form)
    {
        await Accounts.SignOutAsync(http, AccountKind.Customer);
        return TypedResults.LocalRedirect("/");
    }

    private static async Task<RedirectHttpResult> SignOutOfConsole(HttpContext http, IFormCollection form)
    {
        await Accounts.SignOutAsync(http, AccountKind.Operator);
        return TypedResults.LocalRedirect("/console/sign-in");
    }

    private static async Task<RedirectHttpResult> RevokeKey(
        Id<ApiKey> id, HttpContext http, IFormCollection form, Caller caller, OnceRegistry registry, AccessApi access)
    {
        // A key that is gone already is what the button asks for.
        await access.RevokeKeyAsync(caller, id, registry.For(caller, key: null, "revoke a key in the console"), http.RequestAborted);
        return TypedResults.LocalRedirect("/console/keys");
    }
}
