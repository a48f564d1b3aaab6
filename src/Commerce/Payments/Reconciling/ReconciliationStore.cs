using System.Text.Json;

namespace Basin.Payments.Reconciling;

/// <summary>A tenant whose last reconciled day is over.</summary>
/// <param name="Day">When that began; null when there was none yet.</param>
internal sealed record DueTenant(Id<Tenant> Tenant, DateTimeOffset? Day);

/// <summary>All SQL of reconciliations, besides that of the records that they are and of the books that they read.</summary>
internal static class ReconciliationStore
{
    /// <summary>The numbers of a JSON array, in the words of each engine.</summary>
    private const string SqliteIds = "(SELECT value FROM json_each($2))";

    private const string PostgresIds = "(SELECT CAST(jsonb_array_elements_text(CAST($2 AS JSONB)) AS BIGINT))";

    /// <summary>The newest first.</summary>
    public static ValueTask<List<Reconciliation>> ListOfDayAsync(Snapshot snapshot, Id<Tenant> tenant, string provider, DateOnly day) => snapshot.ListAsync(
        "SELECT body FROM record WHERE tenant = $1 AND kind = $2 AND label = $3 ORDER BY id DESC",
        row => row.Json(0, RecordsJson.Default.Reconciliation), tenant.Value, Reconciliation.Prefix, Reconciliation.LabelOf(provider, day));

    public static ValueTask ForgetAsync(Transaction tx, Id<Tenant> tenant, Id<Reconciliation> id) => tx.SendAsync(
        "DELETE FROM record WHERE tenant = $1 AND kind = $2 AND id = $3", tenant.Value, Reconciliation.Prefix, id.Value);

    /// <summary>Forgets some of those that were begun before a time.</summary>
    public static ValueTask ForgetBeforeAsync(Transaction tx, Id<Tenant> tenant, DateTimeOffset time, int limit) => tx.SendAsync(
        """
        DELETE FROM record WHERE tenant = $1 AND kind = $2
            AND id IN (SELECT id FROM record WHERE tenant = $1 AND kind = $2 AND id < $3 ORDER BY id LIMIT $4)
        """,
        tenant.Value, Reconciliation.Prefix, Snowflake.FirstAt(time), limit);

    /// <summary>Payments of a provider by their ids, in that order, from every shard.</summary>
    public static ValueTask<List<Payment>> ListMadeAsync(
        Store store, Reconciliation report, int limit, CancellationToken cancellation) => MergeAsync(
        store,
        snapshot => snapshot.ListAsync(
            $"SELECT {PaymentsStore.Columns} FROM payment WHERE tenant = $1 AND id > $2 AND id < $3 AND provider = $4 ORDER BY id LIMIT $5",
            PaymentsStore.ReadPayment, report.Tenant.Value, report.Place.After, Snowflake.FirstAt(report.Through), report.Provider, limit),
        payment => (0, payment.Id.Value),
        limit,
        cancellation);

    /// <summary>Older payments of a provider by their last change, in that order, from every shard.</summary>
    public static ValueTask<List<Payment>> ListChangedAsync(
        Store store, Reconciliation report, int limit, CancellationToken cancellation) => MergeAsync(
        store,
        snapshot => snapshot.ListAsync(
            $"""
            SELECT {PaymentsStore.Columns} FROM payment
            WHERE tenant = $1 AND (changed_at, id) > ($2, $3) AND changed_at < $4 AND id < $5 AND provider = $6 ORDER BY changed_at, id LIMIT $7
            """,
            PaymentsStore.ReadPayment, report.Tenant.Value, report.Place.Time, report.Place.After, report.Through, Snowflake.FirstAt(report.From),
            report.Provider, limit),
        payment => (payment.ChangedAt.ToUnixTimeMilliseconds(), payment.Id.Value),
        limit,
        cancellation);

    /// <summary>Lines of a provider's balance, in the order of their ids, from every shard.</summary>
    public static ValueTask<List<BalanceTransaction>> ListMovedAsync(
        Store store, Reconciliation report, int limit, CancellationToken cancellation) => MergeAsync(
        store,
        snapshot => snapshot.ListAsync(
            $"""
            SELECT {BalanceStore.Columns} FROM balance_transaction WHERE tenant = $1 AND id > $2 AND id < $3 AND provider = $4 ORDER BY id LIMIT $5
            """,
            BalanceStore.Read, report.Tenant.Value, report.Place.After, Snowflake.FirstAt(report.Through), report.Provider, limit),
        line => (0, line.Id.Value),
        limit,
        cancellation);

