using System.Text.RegularExpressions;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Basin.Kernel.Access;

internal static class AccessEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/v1/keys").WithTags("Access").WithChecks();
        keys.MapPost("/", CreateKey).RequireScope("keys:write").Answers(StatusCodes.Status201Created);
        keys.MapGet("/", ListKeys).RequireScope("keys:read");
        keys.MapGet("/{id}", FindKey).RequireScope("keys:read");
        keys.MapDelete("/{id}", RevokeKey).RequireScope("keys:write");

        var tenants = routes.MapGroup("/v1/tenants").WithTags("Access").WithChecks();
        tenants.MapPost("/", CreateTenant).RequireScope("tenants:write").Answers(StatusCodes.Status201Created);
        tenants.MapGet("/", ListTenants).RequireScope("tenants:read");
        tenants.MapGet("/{id}", FindTenant).RequireScope("tenants:read");
    }

    /// <summary>Makes an API key. The answer shows it, once: Basin keeps only a hash.</summary>
    private static Task<Answer<KeyView>> CreateKey(NewKey request, Caller caller, Once once, AccessApi access, CancellationToken cancellation) =>
        access.CreateKeyAsync(caller, request, once, cancellation);

    /// <summary>Lists the tenant's keys, the newest first, never their secrets.</summary>
    private static async Task<Answer<Page<KeyView>>> ListKeys(
        Caller caller, AccessApi access, CancellationToken cancellation, int? limit = null, string? cursor = null) =>
        await access.ListKeysAsync(caller, Paging.Of(limit, cursor), cancellation);

    /// <summary>Shows a key, never its secret.</summary>
    private static async Task<Answer<KeyView>> FindKey(Id<ApiKey> id, Caller caller, AccessApi access, CancellationToken cancellation) =>
        await access.FindKeyAsync(caller, id, cancellation);

    /// <summary>Revokes a key, at once and for ever.</summary>
    private static Task<Answer<Nothing>> RevokeKey(Id<ApiKey> id, Caller caller, Once once, AccessApi access, CancellationToken cancellation) =>
        access.RevokeKeyAsync(caller, id, once, cancellation);

    /// <summary>Makes a tenant. Its first key is made by <c>POST /v1/keys</c> with the member <c>tenant</c>.</summary>
    private static Task<Answer<TenantView>> CreateTenant(
        NewTenant request, Caller caller, Once once, AccessApi access, CancellationToken cancellation) =>
        access.CreateTenantAsync(caller, request, once, cancellation);

    /// <summary>Lists all tenants, the oldest first.</summary>
    private static async Task<Answer<Page<TenantView>>> ListTenants(
        Caller caller, AccessApi access, CancellationToken cancellation, int? limit = null, string? cursor = null) =>
        await access.ListTenantsAsync(caller, Paging.Of(limit, cursor), cancellation);

    /// <summary>Shows a tenant.</summary>
    private static async Task<Answer<TenantView>> FindTenant(Id<Tenant> id, Caller caller, AccessApi access, CancellationToken cancellation) =>
        await access.FindTenantAsync(caller, id, cancellation);
}

/// <param name="Name">What people call it, 1 to 100 characters.</param>
/// <param name="Scopes">What it may do: 1 to 50 scopes that the caller has too.</param>
/// <param name="ExpiresAt">When it ends by itself; null for never.</param>
/// <param name="Tenant">Another tenant than the caller's; only for operators.</param>
public sealed record NewKey(string Name, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt = null, Id<Tenant>? Tenant = null) : IChecked
{
    private const int MaxScopes = 50;

    public void Check(Checks checks)
    {
        checks.Text(Name, "name", 100);
        checks.That(Scopes is { Count: >= 1 and <= MaxScopes }, "scopes", $"1 to {MaxScopes} scopes are expected.");
        for (var i = 0; i < Math.Min(Scopes?.Count ?? 0, MaxScopes); i++)
            checks.That(Access.Scopes.IsScope(Scopes![i]), $"scopes[{i}]", "A scope such as orders:write is expected.");
    }
}

/// <param name="LastUsedAt">To the minute or so.</param>
/// <param name="Key">The key itself, in the first answer to its creation only.</param>
public sealed record KeyView(
    Id<ApiKey> Id,
    Id<Tenant> Tenant,
    string Name,
    IReadOnlyList<string> Scopes,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    string? Key = null);

/// <param name="Slug">Lower-case letters, digits and hyphens, 2 to 40, beginning with a letter; unique.</param>
/// <param name="Name">What people call it, 1 to 100 characters.</param>
public sealed partial record NewTenant(string Slug, string Name) : IChecked
{
    public void Check(Checks checks)
    {
        checks.That(
            Slug is not null && SlugShape().IsMatch(Slug), "slug", "2 to 40 lower-case letters, digits and hyphens are expected, beginning with a letter.");
        checks.Text(Name, "name", 100);
    }

    [GeneratedRegex(@"^[a-z][a-z0-9-]{1,39}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex SlugShape();
}

public sealed record TenantView(Id<Tenant> Id, string Slug, string Name, DateTimeOffset CreatedAt);
