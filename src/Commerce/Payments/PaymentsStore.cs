using System.Text.Json;

namespace Basin.Payments;

/// <summary>All SQL of Payments.</summary>
internal static class PaymentsStore
{
    private const string Columns = """
        tenant, id, state, amount_minor, currency, authorized_minor, captured_minor, refunded_minor, capture_asked, release_asked, outcome_unknown,
        charge, code, created_at, changed_at
        """;

    private const string Insert = $"""
        INSERT INTO payment ({Columns}, history) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        ON CONFLICT DO NOTHING
        """;

    private const string Select = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id = $2";

    private const string SelectHistory = "SELECT '[' || history || ']' FROM payment WHERE tenant = $1 AND id = $2";

    private const string SelectPage = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

    private const string SelectForAudit = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";

    private const string Update = """
        UPDATE payment SET state = $3, amount_minor = $4, currency = $5, authorized_minor = $6, captured_minor = $7, refunded_minor = $8,
            capture_asked = $9, release_asked = $10, outcome_unknown = $11, charge = $12, code = $13, changed_at = $14, history = history || ',' || $15
        WHERE tenant = $1 AND id = $2
        """;

    private static readonly Entities<long, Payment> Payments =
        new((snapshot, tenant, id) => snapshot.FindAsync(Select, ReadPayment, tenant.Value, id));

    public static ValueTask<Payment?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> id) => snapshot.FindAsync(Payments, tenant, id.Value);

    /// <summary>Newest first, from every shard.</summary>
    /// <param name="before">An id; <see cref="long.MaxValue"/> to begin.</param>
    public static async ValueTask<List<Payment>> ListAsync(Store store, Id<Tenant> tenant, long before, int limit, CancellationToken cancellation)
    {
        var found = await store.ReadAllAsync(snapshot => snapshot.ListAsync(SelectPage, ReadPayment, tenant.Value, before, limit), cancellation);
        return store.Shards.Count == 1 ? found : [.. found.OrderByDescending(payment => payment.Id).Take(limit)];
    }

    /// <summary>Oldest first, from every shard.</summary>
    public static async ValueTask<List<Payment>> ListAfterAsync(Store store, Id<Tenant> tenant, Id<Payment> after, int limit, CancellationToken cancellation)
    {
        var found = await store.ReadAllAsync(
            snapshot => snapshot.ListAsync(SelectForAudit, ReadPayment, tenant.Value, after.Value, limit), cancellation);
        return store.Shards.Count == 1 ? found : [.. found.OrderBy(payment => payment.Id).Take(limit)];
    }

    public static ValueTask<List<PaymentStep>?> HistoryAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> id) =>
        snapshot.FindAsync(SelectHistory, row => row.Json(0, PaymentsJson.Default.ListPaymentStep), tenant.Value, id.Value);

    /// <returns>False when the payment is there already; then nothing was written.</returns>
    public static async ValueTask<bool> AddAsync(Transaction tx, Decision decision)
    {
        var p = decision.Payment with { CreatedAt = tx.Now, ChangedAt = tx.Now };
        var isNew = await tx.ExecuteAsync(
            Insert, p.Tenant.Value, p.Id.Value, (int)p.State, p.AmountMinor, p.Currency, p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor,
            p.CaptureAsked, p.ReleaseAsked, p.OutcomeUnknown, p.Charge, p.Code, p.CreatedAt, p.ChangedAt, StepOf(tx, decision)) == 1;
        if (isNew)
            tx.Keep(Payments, p.Tenant, p.Id.Value, p);
        return isNew;
    }

    public static async ValueTask ChangeAsync(Transaction tx, Decision decision)
    {
        var p = decision.Payment with { ChangedAt = tx.Now };
        var changed = await tx.ExecuteAsync(
            Update, p.Tenant.Value, p.Id.Value, (int)p.State, p.AmountMinor, p.Currency, p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor,
            p.CaptureAsked, p.ReleaseAsked, p.OutcomeUnknown, p.Charge, p.Code, p.ChangedAt, StepOf(tx, decision));
        Transaction.Invariant(changed == 1, $"the payment {p.Id} that was read in this transaction is there");
        tx.Keep(Payments, p.Tenant, p.Id.Value, p);
    }

    private static SqlValue StepOf(Transaction tx, Decision decision) => SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(
        new PaymentStep(tx.Now, decision.Step, decision.Payment.State, decision.Detail), PaymentsJson.Default.PaymentStep));

    private static Payment ReadPayment(Row row) => new()
    {
        Tenant = new Id<Tenant>(row.Integer(0)),
        Id = new Id<Payment>(row.Integer(1)),
        State = (PaymentState)row.Int(2),
        AmountMinor = row.Integer(3),
        Currency = row.Text(4),
        AuthorizedMinor = row.Integer(5),
        CapturedMinor = row.Integer(6),
        RefundedMinor = row.Integer(7),
        CaptureAsked = row.Flag(8),
        ReleaseAsked = row.Flag(9),
        OutcomeUnknown = row.Flag(10),
        Charge = row.TextOrNull(11),
        Code = row.TextOrNull(12),
        CreatedAt = row.Time(13),
        ChangedAt = row.Time(14),
    };
}
