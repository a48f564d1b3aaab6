using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Access;

/// <summary>All SQL of the access system. Its data is small and in one shard.</summary>
internal static class AccessStore
{
    private const string KeyColumns = "id, tenant, name, scopes, created_at, expires_at, revoked_at, last_used_at";

    public static ValueTask<Tenant?> FindTenantAsync(Snapshot snapshot, string slug) =>
        snapshot.FindAsync("SELECT id, slug, name, created_at FROM tenant WHERE slug = $1", ReadTenant, slug);

    public static ValueTask<Tenant?> FindTenantAsync(Snapshot snapshot, Id<Tenant> id) =>
        snapshot.FindAsync("SELECT id, slug, name, created_at FROM tenant WHERE id = $1", ReadTenant, id.Value);

    public static ValueTask<List<Tenant>> ListTenantsAsync(Snapshot snapshot, long after, int limit) =>
        snapshot.ListAsync("SELECT id, slug, name, created_at FROM tenant WHERE id > $1 ORDER BY id LIMIT $2", ReadTenant, after, limit);

    public static async ValueTask<Tenant> InsertTenantAsync(Transaction tx, string slug, string name)
    {
        var tenant = new Tenant(tx.NewId<Tenant>(), slug, name, tx.Now);
        await tx.ExecuteAsync(
            "INSERT INTO tenant (id, slug, name, created_at) VALUES ($1, $2, $3, $4)", tenant.Id.Value, slug, name, tenant.CreatedAt);
        return tenant;
    }

    /// <summary>A key of any tenant with the hash of its secret: who shows it has no tenant yet.</summary>
    public static ValueTask<StoredKey?> FindStoredKeyAsync(Snapshot snapshot, Id<ApiKey> id) => snapshot.FindAsync(
        $"SELECT {KeyColumns}, secret_hash FROM api_key WHERE id = $1", row => new StoredKey(ReadKey(row), row.Bytes(8).ToArray()), id.Value);

    public static ValueTask<ApiKey?> FindKeyAsync(Snapshot snapshot, Id<Tenant> tenant, Id<ApiKey> id) =>
        snapshot.FindAsync($"SELECT {KeyColumns} FROM api_key WHERE tenant = $1 AND id = $2", ReadKey, tenant.Value, id.Value);

    /// <summary>The keys that are not revoked, the newest first.</summary>
    public static ValueTask<List<ApiKey>> ListKeysAsync(Snapshot snapshot, Id<Tenant> tenant, long before, int limit) => snapshot.ListAsync(
        $"SELECT {KeyColumns} FROM api_key WHERE tenant = $1 AND revoked_at IS NULL AND id < $2 ORDER BY id DESC LIMIT $3",
        ReadKey, tenant.Value, before, limit);

    public static async ValueTask<long> CountKeysAsync(Snapshot snapshot, Id<Tenant> tenant) =>
        await snapshot.NumberAsync("SELECT COUNT(*) FROM api_key WHERE tenant = $1 AND revoked_at IS NULL", tenant.Value) ?? 0;

    public static ValueTask<int> InsertKeyAsync(Transaction tx, ApiKey key, byte[] secretHash) => tx.ExecuteAsync(
        "INSERT INTO api_key (id, tenant, name, scopes, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        key.Id.Value, key.Tenant.Value, key.Name, string.Join(' ', key.Scopes), secretHash, key.CreatedAt, key.ExpiresAt);

    public static ValueTask<int> RevokeKeyAsync(Transaction tx, Id<Tenant> tenant, Id<ApiKey> id) => tx.ExecuteAsync(
        "UPDATE api_key SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL", tenant.Value, id.Value, tx.Now);

    public static ValueTask<int> NoteUseAsync(Transaction tx, Id<ApiKey> id, DateTimeOffset at) => tx.ExecuteAsync(
        "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)", id.Value, at);

    public static ValueTask<StoredAccount?> FindAccountAsync(Snapshot snapshot, Id<Tenant> tenant, AccountKind kind, string email) =>
        snapshot.FindAsync(
            "SELECT id, tenant, kind, email, created_at, password_hash, stamp FROM account WHERE tenant = $1 AND kind = $2 AND email = $3",
            ReadAccount, tenant.Value, NameOf(kind), email);

    /// <summary>An account of any tenant: the session that names it was sealed by this host.</summary>
    public static ValueTask<StoredAccount?> FindAccountAsync(Snapshot snapshot, Id<Account> id) => snapshot.FindAsync(
        "SELECT id, tenant, kind, email, created_at, password_hash, stamp FROM account WHERE id = $1", ReadAccount, id.Value);

    public static async ValueTask<bool> HasOperatorAsync(Snapshot snapshot, Id<Tenant> tenant) =>
        await snapshot.NumberAsync("SELECT 1 FROM account WHERE tenant = $1 AND kind = 'operator' LIMIT 1", tenant.Value) is not null;

    public static ValueTask<List<Account>> ListOperatorsAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        """
        SELECT id, tenant, kind, email, created_at, password_hash, stamp FROM account
        WHERE tenant = $1 AND kind = 'operator' ORDER BY id LIMIT 1000
        """,
        row => ReadAccount(row).Account, tenant.Value);

