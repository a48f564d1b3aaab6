using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Basin.Webhooks;

/// <summary>HTTP of Webhooks.</summary>
internal static class WebhooksEndpoints
{
    private const string Read = "webhooks:read";
    private const string Write = "webhooks:write";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = routes.MapGroup("/v1/webhooks/endpoints").WithTags("Webhooks").WithChecks();
        endpoints.MapPost("/", CreateAsync).RequireScope(Write).Answers(StatusCodes.Status201Created);
        endpoints.MapGet("/", ListAsync).RequireScope(Read);
        endpoints.MapGet("/{id}", FindAsync).RequireScope(Read);
        endpoints.MapPut("/{id}", UpdateAsync).RequireScope(Write);
        endpoints.MapDelete("/{id}", DeleteAsync).RequireScope(Write);
        endpoints.MapGet("/{id}/secret", FindSecretAsync).RequireScope(Write);
        endpoints.MapPost("/{id}/secret-rotations", RollSecretAsync).RequireScope(Write);
        endpoints.MapPost("/{id}/test-messages", TestAsync).RequireScope(Write).Answers(StatusCodes.Status201Created);
        var deliveries = routes.MapGroup("/v1/webhooks/deliveries").WithTags("Webhooks").WithChecks();
        deliveries.MapGet("/", ListDeliveriesAsync).RequireScope(Read);
        deliveries.MapGet("/{id}", FindDeliveryAsync).RequireScope(Read);
        deliveries.MapPost("/{id}/replays", ReplayAsync).RequireScope(Write).Answers(StatusCodes.Status202Accepted);
    }

    /// <summary>Makes an endpoint. The secret is in this answer, and later at its own route.</summary>
    private static Task<Answer<EndpointView>> CreateAsync(
        NewWebhookEndpoint request, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.CreateAsync(caller.Tenant, request, once, cancellation);

    /// <summary>Lists endpoints, the newest first.</summary>
    private static async Task<Ok<Page<EndpointView>>> ListAsync(
        Caller caller, WebhooksApi webhooks, int? limit, string? cursor, CancellationToken cancellation)
    {
        var page = await webhooks.ListAsync(caller.Tenant, Paging.Of(limit, cursor), cancellation);
        return TypedResults.Ok(new Page<EndpointView>([.. page.Items.Select(EndpointView.Of)], page.NextCursor));
    }

    /// <summary>Shows an endpoint.</summary>
    private static async Task<Answer<EndpointView>> FindAsync(
        Id<WebhookEndpoint> id, Caller caller, WebhooksApi webhooks, CancellationToken cancellation) =>
        await webhooks.FindAsync(caller.Tenant, id, cancellation) is { } endpoint ? EndpointView.Of(endpoint) : KernelProblems.NotFound;

    /// <summary>Replaces what an endpoint is made of. One that is disabled loses what it was still to be told.</summary>
    private static Task<Answer<EndpointView>> UpdateAsync(
        Id<WebhookEndpoint> id, ReplaceEndpoint request, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.UpdateAsync(caller.Tenant, id, request, once, cancellation);

    /// <summary>Deletes an endpoint. What it was still to be told is cancelled.</summary>
    private static Task<Answer<Nothing>> DeleteAsync(
        Id<WebhookEndpoint> id, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.DeleteAsync(caller.Tenant, id, once, cancellation);

    /// <summary>Shows the secret that signs now.</summary>
    private static async Task<Answer<SecretView>> FindSecretAsync(
        Id<WebhookEndpoint> id, Caller caller, WebhooksApi webhooks, CancellationToken cancellation) =>
        await webhooks.FindSecretAsync(caller.Tenant, id, cancellation) is { } found
            ? new SecretView(found.Secret, found.FormerUntil)
            : KernelProblems.NotFound;

    /// <summary>Makes a new secret. The one before signs too, for a day.</summary>
    private static Task<Answer<SecretView>> RollSecretAsync(
        Id<WebhookEndpoint> id, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.RollSecretAsync(caller.Tenant, id, once, cancellation);

    /// <summary>Sends a message of the type <c>webhooks.test</c> to one endpoint.</summary>
    private static Task<Answer<DeliveryView>> TestAsync(
        Id<WebhookEndpoint> id, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.TestAsync(caller.Tenant, id, once, cancellation);

    /// <summary>Lists deliveries, the newest first.</summary>
    /// <param name="endpoint">Of this endpoint only.</param>
    /// <param name="state">In this state only.</param>
    private static async Task<Ok<Page<DeliveryView>>> ListDeliveriesAsync(
        Caller caller, WebhooksApi webhooks, Id<WebhookEndpoint>? endpoint, string? state, int? limit, string? cursor,
        CancellationToken cancellation) =>
        TypedResults.Ok(await webhooks.ListDeliveriesAsync(caller.Tenant, endpoint, StateOf(state), Paging.Of(limit, cursor), cancellation));

    /// <summary>Shows a delivery with its payload and its tries.</summary>
    private static async Task<Answer<DeliveryView>> FindDeliveryAsync(
        Id<WebhookDelivery> id, Caller caller, WebhooksApi webhooks, CancellationToken cancellation) =>
        await webhooks.FindDeliveryAsync(caller.Tenant, id, cancellation) is { } delivery ? delivery : KernelProblems.NotFound;

    /// <summary>Sends a delivery again that has ended, or one that would be tried later, now.</summary>
    private static Task<Answer<DeliveryView>> ReplayAsync(
        Id<WebhookDelivery> id, Caller caller, Once once, WebhooksApi webhooks, CancellationToken cancellation) =>
        webhooks.ReplayAsync(caller.Tenant, id, once, cancellation);

    private static WebhookDeliveryState? StateOf(string? name) =>
        name is null ? null
        : WebhookWords.StateOf(name) is { } state ? state
        : throw KernelProblems.Invalid.At("state", $"One of {string.Join(", ", WebhookWords.States)} is expected.").Refusal();
}

/// <summary>What an endpoint is made of, all of it: what is left out is taken away.</summary>
/// <param name="Enabled">Whether it gets messages from now on; left out, that stays as it is.</param>
/// <inheritdoc cref="NewWebhookEndpoint"/>
internal sealed record ReplaceEndpoint(
    string Url,
    IReadOnlyList<string> EnabledTypes,
    string? Description = null,
    bool? Enabled = null,
    string? ApiVersion = null,
    IReadOnlyDictionary<string, string>? Metadata = null) : IChecked
{
    public void Check(Checks checks) => ToChange().Check(checks);

    public WebhookEndpointChange ToChange() =>
        new(Url, EnabledTypes, Description ?? "", Enabled, ApiVersion ?? "", Metadata ?? new Dictionary<string, string>());
}

/// <param name="Enabled">Whether it gets messages.</param>
/// <param name="Secret">In the first answer to its creation only.</param>
/// <inheritdoc cref="WebhookEndpoint"/>
internal sealed record EndpointView(
    Id<WebhookEndpoint> Id,
    string Url,
    string? Description,
    IReadOnlyList<string> EnabledTypes,
    bool Enabled,
    WebhookDisabledReason? DisabledReason,
    DateTimeOffset StatusSince,
    string? ApiVersion,
    IReadOnlyDictionary<string, string> Metadata,
    DateTimeOffset CreatedAt,
    DateTimeOffset? LastSuccessAt,
    DateTimeOffset? FailingSince,
    string? Secret = null)
{
    public static EndpointView Of(WebhookEndpoint endpoint) => new(
        endpoint.Id, endpoint.Url, endpoint.Description, endpoint.EnabledTypes, endpoint.Enabled, endpoint.DisabledReason, endpoint.StatusSince,
        endpoint.ApiVersion, endpoint.Metadata, endpoint.CreatedAt, endpoint.LastSuccessAt, endpoint.FailingSince);
}

/// <param name="Secret">Not shown again to a repeat of the same rotation.</param>
/// <inheritdoc cref="WebhookSecret"/>
internal sealed record SecretView(string? Secret, DateTimeOffset? FormerUntil);

/// <param name="MessageId">As receivers see it.</param>
/// <param name="Type">Of the message.</param>
/// <param name="At">When what it tells has happened.</param>
/// <param name="Attempts">How many tries there were.</param>
/// <param name="NextAttemptAt">When the next try is due, while it is retrying.</param>
/// <param name="Payload">As it is sent; only where one delivery is asked for.</param>
/// <param name="Tries">The oldest first; only where one delivery is asked for.</param>
internal sealed record DeliveryView(
    Id<WebhookDelivery> Id,
    Id<WebhookEndpoint> Endpoint,
    string MessageId,
    string Type,
    string ObjectKey,
    DateTimeOffset At,
    WebhookDeliveryState State,
    int Attempts,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset CreatedAt,
    DateTimeOffset? EndedAt,
    string? Payload,
    IReadOnlyList<WebhookAttempt>? Tries)
{
    public static DeliveryView Of(ToldDelivery told, string? payload = null, IReadOnlyList<WebhookAttempt>? tries = null)
    {
        var delivery = told.Delivery;
        return new DeliveryView(
            delivery.Id, delivery.Endpoint, told.MessageId, told.MessageType, delivery.ObjectKey, told.At, delivery.State, delivery.Attempts,
            delivery.NextAt, delivery.CreatedAt, delivery.EndedAt, payload, tries);
    }
}
