using Basin.Vault.Keys;

namespace Basin.Vault;

/// <summary>All SQL of the vault.</summary>
internal static class VaultStore
{
    private const string KeyColumns = "id, purpose, root, wrapped, encryptions, created_at";

    private const string CardColumns =
        "id, brand, last4, exp_month, exp_year, fingerprint, funding, country, checks, created_at, erased_at, data_key, holder";

    private const string RotationColumns = "id, data_key, cards, resealed, began_at, ended_at";

    private const string TokenColumns = "id, card, created_at, expires_at, redeemer, redeemed_at";

    // Keys.

    /// <summary>Oldest first.</summary>
    public static ValueTask<List<DataKey>> ListKeysAsync(Snapshot snapshot) =>
        snapshot.ListAsync($"SELECT {KeyColumns} FROM data_key ORDER BY id", ReadKey);

    public static ValueTask<DataKey?> FindKeyAsync(Snapshot snapshot, Id<DataKey> id) =>
        snapshot.FindAsync($"SELECT {KeyColumns} FROM data_key WHERE id = $1", ReadKey, id.Value);

    public static ValueTask<DataKey?> FindNewestKeyAsync(Snapshot snapshot, KeyPurpose purpose) =>
        snapshot.FindAsync($"SELECT {KeyColumns} FROM data_key WHERE purpose = $1 ORDER BY id DESC LIMIT 1", ReadKey, (int)purpose);

    public static ValueTask InsertKeyAsync(Transaction tx, DataKey key) => tx.SendAsync(
        $"INSERT INTO data_key ({KeyColumns}) VALUES ($1, $2, $3, $4, $5, $6)",
        key.Id.Value, (int)key.Purpose, key.Root, key.Wrapped, key.Encryptions, key.CreatedAt);

    public static ValueTask CountEncryptionsAsync(Transaction tx, Id<DataKey> id, int boxes) =>
        tx.SendAsync("UPDATE data_key SET encryptions = encryptions + $2 WHERE id = $1", id.Value, boxes);

    public static ValueTask RewrapAsync(Transaction tx, DataKey key) =>
        tx.SendAsync("UPDATE data_key SET root = $2, wrapped = $3 WHERE id = $1", key.Id.Value, key.Root, key.Wrapped);

    /// <summary>Deletes the keys that seal no card any more because all are sealed with this one or a newer.</summary>
    /// <returns>How many.</returns>
    public static ValueTask<int> DeleteKeysBelowAsync(Transaction tx, Id<DataKey> id) =>
        tx.ExecuteAsync("DELETE FROM data_key WHERE purpose = $1 AND id < $2", (int)KeyPurpose.Cards, id.Value);

    /// <summary>How many cards each key seals.</summary>
    public static ValueTask<List<(Id<DataKey> Key, long Cards)>> CountByKeyAsync(Snapshot snapshot) => snapshot.ListAsync(
        "SELECT data_key, COUNT(*) FROM card WHERE data_key IS NOT NULL GROUP BY data_key",
        row => (new Id<DataKey>(row.Integer(0)), row.Integer(1)));

    // Cards.

    public static async ValueTask<bool> HasSealedAsync(Snapshot snapshot) =>
        await snapshot.NumberAsync("SELECT 1 FROM card WHERE data_key IS NOT NULL LIMIT 1") is not null;