    public static ValueTask<int> InsertInvitationAsync(Transaction tx, byte[] tokenHash, DateTimeOffset expiresAt) =>
        tx.ExecuteAsync("INSERT INTO operator_invitation (token_hash, expires_at) VALUES ($1, $2)", tokenHash, expiresAt);

    public static async ValueTask<bool> HasInvitationAsync(Snapshot snapshot, byte[] hash, DateTimeOffset at) =>
        await snapshot.NumberAsync("SELECT 1 FROM operator_invitation WHERE token_hash = $1 AND expires_at > $2", hash, at) is not null;

    /// <returns>False when it was taken already or has expired.</returns>
    public static async ValueTask<bool> TakeInvitationAsync(Transaction tx, byte[] tokenHash) =>
        await tx.ExecuteAsync("DELETE FROM operator_invitation WHERE token_hash = $1 AND expires_at > $2", tokenHash, tx.Now) == 1;

    public static ValueTask<int> TrimInvitationsAsync(Transaction tx) =>
        tx.ExecuteAsync("DELETE FROM operator_invitation WHERE expires_at <= $1", tx.Now);

    public static async ValueTask<Account> InsertAccountAsync(
        Transaction tx, Id<Tenant> tenant, AccountKind kind, string email, Credentials credentials)
    {
        var account = new Account(tx.NewId<Account>(), tenant, kind, email, tx.Now);
        await tx.ExecuteAsync(
            "INSERT INTO account (id, tenant, kind, email, password_hash, stamp, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            account.Id.Value, tenant.Value, NameOf(kind), email, credentials.PasswordHash, credentials.Stamp, tx.Now);
        return account;
    }

    public static ValueTask<int> UpdateCredentialsAsync(Transaction tx, Id<Account> id, Credentials credentials) => tx.ExecuteAsync(
        "UPDATE account SET password_hash = $2, stamp = $3 WHERE id = $1", id.Value, credentials.PasswordHash, credentials.Stamp);

    public static ValueTask<SignInTries?> FindTriesAsync(Snapshot snapshot, Address address) => snapshot.FindAsync(
        "SELECT failures, locked_until, last_at FROM sign_in_tries WHERE tenant = $1 AND kind = $2 AND email_hash = $3",
        row => new SignInTries(row.Int(0), row.TimeOrNull(1), row.Time(2)),
        address.Tenant.Value, NameOf(address.Kind), address.EmailHash);

    public static ValueTask<int> SaveTriesAsync(Transaction tx, Address address, SignInTries tries) => tx.ExecuteAsync(
        """
        INSERT INTO sign_in_tries (tenant, kind, email_hash, failures, locked_until, last_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (tenant, kind, email_hash) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until, last_at = excluded.last_at
        """,
        address.Tenant.Value, NameOf(address.Kind), address.EmailHash, tries.Failures, tries.LockedUntil, tries.LastAt);

    public static ValueTask<int> DeleteTriesAsync(Transaction tx, Address address) => tx.ExecuteAsync(
        "DELETE FROM sign_in_tries WHERE tenant = $1 AND kind = $2 AND email_hash = $3",
        address.Tenant.Value, NameOf(address.Kind), address.EmailHash);

    /// <returns>Whether there may be more.</returns>
    public static async ValueTask<bool> TrimTriesAsync(Transaction tx, DateTimeOffset before) => await tx.ExecuteAsync(
        """
        DELETE FROM sign_in_tries WHERE (tenant, kind, email_hash) IN (
            SELECT tenant, kind, email_hash FROM sign_in_tries WHERE last_at < $1 ORDER BY last_at LIMIT 500)
        """,
        before) == 500;

    public static ValueTask<List<string>> ListSealingKeysAsync(Snapshot snapshot) =>
        snapshot.ListAsync("SELECT xml FROM sealing_key ORDER BY name", row => row.Text(0));

    public static ValueTask<int> InsertSealingKeyAsync(Transaction tx, string name, string xml) =>
        tx.ExecuteAsync("INSERT INTO sealing_key (name, xml) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, xml);

    private static string NameOf(AccountKind kind) => kind == AccountKind.Operator ? "operator" : "customer";

    private static Tenant ReadTenant(Row row) => new(new Id<Tenant>(row.Integer(0)), row.Text(1), row.Text(2), row.Time(3));

    private static ApiKey ReadKey(Row row) => new(
        new Id<ApiKey>(row.Integer(0)), new Id<Tenant>(row.Integer(1)), row.Text(2), row.Text(3).Split(' '), row.Time(4), row.TimeOrNull(5),
        row.TimeOrNull(6), row.TimeOrNull(7));

    private static StoredAccount ReadAccount(Row row) => new(
        new Account(
            new Id<Account>(row.Integer(0)), new Id<Tenant>(row.Integer(1)), row.Text(2) == "operator" ? AccountKind.Operator : AccountKind.Customer,
            row.Text(3), row.Time(4)),
        new Credentials(row.Text(5), row.Text(6)));
}

internal sealed record StoredKey(ApiKey Key, byte[] SecretHash);

internal sealed record StoredAccount(Account Account, Credentials Credentials);

/// <summary>Where somebody tries to sign in, whether an account is there or not.</summary>
internal sealed record Address(Id<Tenant> Tenant, AccountKind Kind, string Email)
{
    /// <summary>What people type into the wrong field is not kept readable.</summary>
    public byte[] EmailHash { get; } = SecretToken.HashOf(Email);
}
