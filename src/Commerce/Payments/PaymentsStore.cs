using System.Text.Json;

namespace Basin.Payments;

/// <summary>All SQL of Payments.</summary>
internal static class PaymentsStore
{
    internal const string Columns = """
        tenant, id, state, amount_minor, currency, authorized_minor, captured_minor, refunded_minor, capture_asked, release_asked, outcome_unknown,
        charge, code, created_at, changed_at, provider, refunding_minor, capture_minor, fee_minor, holds, intent, action_url, is_taken_later, customer,
        is_given_back
        """;

    private const string Insert = $"""
        INSERT INTO payment ({Columns}, history)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
        ON CONFLICT DO NOTHING
        """;

    private const string Select = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id = $2";

    private const string SelectHistory = "SELECT '[' || history || ']' FROM payment WHERE tenant = $1 AND id = $2";

    private const string SelectPage = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

    private const string SelectPageInState = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id < $2 AND state = $4 ORDER BY id DESC LIMIT $3";

    private const string SelectForAudit = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";

    private const string Range = $"SELECT {Columns} FROM payment WHERE tenant = $1 AND id >= $2 AND id < $3 AND provider <> ''";

    private static readonly ListSql SelectKnown = new(Range, "$4");
    private static readonly ListSql SelectOfIntent = new($"{Range} AND intent = $5", "$4");
    private static readonly ListSql SelectOfCustomer = new($"{Range} AND customer = $5", "$4");

    private const string Update = """
        UPDATE payment SET state = $3, amount_minor = $4, currency = $5, authorized_minor = $6, captured_minor = $7, refunded_minor = $8,
            capture_asked = $9, release_asked = $10, outcome_unknown = $11, charge = $12, code = $13, changed_at = $14, provider = $15,
            refunding_minor = $16, capture_minor = $17, fee_minor = $18, holds = $19, action_url = $20, is_given_back = $21,
            history = history || ',' || $22
        WHERE tenant = $1 AND id = $2
        """;

    private static readonly Entities<long, Payment> Payments =
        new((snapshot, tenant, id) => snapshot.FindAsync(Select, ReadPayment, tenant.Value, id));

    public static ValueTask<Payment?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> id) => snapshot.FindAsync(Payments, tenant, id.Value);

    /// <summary>Newest first, from every shard.</summary>
    /// <param name="before">An id; <see cref="long.MaxValue"/> to begin.</param>
    /// <param name="state">Only those in this state.</param>
    public static async ValueTask<List<Payment>> ListAsync(
        Store store, Id<Tenant> tenant, long before, int limit, CancellationToken cancellation, PaymentState? state = null)
    {
        var found = await store.ReadAllAsync(
            snapshot => state is null
                ? snapshot.ListAsync(SelectPage, ReadPayment, tenant.Value, before, limit)
                : snapshot.ListAsync(SelectPageInState, ReadPayment, tenant.Value, before, limit, (int)state),
            cancellation);
        return store.Shards.Count == 1 ? found : [.. found.OrderByDescending(payment => payment.Id).Take(limit)];
    }

    /// <summary>Those that a provider has heard of, from every shard, up to the limit each.</summary>
    /// <param name="intent">Only attempts of this intent.</param>
    /// <param name="customer">Only attempts of this customer's intents.</param>
    public static ValueTask<List<Payment>> ListAsync(
        Store store, Id<Tenant> tenant, RecordQuery query, long? intent, long? customer, CancellationToken cancellation) => store.ReadAllAsync(
        snapshot => (intent, customer) switch
        {
            ({ } of, _) => snapshot.ListAsync(SelectOfIntent.In(query), ReadPayment, tenant.Value, query.From, query.Before, query.Limit, of),
            (_, { } whose) => snapshot.ListAsync(
                SelectOfCustomer.In(query), ReadPayment, tenant.Value, query.From, query.Before, query.Limit, whose),
            _ => snapshot.ListAsync(SelectKnown.In(query), ReadPayment, tenant.Value, query.From, query.Before, query.Limit),
        },
        cancellation);

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
            p.CaptureAsked, p.ReleaseAsked, p.OutcomeUnknown, p.Charge, p.Code, p.CreatedAt, p.ChangedAt, p.Provider,
            p.RefundingMinor, p.CaptureMinor, p.FeeMinor, p.Holds, p.Intent?.Value, p.ActionUrl, p.IsTakenLater, p.Customer, p.IsGivenBack,
            StepOf(tx, decision)) == 1;
        if (isNew)
            tx.Keep(Payments, p.Tenant, p.Id.Value, p);
        return isNew;
    }

    public static async ValueTask ChangeAsync(Transaction tx, Decision decision)
    {
        var p = decision.Payment with { ChangedAt = tx.Now };
        await tx.SendOneAsync(
            Update, p.Tenant.Value, p.Id.Value, (int)p.State, p.AmountMinor, p.Currency, p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor,
            p.CaptureAsked, p.ReleaseAsked, p.OutcomeUnknown, p.Charge, p.Code, p.ChangedAt, p.Provider,
            p.RefundingMinor, p.CaptureMinor, p.FeeMinor, p.Holds, p.ActionUrl, p.IsGivenBack, StepOf(tx, decision));
        tx.Keep(Payments, p.Tenant, p.Id.Value, p);
    }

    private static SqlValue StepOf(Transaction tx, Decision decision) => SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(
        new PaymentStep(tx.Now, decision.Step, decision.Payment.State, decision.Detail), PaymentsJson.Default.PaymentStep));

    internal static Payment ReadPayment(Row row) => new()
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
        Provider = row.Text(15),
        RefundingMinor = row.Integer(16),
        CaptureMinor = row.IntegerOrNull(17),
        FeeMinor = row.Integer(18),
        Holds = row.Int(19),
        Intent = row.IntegerOrNull(20) is { } intent ? new Id<PaymentIntent>(intent) : null,
        ActionUrl = row.TextOrNull(21),
        IsTakenLater = row.Flag(22),
        Customer = row.IntegerOrNull(23),
        IsGivenBack = row.Flag(24),
    };
}
