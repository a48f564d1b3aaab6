using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Access;

/// <summary>Keys and tenants, for routes and for the console. What people do with their accounts is in <see cref="Accounts"/>.</summary>
public sealed class AccessApi(
    [FromKeyedServices(AccessSystem.Name)] Store store, KeyRing ring, Tenants tenants, AccessOptions options, TimeProvider time, ILogger<AccessApi> log)
{
    /// <summary>Makes a key. The answer to a repeat of the same request does not show it again.</summary>
    public async Task<Answer<KeyView>> CreateKeyAsync(Caller caller, NewKey request, Once once, CancellationToken cancellation)
    {
        if (!request.Scopes.All(caller.May))
            return AccessProblems.ScopeNotHeld.At("scopes", $"Only these can be granted: {string.Join(' ', caller.Scopes)}.");
        if (request.ExpiresAt <= time.GetUtcNow())
            return KernelProblems.Invalid.At("expiresAt", "A time in the future is expected.");
        if (request.Tenant is not null && request.Tenant != caller.Tenant && !MayManageTenants(caller, "tenants:write"))
            return AccessProblems.OperatorsOnly.At("tenant", "Leave it out to make a key of your own tenant.");
        var secret = SecretToken.New();
        var answer = await once.WriteAsync(
            store, ShardKey.First, request, tx => InsertKeyAsync(tx, request.Tenant ?? caller.Tenant, request, secret), cancellation);
        // The secret is added after the first answer was kept, so that it is kept nowhere.
        if (answer.Value is not { } view || answer.Replayed is not null)
            return answer;
        AccessLog.KeyMade(log, view.Id, caller.Subject);
        return Answer.Created(answer.Location!, view with { Key = ApiKeyText.Of(view.Id, secret) });
    }

    public async ValueTask<Page<KeyView>> ListKeysAsync(Caller caller, Paging paging, CancellationToken cancellation)
    {
        var keys = await store.ReadAsync(
            ShardKey.First, snapshot => AccessStore.ListKeysAsync(snapshot, caller.Tenant, paging.AfterNumber(long.MaxValue), paging.Limit + 1), cancellation);
        return paging.PageOf(keys.ConvertAll(ViewOf), view => view.Id.Value.ToString());
    }

    public async ValueTask<Answer<KeyView>> FindKeyAsync(Caller caller, Id<ApiKey> id, CancellationToken cancellation)
    {
        var key = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindKeyAsync(snapshot, caller.Tenant, id), cancellation);
        return key is { RevokedAt: null } ? ViewOf(key) : KernelProblems.NotFound;
    }

    /// <summary>Revokes a key; when this returns, the key opens nothing here, and in a moment in no other process.</summary>
    public async Task<Answer<Nothing>> RevokeKeyAsync(Caller caller, Id<ApiKey> id, Once once, CancellationToken cancellation)
    {
        var answer = await once.WriteAsync(
            store,
            ShardKey.First,
            id,
            tx => RevokeKeyAsync(tx, caller.Tenant, id),
            cancellation);
        if (answer.Problem is null)
            AccessLog.KeyRevoked(log, id, caller.Subject);
        return answer;
    }

    private static async ValueTask<Answer<Nothing>> RevokeKeyAsync(Transaction tx, Id<Tenant> tenant, Id<ApiKey> id)
    {
        if (await AccessStore.RevokeKeyAsync(tx, tenant, id) == 0)
            return KernelProblems.NotFound;
        await tx.PublishAsync(tenant, new KeyRevoked(id));
        return Answer.NoContent();
    }

    public async Task<Answer<TenantView>> CreateTenantAsync(Caller caller, NewTenant request, Once once, CancellationToken cancellation)
    {
        if (!MayManageTenants(caller, "tenants:write"))
            return AccessProblems.OperatorsOnly;
        var answer = await once.WriteAsync(store, ShardKey.First, request, tx => InsertTenantAsync(tx, request), cancellation);
        if (answer.Value is { } view)
            AccessLog.TenantMade(log, view.Id);
        return answer;
    }

    public async ValueTask<Answer<Page<TenantView>>> ListTenantsAsync(Caller caller, Paging paging, CancellationToken cancellation)
    {
        if (!MayManageTenants(caller, "tenants:read"))
            return AccessProblems.OperatorsOnly;
        var found = await store.ReadAsync(
            ShardKey.First, snapshot => AccessStore.ListTenantsAsync(snapshot, paging.AfterNumber(0), paging.Limit + 1), cancellation);
        return paging.PageOf(found.ConvertAll(ViewOf), view => view.Id.Value.ToString());
    }

    public async ValueTask<Answer<TenantView>> FindTenantAsync(Caller caller, Id<Tenant> id, CancellationToken cancellation)
    {
        if (!MayManageTenants(caller, "tenants:read"))
            return AccessProblems.OperatorsOnly;
        var tenant = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindTenantAsync(snapshot, id), cancellation);
        return tenant is null ? KernelProblems.NotFound : ViewOf(tenant);
    }

    private bool MayManageTenants(Caller caller, string scope) => tenants.IsOperator(caller) && caller.May(scope);

    private async ValueTask<Answer<KeyView>> InsertKeyAsync(Transaction tx, Id<Tenant> tenant, NewKey request, string secret)
    {
        if (await AccessStore.FindTenantAsync(tx, tenant) is null)
            return KernelProblems.Invalid.At("tenant", "There is no such tenant.");
        if (await AccessStore.CountKeysAsync(tx, tenant) >= options.MaxKeysPerTenant)
            return AccessProblems.TooManyKeys;
        var key = new ApiKey(
            tx.NewId<ApiKey>(), tenant, request.Name.Trim(), request.Scopes.Distinct().Order().ToList(), tx.Now, request.ExpiresAt, null, null);
        await AccessStore.InsertKeyAsync(tx, key, SecretToken.HashOf(secret));
        return Answer.Created($"/v1/keys/{key.Id}", ViewOf(key));
    }

    private static async ValueTask<Answer<TenantView>> InsertTenantAsync(Transaction tx, NewTenant request)
    {
        if (await AccessStore.FindTenantAsync(tx, request.Slug) is not null)
            return AccessProblems.TenantExists.At("slug", "Another slug is expected.");
        var tenant = await AccessStore.InsertTenantAsync(tx, request.Slug, request.Name.Trim());
        return Answer.Created($"/v1/tenants/{tenant.Id}", ViewOf(tenant));
    }

    private KeyView ViewOf(ApiKey key) =>
        new(key.Id, key.Tenant, key.Name, key.Scopes, key.CreatedAt, key.ExpiresAt, ring.LastUseOf(key.Id) ?? key.LastUsedAt);

    private static TenantView ViewOf(Tenant tenant) => new(tenant.Id, tenant.Slug, tenant.Name, tenant.CreatedAt);
}
