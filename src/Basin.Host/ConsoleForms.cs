using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Http;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Basin.Host;

/// <summary>What the buttons of the console do. A repeat finds nothing left to do and changes nothing.</summary>
internal static class ConsoleForms
{
    public static void MapConsole(this IEndpointRouteBuilder routes)
    {
        var letters = routes.MapGroup("/console/dead-letters").ExcludeFromDescription();
        letters.MapPost("/{id}/replay", ReplayLetter);
        letters.MapPost("/{id}/discard", DiscardLetter);
    }

    private static async Task<RedirectHttpResult> ReplayLetter(
        string id, HttpContext http, Caller caller, IAntiforgery antiforgery, OnceRegistry registry, DeadLetters letters)
    {
        await antiforgery.ValidateRequestAsync(http);
        return Back(await letters.ReplayAsync(registry.For(caller, key: null, "replay"), tenant: null, id, http.RequestAborted), "replayed");
    }

    private static async Task<RedirectHttpResult> DiscardLetter(
        string id, HttpContext http, Caller caller, IAntiforgery antiforgery, OnceRegistry registry, DeadLetters letters)
    {
        await antiforgery.ValidateRequestAsync(http);
        return Back(await letters.DiscardAsync(registry.For(caller, key: null, "discard"), tenant: null, id, http.RequestAborted), "discarded");
    }

    private static RedirectHttpResult Back(Answer<Nothing> answer, string done) =>
        TypedResults.LocalRedirect($"/console/dead-letters?result={answer.Problem?.Code ?? done}");
}
