using System.Text.Json;
using Basin.Webhooks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/webhook_endpoints. Webhooks keeps them; here they are called as Stripe does.</summary>
internal static class WebhookEndpointRoutes
{
    private const string Read = "webhooks:read";
    private const string Write = "webhooks:write";
    private const string Noun = "webhook endpoint";
    private const string All = "*";

    public static void Map(RouteGroupBuilder stripe)
    {
        var endpoints = stripe.MapGroup("/webhook_endpoints");
        endpoints.MapPost("/", CreateAsync).RequireScope(Write);
        endpoints.MapGet("/", ListAsync).RequireScope(Read);
        endpoints.MapGet("/{id}", FindAsync).RequireScope(Read);
        endpoints.MapPost("/{id}", UpdateAsync).RequireScope(Write);
        endpoints.MapDelete("/{id}", DeleteAsync).RequireScope(Write);
    }

    private static async Task<StripeAnswer> CreateAsync(
        StripeRequest request, IWebhooks webhooks, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        var form = request.Form;
        var asked = new NewWebhookEndpoint(
            form.Text("url", 2048), ReadEvents(form), form.TextChange("description").Value, form.TextOrNull("api_version"),
            form.Metadata().ApplyTo());
        form.Pass("connect");
        form.RefuseOthers();
        if (asked.EnabledTypes.Count == 0)
            throw StripeErrors.Missing("enabled_events").Refusal();
        var answer = await request.WriteAsync(
            store,
            request.ShardFor(store),
            // By this a repeat finds the endpoint again that was made before a crash.
            _ => ValueTask.FromResult($"stripe {SecretToken.New()}"),
            async (key, cancelled) => Show((await AskAsync(() => webhooks.CreateAsync(request.Tenant, asked, key, cancelled))).Endpoint),
            cancellation);
        return answer.Status == StatusCodes.Status200OK ? await WithSecretAsync(answer, request.Tenant, webhooks, cancellation) : answer;
    }

    private static async Task<StripeAnswer> FindAsync(string id, StripeRequest request, IWebhooks webhooks, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        return Show(await LookUpAsync(webhooks, request.Tenant, id, cancellation));
    }

    private static async Task<StripeAnswer> ListAsync(StripeRequest request, IWebhooks webhooks, CancellationToken cancellation)
    {
        var window = request.Form.Window<WebhookEndpoint>("webhook_endpoint");
        request.Form.RefuseOthers();
        if (window.Cursor is { } cursor && await webhooks.FindAsync(request.Tenant, cursor, cancellation) is null)
            throw window.NoSuchCursor.Refusal();
        // A tenant has fewer of them than one page can hold.
        var all = await webhooks.ListAsync(request.Tenant, new Paging(Paging.MaxLimit, null), cancellation);
        var shown = all.Items.Where(endpoint => endpoint.Id.Value >= window.From && endpoint.Id.Value < window.Before);
        return StripeAnswer.Ok(
            window.PageOf(shown, endpoint => endpoint.Id, WebhookEndpointShape.Of, "/v1/webhook_endpoints"),
            StripeJson.Default.StripeListWebhookEndpointShape);
    }

    private static async Task<StripeAnswer> UpdateAsync(
        string id, StripeRequest request, IWebhooks webhooks, [FromKeyedServices(PaymentsSystem.Name)] Store store, CancellationToken cancellation)
    {
        var form = request.Form;
        var description = form.TextChange("description");
        var (url, events, metadata) = (form.TextOrNull("url", 2048), ReadEvents(form), form.Metadata());
        var disabled = form.BooleanOrNull("disabled");
        form.RefuseOthers();
        return await request.WriteAsync(
            store,
            ShardKey.Of(id),
            _ => ValueTask.FromResult(id),
            async (_, cancelled) =>
            {
                var before = await LookUpAsync(webhooks, request.Tenant, id, cancelled);
                var change = new WebhookEndpointChange(
                    url,
                    events.Count > 0 ? events : null,
                    description.IsGiven ? description.Value ?? "" : null,
                    !disabled,
                    Metadata: metadata.IsGiven ? metadata.ApplyTo(before.Metadata) : null);
                return Show(await AskAsync(() => webhooks.UpdateAsync(request.Tenant, before.Id, change, cancelled)) ?? throw NoSuch(id));
            },
            cancellation);
    }

    private static async Task<StripeAnswer> DeleteAsync(string id, StripeRequest request, IWebhooks webhooks, CancellationToken cancellation)
    {
        request.Form.RefuseOthers();
        var deleted = Id<WebhookEndpoint>.TryParse(id, null, out var known) && await webhooks.DeleteAsync(request.Tenant, known, cancellation);
        return deleted ? StripeAnswer.Ok(new DeletedShape(id, "webhook_endpoint"), StripeJson.Default.DeletedShape) : throw NoSuch(id);
    }

    /// <summary>The secret is added after the answer was kept, so that it is kept nowhere in the open.</summary>
    private static async Task<StripeAnswer> WithSecretAsync(
        StripeAnswer answer, Id<Tenant> tenant, IWebhooks webhooks, CancellationToken cancellation)
    {
        var made = JsonSerializer.Deserialize(answer.Body.Span, StripeJson.Default.WebhookEndpointShape)!;
        var secret = await webhooks.FindSecretAsync(tenant, Id<WebhookEndpoint>.Parse(made.Id, null), cancellation);
        return answer.Telling(made with { Secret = secret?.Secret }, StripeJson.Default.WebhookEndpointShape);
    }

    /// <summary>Types as Stripe names them, whether Basin ever tells of them or not; empty when nothing is said.</summary>
    private static IReadOnlyList<string> ReadEvents(StripeForm form)
    {
        var events = form.Texts("enabled_events");
        foreach (var (i, type) in events.Index())
        {
            if (type != All && type.EndsWith(All, StringComparison.Ordinal))
            {
                throw StripeErrors.Invalid(
                    $"enabled_events[{i}]", "Invalid enabled_events: the name of an event is expected, or * alone for every event.").Refusal();
            }
        }
        return events;
    }

    private static async Task<WebhookEndpoint> LookUpAsync(IWebhooks webhooks, Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        Id<WebhookEndpoint>.TryParse(id, null, out var known) && await webhooks.FindAsync(tenant, known, cancellation) is { } found
            ? found
            : throw NoSuch(id);

    /// <summary>A refusal names what is wrong as Stripe calls it.</summary>
    private static async Task<T> AskAsync<T>(Func<ValueTask<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (ProblemException refusal) when (refusal.Problem.Errors is { Count: > 0 } errors)
        {
            var (member, sentences) = errors.First();
            throw StripeErrors.Invalid(ParamOf(member), string.Join(' ', sentences)).Refusal();
        }
    }

    private static string ParamOf(string member) => member switch
    {
        "apiVersion" => "api_version",
        _ when member.StartsWith("enabledTypes", StringComparison.Ordinal) => $"enabled_events{member["enabledTypes".Length..]}",
        _ when member.StartsWith("metadata.", StringComparison.Ordinal) => $"metadata[{member["metadata.".Length..]}]",
        _ => member,
    };

    private static StripeAnswer Show(WebhookEndpoint endpoint) =>
        StripeAnswer.Ok(WebhookEndpointShape.Of(endpoint), StripeJson.Default.WebhookEndpointShape);

    private static ProblemException NoSuch(string id) => StripeErrors.NoSuch(Noun, id).Refusal();
}
