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
        var letters = routes.MapGroup("/console/dead-letters").RequireAuthorization(Policies.Operator).ExcludeFromDescription();
        letters.AddEndpointFilter(CheckForm);
        letters.MapPost("/{id}/replay", ReplayLetter);
        letters.MapPost("/{id}/discard", DiscardLetter);
    }

    private static async Task<RedirectHttpResult> ReplayLetter(
        string id, Caller caller, OnceRegistry registry, DeadLetters letters, CancellationToken cancellation) =>
        Back(await letters.ReplayAsync(registry.For(caller, key: null, "replay"), tenant: null, id, cancellation), "replayed");

    private static async Task<RedirectHttpResult> DiscardLetter(
        string id, Caller caller, OnceRegistry registry, DeadLetters letters, CancellationToken cancellation) =>
        Back(await letters.DiscardAsync(registry.For(caller, key: null, "discard"), tenant: null, id, cancellation), "discarded");

    private static RedirectHttpResult Back(Answer<Nothing> answer, string done) =>
        TypedResults.LocalRedirect($"/console/dead-letters?result={answer.Problem?.Code ?? done}");

    /// <summary>Only a form that this host has made for this operator counts.</summary>
    private static async ValueTask<object?> CheckForm(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        return await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http)
            ? await next(context)
            : throw KernelProblems.Invalid.With("The form has expired. Go back, load the page again and repeat.").Refusal();
    }
}
