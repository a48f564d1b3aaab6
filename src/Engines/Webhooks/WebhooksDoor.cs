using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Webhooks;

/// <summary>What other systems ask of Webhooks, wherever it runs. What they have to tell, they publish as <see cref="WebhookMessage"/>.</summary>
/// <remarks>
/// Refusals: <c>invalid_request</c> with the member that is wrong, <c>webhook_endpoints_too_many</c>, <c>webhook_secrets_too_many</c>, and
/// <c>system_unavailable</c> when Webhooks runs elsewhere and does not answer.
/// </remarks>
public interface IWebhooks
{
    /// <summary>Makes an endpoint, enabled.</summary>
    /// <param name="requestKey">
    /// Up to 300 characters; as long as the endpoint is there, the same key finds it again. Null makes one in any case.
    /// </param>
    /// <exception cref="ProblemException"/>
    ValueTask<WebhookEndpointWithSecret> CreateAsync(
        Id<Tenant> tenant, NewWebhookEndpoint endpoint, string? requestKey, CancellationToken cancellation);

    /// <returns>Null when there is none.</returns>
    /// <exception cref="ProblemException"/>
    ValueTask<WebhookEndpoint?> FindAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation);

    /// <summary>The newest first.</summary>
    /// <param name="paging">Its position is the number of the last endpoint before: <c>new Paging(limit, id.Value.ToString())</c>.</param>
    /// <exception cref="ProblemException"/>
    ValueTask<Page<WebhookEndpoint>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation);

    /// <summary>Changes what the change names. An endpoint that is disabled loses what it was still to be told.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="ProblemException"/>
    ValueTask<WebhookEndpoint?> UpdateAsync(
        Id<Tenant> tenant, Id<WebhookEndpoint> id, WebhookEndpointChange change, CancellationToken cancellation);

    /// <returns>False when there is none.</returns>
    /// <exception cref="ProblemException"/>
    ValueTask<bool> DeleteAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation);

    /// <summary>The secret that signs now.</summary>
    /// <returns>Null when there is no such endpoint.</returns>
    /// <exception cref="ProblemException"/>
    ValueTask<WebhookSecret?> FindSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation);

    /// <summary>Makes a new secret. The one before signs too, until the time that the answer names.</summary>
    /// <returns>Null when there is no such endpoint.</returns>
    /// <exception cref="ProblemException"/>
    ValueTask<WebhookSecret?> RollSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation);
}

/// <param name="Secret">Such as <c>whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw</c>.</param>
public sealed record WebhookEndpointWithSecret(WebhookEndpoint Endpoint, string Secret);

/// <param name="Secret"><c>whsec_</c> and 32 bytes in base 64. Stripe's scheme takes the text as the key, Standard Webhooks the bytes.</param>
/// <param name="FormerUntil">How long the secret before it signs too; null when there is none that does.</param>
public sealed record WebhookSecret(string Secret, DateTimeOffset? FormerUntil);

/// <summary>Asks for an endpoint.</summary>
/// <param name="Url">Where it is: <c>https</c>, at most 2048 characters, without user and password.</param>
/// <param name="EnabledTypes">1 to 100 types: whole ones, the beginning of some such as <c>payment_intent.*</c>, or <c>*</c> for all.</param>
/// <param name="Description">Up to 500 characters.</param>
/// <param name="ApiVersion">What those who publish make of it is theirs; up to 100 characters.</param>
/// <param name="Metadata">Up to 50 texts of up to 500 characters, with names of up to 40.</param>
public sealed record NewWebhookEndpoint(
    string Url,
    IReadOnlyList<string> EnabledTypes,
    string? Description = null,
    string? ApiVersion = null,
    IReadOnlyDictionary<string, string>? Metadata = null) : IChecked
{
    public void Check(Checks checks)
    {
        checks.WebhookUrl(Url, "url");
        checks.WebhookTypes(EnabledTypes, "enabledTypes");
        if (Description is not null)
            checks.Text(Description, "description", WebhookChecks.MaxDescription, minimum: 0);
        if (ApiVersion is not null)
            checks.Text(ApiVersion, "apiVersion", WebhookChecks.MaxApiVersion, minimum: 0);
        if (Metadata is not null)
            checks.WebhookMetadata(Metadata, "metadata");
    }
}

/// <summary>Changes an endpoint. What is null stays as it is; an empty text or an empty map takes away what was there.</summary>
/// <param name="Enabled">Whether it gets messages from now on.</param>
/// <inheritdoc cref="NewWebhookEndpoint"/>
public sealed record WebhookEndpointChange(
    string? Url = null,
    IReadOnlyList<string>? EnabledTypes = null,
    string? Description = null,
    bool? Enabled = null,
    string? ApiVersion = null,
    IReadOnlyDictionary<string, string>? Metadata = null) : IChecked
{
    public void Check(Checks checks)
    {
        if (Url is not null)
            checks.WebhookUrl(Url, "url");
        if (EnabledTypes is not null)
            checks.WebhookTypes(EnabledTypes, "enabledTypes");
        if (Description is not null)
            checks.Text(Description, "description", WebhookChecks.MaxDescription, minimum: 0);
        if (ApiVersion is not null)
            checks.Text(ApiVersion, "apiVersion", WebhookChecks.MaxApiVersion, minimum: 0);
        if (Metadata is not null)
            checks.WebhookMetadata(Metadata, "metadata");
    }
}