    /// <summary>Payments of a provider among some ids, from every shard.</summary>
    public static ValueTask<List<Payment>> ListPaymentsAsync(
        Store store, Reconciliation report, IReadOnlyCollection<long> ids, CancellationToken cancellation) => ids.Count == 0 ? new([]) : store.ReadAllAsync(
        snapshot => snapshot.ListAsync(
            snapshot.Dialect == SqlDialect.Sqlite
                ? $"SELECT {PaymentsStore.Columns} FROM payment WHERE tenant = $1 AND id IN {SqliteIds} AND provider = $3"
                : $"SELECT {PaymentsStore.Columns} FROM payment WHERE tenant = $1 AND id IN {PostgresIds} AND provider = $3",
            PaymentsStore.ReadPayment, report.Tenant.Value, Json(ids), report.Provider),
        cancellation);

    /// <summary>All lines that are about some payments, the oldest first.</summary>
    public static ValueTask<List<BalanceTransaction>> ListLinesAsync(
        Store store, Id<Tenant> tenant, IReadOnlyCollection<long> payments, CancellationToken cancellation) => payments.Count == 0 ? new([]) : store.ReadAllAsync(
        snapshot => snapshot.ListAsync(
            snapshot.Dialect == SqlDialect.Sqlite
                ? $"SELECT {BalanceStore.Columns} FROM balance_transaction WHERE tenant = $1 AND payment IN {SqliteIds} ORDER BY id"
                : $"SELECT {BalanceStore.Columns} FROM balance_transaction WHERE tenant = $1 AND payment IN {PostgresIds} ORDER BY id",
            BalanceStore.Read, tenant.Value, Json(payments)),
        cancellation);

    /// <summary>The newest lines of a provider's balance in one shard, the newest first.</summary>
    /// <param name="after">Only those with a larger id.</param>
    public static ValueTask<List<BalanceTransaction>> ListNewestAsync(
        Snapshot snapshot, Id<Tenant> tenant, string provider, long after, int limit) => snapshot.ListAsync(
        $"SELECT {BalanceStore.Columns} FROM balance_transaction WHERE tenant = $1 AND id > $2 AND provider = $3 ORDER BY id DESC LIMIT $4",
        BalanceStore.Read, tenant.Value, after, provider, limit);

    /// <summary>Tenants of a shard who had payments before the end of a day that was not reconciled yet.</summary>
    /// <param name="day">When it begins.</param>
    public static ValueTask<List<DueTenant>> ListDueAsync(Snapshot snapshot, DateTimeOffset day, int limit) => snapshot.ListAsync(
        """
        WITH RECURSIVE every (tenant) AS (
            SELECT MIN(tenant) FROM payment
            UNION ALL
            SELECT (SELECT MIN(p.tenant) FROM payment AS p WHERE p.tenant > every.tenant) FROM every WHERE every.tenant IS NOT NULL)
        SELECT every.tenant, r.day FROM every LEFT JOIN reconciled AS r ON r.tenant = every.tenant
        WHERE every.tenant IS NOT NULL AND (r.day IS NULL OR r.day < $1)
            AND EXISTS (SELECT 1 FROM payment AS p WHERE p.tenant = every.tenant AND p.id < $2)
        LIMIT $3
        """,
        row => new DueTenant(new Id<Tenant>(row.Integer(0)), row.TimeOrNull(1)), day, Snowflake.FirstAt(day.AddDays(1)), limit);

    public static ValueTask MarkAsync(Transaction tx, Id<Tenant> tenant, DateTimeOffset day) => tx.SendAsync(
        "INSERT INTO reconciled (tenant, day) VALUES ($1, $2) ON CONFLICT (tenant) DO UPDATE SET day = excluded.day", tenant.Value, day);

    private static async ValueTask<List<T>> MergeAsync<T>(
        Store store, Func<Snapshot, ValueTask<List<T>>> read, Func<T, (long, long)> order, int limit, CancellationToken cancellation)
    {
        var found = await store.ReadAllAsync(read, cancellation);
        return store.Shards.Count == 1 ? found : [.. found.OrderBy(order).Take(limit)];
    }

    private static SqlValue Json(IReadOnlyCollection<long> ids) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(ids, RecordsJson.Default.IReadOnlyCollectionInt64));
}
