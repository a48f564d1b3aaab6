using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Webhooks;

/// <summary>What the buttons of the console do.</summary>
internal static class WebhooksForms
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var forms = routes.MapGroup("/console/webhooks").RequireAuthorization(Policies.Operator).ExcludeFromDescription();
        forms.MapPost("/endpoints/{id}/enable", EnableAsync);
        forms.MapPost("/endpoints/{id}/disable", DisableAsync);
        forms.MapPost("/endpoints/{id}/test", TestAsync);
        forms.MapPost("/deliveries/{id}/replay", ReplayAsync);
    }

    /// <param name="form">Binding it checks the form's token.</param>
    private static Task<SeeOther> EnableAsync(
        Id<WebhookEndpoint> id, IFormCollection form, Caller caller, WebhooksApi webhooks, CancellationToken cancellation) =>
        SetAsync(webhooks, caller, id, enabled: true, cancellation);

    /// <inheritdoc cref="EnableAsync"/>
    private static Task<SeeOther> DisableAsync(
        Id<WebhookEndpoint> id, IFormCollection form, Caller caller, WebhooksApi webhooks, CancellationToken cancellation) =>
        SetAsync(webhooks, caller, id, enabled: false, cancellation);

    private static async Task<SeeOther> SetAsync(
        WebhooksApi webhooks, Caller caller, Id<WebhookEndpoint> id, bool enabled, CancellationToken cancellation)
    {
        var changed = await webhooks.UpdateAsync(caller.Tenant, id, new WebhookEndpointChange(Enabled: enabled), cancellation);
        return new SeeOther($"/console/webhooks?result={(changed is null ? "gone" : enabled ? "enabled" : "disabled")}");
    }

    /// <inheritdoc cref="EnableAsync"/>
    private static async Task<SeeOther> TestAsync(
        Id<WebhookEndpoint> id, IFormCollection form, Caller caller, OnceRegistry registry, WebhooksApi webhooks, CancellationToken cancellation) =>
        Shown(await webhooks.TestAsync(caller.Tenant, id, registry.For(caller, key: null, "test"), cancellation));

    /// <inheritdoc cref="EnableAsync"/>
    private static async Task<SeeOther> ReplayAsync(
        Id<WebhookDelivery> id, IFormCollection form, Caller caller, OnceRegistry registry, WebhooksApi webhooks, CancellationToken cancellation) =>
        Shown(await webhooks.ReplayAsync(caller.Tenant, id, registry.For(caller, key: null, "replay"), cancellation));

    private static SeeOther Shown(Answer<DeliveryView> answer) => new($"/console/webhooks/deliveries/{answer.Value!.Id}");
}
