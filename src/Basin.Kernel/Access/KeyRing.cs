using System.Collections.Concurrent;
using System.Security.Claims;
using Basin.Kernel.Events;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Access;

/// <summary>
/// The keys in use, ready to answer: after the first time a key costs one hash and no read. Only keys that exist are remembered, so strangers
/// cannot fill the memory. Whatever process revokes a key, its event says so before the next answer.
/// </summary>
public sealed class KeyRing([FromKeyedServices(AccessSystem.Name)] Store store, OperatorKey operatorKey, Tenants tenants, TimeProvider time)
{
    internal static readonly TimeSpan NotePeriod = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<long, Entry> _entries = new();
    private readonly EventLog _log = store.Shards[0].Events;
    private readonly Lock _catching = new();
    private long _seen = store.Shards[0].Events.LastSequence;
    private AuthenticateResult? _operator;

    internal ValueTask<AuthenticateResult> AuthenticateAsync(string token, CancellationToken cancellation)
    {
        if (!ApiKeyText.TryParse(token, out var id, out var secret))
            return ValueTask.FromResult(AuthenticateOperator(token));
        CatchUp();
        return _entries.TryGetValue(id.Value, out var entry)
            ? ValueTask.FromResult(Judge(entry, secret))
            : LoadAndAuthenticateAsync(token, id, cancellation);
    }

    private void CatchUp()
    {
        if (_log.LastSequence == Volatile.Read(ref _seen))
            return;
        lock (_catching)
        {
            var last = _log.LastSequence;
            if (_log.TryReadAfter(_seen) is { } happened)
            {
                foreach (var record in happened.Where(record => record.Type == KeyRevoked.Type.Name))
                    _entries[record.Key] = Entry.Revoked;
                last = happened.Count > 0 ? happened[^1].Sequence : last;
            }
            else
            {
                _entries.Clear();
            }
            Volatile.Write(ref _seen, last);
        }
    }

    internal DateTimeOffset? LastUseOf(Id<ApiKey> id) =>
        _entries.TryGetValue(id.Value, out var entry) && entry.LastUsedMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(entry.LastUsedMs) : null;

    /// <summary>Writes down which keys were used of late.</summary>
    internal async ValueTask<bool> NoteUsesAsync(Transaction tx)
    {
        var since = (tx.Now - (2 * NotePeriod)).ToUnixTimeMilliseconds();
        foreach (var (id, entry) in _entries)
        {
            if (entry.LastUsedMs > since)
                await AccessStore.NoteUseAsync(tx, new Id<ApiKey>(id), DateTimeOffset.FromUnixTimeMilliseconds(entry.LastUsedMs));
        }
        return false;
    }

    private async ValueTask<AuthenticateResult> LoadAndAuthenticateAsync(string token, Id<ApiKey> id, CancellationToken cancellation)
    {
        var stored = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindStoredKeyAsync(snapshot, id), cancellation);
        if (stored is null)
            return AuthenticateOperator(token);
        // Whoever revoked the key since that read has left an entry, and it stays.
        var entry = _entries.GetOrAdd(id.Value, stored.Key.RevokedAt is null ? new Entry(stored) : Entry.Revoked);
        return Judge(entry, token.AsSpan(^SecretToken.Length..));
    }

    private AuthenticateResult Judge(Entry entry, ReadOnlySpan<char> secret)
    {
        if (!SecretToken.Matches(secret, entry.SecretHash))
            return Unknown;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (now >= entry.ExpiresMs)
            return Expired;
        entry.LastUsedMs = now;
        return entry.Accepted;
    }

    private AuthenticateResult AuthenticateOperator(string token) => operatorKey.Matches(token)
        ? _operator ??= Accept(new Caller(tenants.Main, "operator-key", new HashSet<string> { Scopes.All }))
        : Unknown;

    private static AuthenticateResult Accept(Caller caller) => AuthenticateResult.Success(
        new AuthenticationTicket(new ClaimsPrincipal(new CallerIdentity(caller, Schemes.Bearer)), Schemes.Bearer));

    private static readonly AuthenticateResult Unknown = AuthenticateResult.Fail("The key is not known or was revoked.");
    private static readonly AuthenticateResult Expired = AuthenticateResult.Fail("The key has expired.");

    private sealed class Entry
    {
        /// <summary>No secret has this hash.</summary>
        public static readonly Entry Revoked = new();

        private long _lastUsedMs;

        public Entry(StoredKey stored)
        {
            SecretHash = stored.SecretHash;
            ExpiresMs = stored.Key.ExpiresAt?.ToUnixTimeMilliseconds() ?? long.MaxValue;
            Accepted = Accept(new Caller(stored.Key.Tenant, stored.Key.Id.ToString(), stored.Key.Scopes.ToHashSet()));
        }

        private Entry() => (SecretHash, Accepted) = ([], Unknown);

        public byte[] SecretHash { get; }

        public long ExpiresMs { get; }

        public AuthenticateResult Accepted { get; }

        public long LastUsedMs
        {
            get => Volatile.Read(ref _lastUsedMs);
            set => Volatile.Write(ref _lastUsedMs, value);
        }
    }
}

/// <summary>The operator's key of the environment variable <c>BASIN_OPERATOR_KEY</c>, for scripts.</summary>
public sealed class OperatorKey
{
    internal const string Variable = "BASIN_OPERATOR_KEY";
    internal const int MinLength = 16;
    internal const int MaxLength = 200;

    private readonly byte[]? _hash;

    /// <exception cref="OptionsValidationException">The key is too weak, or no header can carry it.</exception>
    internal OperatorKey(string? key)
    {
        if (string.IsNullOrEmpty(key))
            return;
        if (key.Length is < MinLength or > MaxLength || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new OptionsValidationException(
                Variable, typeof(OperatorKey), [$"{Variable} must have {MinLength} to {MaxLength} printable ASCII characters without spaces."]);
        }
        _hash = SecretToken.HashOf(key);
    }

    internal bool Matches(string token) => _hash is not null && SecretToken.Matches(token, _hash);
}
