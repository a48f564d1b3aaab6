using Basin.Kernel.Access;
using Basin.Kernel.Http;
using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Basin.Kernel.Events;

/// <summary>Events and dead letters of the caller's tenant.</summary>
internal static class EventsEndpoints
{
    private const string Batch = "application/cloudevents-batch+json";

    public static void MapEvents(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/events", ListEvents)
            .Produces<IReadOnlyList<CloudEvent>>(StatusCodes.Status200OK, Batch)
            .WithTags("Events")
            .RequireScope("events:read")
            .ServeAs(RequestClass.Background);
        var letters = routes.MapGroup("/v1/dead-letters").WithTags("Dead letters");
        letters.MapGet("/", ListDeadLetters).RequireScope("dead-letters:read");
        letters.MapPost("/{id}/replay", ReplayDeadLetter).RequireScope("dead-letters:write");
        letters.MapPost("/{id}/discard", DiscardDeadLetter).RequireScope("dead-letters:write");
    }

    /// <summary>Lists the newest events as a batch of CloudEvents. The next page is in the <c>Link</c> header.</summary>
    /// <param name="system">Who published them, such as <c>orders</c>.</param>
    /// <param name="type">The whole name of their type.</param>
    /// <param name="subject">The id of what they are about.</param>
    /// <param name="limit">1 to 200; 50 by default.</param>
    /// <param name="cursor">From the <c>Link</c> header of the page before.</param>
    private static async Task<JsonHttpResult<IReadOnlyList<CloudEvent>>> ListEvents(
        string? system, string? type, string? subject, int? limit, string? cursor, Caller caller, EventFeed feed, HttpContext http,
        CancellationToken cancellation)
    {
        var page = await feed.ListAsync(caller.Tenant, new EventFilter(system, type, subject), limit, cursor, cancellation);
        if (page.NextCursor is not null)
        {
            var query = QueryString.Create(
                http.Request.Query.Where(pair => pair.Key != "cursor").Append(new("cursor", page.NextCursor)));
            http.Response.Headers.Link = $"</v1/events{query}>; rel=\"next\"";
        }
        return TypedResults.Json(page.Items, contentType: Batch);
    }

    /// <summary>Lists events that were set aside and jobs that were given up.</summary>
    private static async Task<Ok<Page<DeadLetter>>> ListDeadLetters(
        int? limit, string? cursor, Caller caller, DeadLetters letters, CancellationToken cancellation) =>
        TypedResults.Ok(await letters.ListAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation));

    /// <summary>Tries a dead letter again, now.</summary>
    private static Task<Answer<Nothing>> ReplayDeadLetter(
        string id, Caller caller, Once once, DeadLetters letters, CancellationToken cancellation) =>
        letters.ReplayAsync(once, caller.Tenant, id, cancellation);

    /// <summary>Deletes a dead letter; what waited behind it goes on.</summary>
    private static Task<Answer<Nothing>> DiscardDeadLetter(
        string id, Caller caller, Once once, DeadLetters letters, CancellationToken cancellation) =>
        letters.DiscardAsync(once, caller.Tenant, id, cancellation);
}