    public static ValueTask InsertCardAsync(Transaction tx, Id<Tenant> tenant, Card card, SealedCard secret) => tx.SendAsync(
        """
        INSERT INTO card (
            id, tenant, brand, last4, exp_month, exp_year, fingerprint, funding, country, checks, created_at, data_key, number, holder)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        card.Id.Value, tenant.Value, (int)card.Brand, card.Last4, card.ExpMonth, card.ExpYear, card.Fingerprint, (int)card.Funding, card.Country,
        NumberOf(card.Checks), card.CreatedAt, secret.Key.Value, secret.Number, secret.Holder);

    public static ValueTask<StoredCard?> FindCardAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Card> id) =>
        snapshot.FindAsync($"SELECT {CardColumns} FROM card WHERE tenant = $1 AND id = $2", ReadCard, tenant.Value, id.Value);

    /// <returns>Null when there is no such card, or it was erased.</returns>
    public static ValueTask<SealedCard?> FindSealedAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Card> id) => snapshot.FindAsync(
        "SELECT data_key, number, holder FROM card WHERE tenant = $1 AND id = $2 AND data_key IS NOT NULL",
        row => ReadSealed(row, 0),
        tenant.Value, id.Value);

    /// <returns>Whether there was a number to erase.</returns>
    public static async ValueTask<bool> EraseAsync(Transaction tx, Id<Tenant> tenant, Id<Card> id)
    {
        var erased = await tx.ExecuteAsync(
            "UPDATE card SET data_key = NULL, number = NULL, holder = NULL, erased_at = $3 WHERE tenant = $1 AND id = $2 AND data_key IS NOT NULL",
            tenant.Value, id.Value, tx.Now);
        await tx.SendAsync("DELETE FROM provider_token WHERE tenant = $1 AND card = $2", tenant.Value, id.Value);
        return erased == 1;
    }

    /// <summary>Some cards of all tenants whose key is older than this one.</summary>
    public static ValueTask<List<CardToReseal>> ListSealedBelowAsync(Snapshot snapshot, Id<DataKey> key, int limit) => snapshot.ListAsync(
        "SELECT tenant, id, data_key, number, holder FROM card WHERE data_key < $1 ORDER BY data_key LIMIT $2",
        row => new CardToReseal(new Id<Tenant>(row.Integer(0)), new Id<Card>(row.Integer(1)), ReadSealed(row, 2)),
        key.Value, limit);

    public static async ValueTask<long> CountSealedBelowAsync(Snapshot snapshot, Id<DataKey> key) =>
        (await snapshot.NumberAsync("SELECT COUNT(*) FROM card WHERE data_key < $1", key.Value))!.Value;

    public static ValueTask ResealAsync(Transaction tx, CardToReseal card, SealedCard next) => tx.SendAsync(
        "UPDATE card SET data_key = $3, number = $4, holder = $5 WHERE tenant = $1 AND id = $2",
        card.Tenant.Value, card.Id.Value, next.Key.Value, next.Number, next.Holder);

    /// <summary>The cards of a tenant, the most frequent brand first.</summary>
    public static ValueTask<List<BrandCount>> CountByBrandAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        "SELECT brand, COUNT(*), COUNT(data_key) FROM card WHERE tenant = $1 GROUP BY brand ORDER BY COUNT(*) DESC, brand",
        row => new BrandCount((CardBrand)row.Int(0), row.Integer(1), row.Integer(2)),
        tenant.Value);

    // Tokens.

    public static ValueTask InsertTokenAsync(Transaction tx, Id<Tenant> tenant, StoredToken token) => tx.SendAsync(
        "INSERT INTO token (tenant, id, card, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.Value, token.Id.Value, token.Card.Value, token.CreatedAt, token.ExpiresAt);

    public static ValueTask<StoredToken?> FindTokenAsync(Snapshot snapshot, Id<Tenant> tenant, Id<CardToken> id) =>
        snapshot.FindAsync($"SELECT {TokenColumns} FROM token WHERE tenant = $1 AND id = $2", ReadToken, tenant.Value, id.Value);

    public static ValueTask RedeemAsync(Transaction tx, Id<Tenant> tenant, StoredToken token) => tx.SendAsync(
        "UPDATE token SET redeemer = $3, redeemed_at = $4 WHERE tenant = $1 AND id = $2",
        tenant.Value, token.Id.Value, token.Redeemer, token.RedeemedAt);

    /// <summary>Removes some tokens that nobody has redeemed in time, of all tenants, with their cards.</summary>
    /// <returns>How many.</returns>
    public static async ValueTask<int> RemoveExpiredAsync(Transaction tx, int limit)
    {
        var expired = await tx.ListAsync(
            "SELECT tenant, id, card FROM token WHERE redeemer IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
            row => (Tenant: row.Integer(0), Id: row.Integer(1), Card: row.Integer(2)),
            tx.Now, limit);
        foreach (var (tenant, id, card) in expired)
        {
            await tx.SendAsync("DELETE FROM token WHERE tenant = $1 AND id = $2", tenant, id);
            await tx.SendAsync("DELETE FROM provider_token WHERE tenant = $1 AND card = $2", tenant, card);
            await tx.SendAsync("DELETE FROM card WHERE tenant = $1 AND id = $2", tenant, card);
        }
        return expired.Count;
    }

    public static ValueTask<string?> FindProviderTokenAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Card> card, string provider) =>
        snapshot.FindAsync(
            "SELECT token FROM provider_token WHERE tenant = $1 AND card = $2 AND provider = $3", row => row.Text(0), tenant.Value, card.Value, provider);

    public static ValueTask InsertProviderTokenAsync(Transaction tx, Id<Tenant> tenant, Id<Card> card, string provider, string token) => tx.SendAsync(
        "INSERT INTO provider_token (tenant, card, provider, token, made_at) VALUES ($1, $2, $3, $4, $5)",
        tenant.Value, card.Value, provider, token, tx.Now);

    // Rotations.

    public static ValueTask<Rotation?> FindRunningRotationAsync(Snapshot snapshot) => snapshot.FindAsync(
        $"SELECT {RotationColumns} FROM rotation WHERE ended_at IS NULL", ReadRotation);

    /// <summary>Newest first.</summary>
    /// <param name="before">An id; <see cref="long.MaxValue"/> to begin.</param>
    public static ValueTask<List<Rotation>> ListRotationsAsync(Snapshot snapshot, long before, int limit) => snapshot.ListAsync(
        $"SELECT {RotationColumns} FROM rotation WHERE id < $1 ORDER BY id DESC LIMIT $2", ReadRotation, before, limit);

    public static ValueTask InsertRotationAsync(Transaction tx, Rotation rotation) => tx.SendAsync(
        "INSERT INTO rotation (id, data_key, cards, resealed, began_at) VALUES ($1, $2, $3, $4, $5)",
        rotation.Id.Value, rotation.Key.Value, rotation.Cards, rotation.Resealed, rotation.BeganAt);

    public static ValueTask ChangeRotationAsync(Transaction tx, Rotation rotation) => tx.SendAsync(
        "UPDATE rotation SET resealed = $2, ended_at = $3 WHERE id = $1", rotation.Id.Value, rotation.Resealed, rotation.EndedAt);

    private static DataKey ReadKey(Row row) => new(
        new Id<DataKey>(row.Integer(0)), (KeyPurpose)row.Int(1), row.Text(2), row.Bytes(3).ToArray(), row.Integer(4), row.Time(5));

    private static StoredCard ReadCard(Row row) => new(
        new Card(
            new Id<Card>(row.Integer(0)), (CardBrand)row.Int(1), row.Text(2), row.Int(3), row.Int(4), row.Text(5), (CardFunding)row.Int(6),
            row.TextOrNull(7), ChecksOf(row.Integer(8)), Holder: null, row.Time(9), row.TimeOrNull(10)),
        row.IsNull(12) ? null : new SealedHolder(new Id<DataKey>(row.Integer(11)), row.Bytes(12).ToArray()));

    private static SealedCard ReadSealed(Row row, int first) => new(
        new Id<DataKey>(row.Integer(first)), row.Bytes(first + 1).ToArray(), row.IsNull(first + 2) ? null : row.Bytes(first + 2).ToArray());

    private static StoredToken ReadToken(Row row) => new(
        new Id<CardToken>(row.Integer(0)), new Id<Card>(row.Integer(1)), row.Time(2), row.Time(3), row.TextOrNull(4), row.TimeOrNull(5));

    private static Rotation ReadRotation(Row row) => new(
        new Id<Rotation>(row.Integer(0)), new Id<DataKey>(row.Integer(1)), row.Integer(2), row.Integer(3), row.Time(4), row.TimeOrNull(5));

    private static long NumberOf(CardChecks checks) => (checks.Cvc ? 1 : 0) | (checks.AddressLine1 ? 2 : 0) | (checks.PostalCode ? 4 : 0);

    private static CardChecks ChecksOf(long number) => new((number & 1) != 0, (number & 2) != 0, (number & 4) != 0);
}

/// <param name="Holder">Null when nothing was said of them, or the card is erased.</param>
internal sealed record StoredCard(Card Card, SealedHolder? Holder);

internal sealed record SealedHolder(Id<DataKey> Key, byte[] Box);

internal sealed record CardToReseal(Id<Tenant> Tenant, Id<Card> Id, SealedCard Secret);

/// <param name="Cards">All that were kept, those that were erased included.</param>
/// <param name="Sealed">Those that still have their number.</param>
internal sealed record BrandCount(CardBrand Brand, long Cards, long Sealed);