internal sealed record CreateQuestion(Id<Tenant> Tenant, NewWebhookEndpoint Endpoint, string? RequestKey);

internal sealed record EndpointQuestion(Id<Tenant> Tenant, Id<WebhookEndpoint> Endpoint);

internal sealed record ListQuestion(Id<Tenant> Tenant, int Limit, string? After);

internal sealed record ChangeQuestion(Id<Tenant> Tenant, Id<WebhookEndpoint> Endpoint, WebhookEndpointChange Change);

internal static class WebhooksCalls
{
    public static readonly Call<CreateQuestion, WebhookEndpointWithSecret> Create = new(WebhooksSystem.Name, "create-endpoint", MayRepeat: true);
    public static readonly Call<EndpointQuestion, WebhookEndpoint?> Find = new(WebhooksSystem.Name, "find-endpoint", MayRepeat: true);
    public static readonly Call<ListQuestion, Page<WebhookEndpoint>> List = new(WebhooksSystem.Name, "list-endpoints", MayRepeat: true);
    public static readonly Call<ChangeQuestion, WebhookEndpoint?> Update = new(WebhooksSystem.Name, "update-endpoint", MayRepeat: true);

    /// <summary>A repeat would say that there is none.</summary>
    public static readonly Call<EndpointQuestion, bool> Delete = new(WebhooksSystem.Name, "delete-endpoint", MayRepeat: false);
    public static readonly Call<EndpointQuestion, WebhookSecret?> FindSecret = new(WebhooksSystem.Name, "find-secret", MayRepeat: true);
    public static readonly Call<EndpointQuestion, WebhookSecret?> RollSecret = new(WebhooksSystem.Name, "roll-secret", MayRepeat: false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapCall<WebhooksApi, CreateQuestion, WebhookEndpointWithSecret>(
            Create, (webhooks, asked, cancellation) => webhooks.CreateAsync(asked.Tenant, asked.Endpoint, asked.RequestKey, cancellation));
        routes.MapCall<WebhooksApi, EndpointQuestion, WebhookEndpoint?>(
            Find, (webhooks, asked, cancellation) => webhooks.FindAsync(asked.Tenant, asked.Endpoint, cancellation));
        routes.MapCall<WebhooksApi, ListQuestion, Page<WebhookEndpoint>>(
            List, (webhooks, asked, cancellation) => webhooks.ListAsync(asked.Tenant, new Paging(asked.Limit, asked.After), cancellation));
        routes.MapCall<WebhooksApi, ChangeQuestion, WebhookEndpoint?>(
            Update, (webhooks, asked, cancellation) => webhooks.UpdateAsync(asked.Tenant, asked.Endpoint, asked.Change, cancellation));
        routes.MapCall<WebhooksApi, EndpointQuestion, bool>(
            Delete, (webhooks, asked, cancellation) => webhooks.DeleteAsync(asked.Tenant, asked.Endpoint, cancellation));
        routes.MapCall<WebhooksApi, EndpointQuestion, WebhookSecret?>(
            FindSecret, (webhooks, asked, cancellation) => webhooks.FindSecretAsync(asked.Tenant, asked.Endpoint, cancellation));
        routes.MapCall<WebhooksApi, EndpointQuestion, WebhookSecret?>(
            RollSecret, (webhooks, asked, cancellation) => webhooks.RollSecretAsync(asked.Tenant, asked.Endpoint, cancellation));
    }
}

internal sealed class RemoteWebhooks(Peers peers) : IWebhooks
{
    /// <summary>A key in any case: what is asked again, because an answer was lost, makes no second endpoint.</summary>
    public ValueTask<WebhookEndpointWithSecret> CreateAsync(
        Id<Tenant> tenant, NewWebhookEndpoint endpoint, string? requestKey, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.Create, new CreateQuestion(tenant, endpoint, requestKey ?? SecretToken.New()), cancellation);

    public ValueTask<WebhookEndpoint?> FindAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.Find, new EndpointQuestion(tenant, id), cancellation);

    public ValueTask<Page<WebhookEndpoint>> ListAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.List, new ListQuestion(tenant, paging.Limit, paging.After), cancellation);

    public ValueTask<WebhookEndpoint?> UpdateAsync(
        Id<Tenant> tenant, Id<WebhookEndpoint> id, WebhookEndpointChange change, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.Update, new ChangeQuestion(tenant, id, change), cancellation);

    public ValueTask<bool> DeleteAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.Delete, new EndpointQuestion(tenant, id), cancellation);

    public ValueTask<WebhookSecret?> FindSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.FindSecret, new EndpointQuestion(tenant, id), cancellation);

    public ValueTask<WebhookSecret?> RollSecretAsync(Id<Tenant> tenant, Id<WebhookEndpoint> id, CancellationToken cancellation) =>
        peers.AskAsync(WebhooksCalls.RollSecret, new EndpointQuestion(tenant, id), cancellation);
}
