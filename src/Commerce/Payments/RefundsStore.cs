using System.Text.Json;

namespace Basin.Payments;

/// <summary>All SQL of refunds.</summary>
internal static class RefundsStore
{
    private const string Columns = "tenant, id, payment, amount_minor, state, is_owed, reason, code, metadata, created_at, is_accepted, turn";
    private const string Range = $"SELECT {Columns} FROM refund WHERE tenant = $1 AND id >= $2 AND id < $3";

    private static readonly ListSql OfAll = new(Range, "$4");
    private static readonly ListSql OfPayment = new($"{Range} AND payment = $5", "$4");

    public static ValueTask<Refund?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Refund> id) => snapshot.FindAsync(
        $"SELECT {Columns} FROM refund WHERE tenant = $1 AND id = $2", Read, tenant.Value, id.Value);

    /// <summary>The newest first.</summary>
    public static ValueTask<List<Refund>> ListOfPaymentAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> payment, int limit) => snapshot.ListAsync(
        $"SELECT {Columns} FROM refund WHERE tenant = $1 AND payment = $2 ORDER BY id DESC LIMIT $3", Read, tenant.Value, payment.Value, limit);

    /// <summary>From every shard, up to the limit each.</summary>
    /// <param name="payment">Only those of this payment.</param>
    public static ValueTask<List<Refund>> ListAsync(
        Store store, Id<Tenant> tenant, RecordQuery query, long? payment, CancellationToken cancellation) => store.ReadAllAsync(
        snapshot => payment is { } of
            ? snapshot.ListAsync(OfPayment.In(query), Read, tenant.Value, query.From, query.Before, query.Limit, of)
            : snapshot.ListAsync(OfAll.In(query), Read, tenant.Value, query.From, query.Before, query.Limit),
        cancellation);

    public static ValueTask AddAsync(Transaction tx, Refund refund) => tx.SendAsync(
        $"INSERT INTO refund ({Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        refund.Tenant.Value, refund.Id.Value, refund.Payment.Value, refund.AmountMinor, (int)refund.State, refund.IsOwed, refund.Reason, refund.Code,
        MetadataOf(refund), tx.Now, refund.IsAccepted, refund.Turn);

    public static ValueTask ChangeAsync(Transaction tx, Refund refund) => tx.SendOneAsync(
        "UPDATE refund SET state = $3, code = $4, metadata = $5, is_accepted = $6, turn = $7 WHERE tenant = $1 AND id = $2",
        refund.Tenant.Value, refund.Id.Value, (int)refund.State, refund.Code, MetadataOf(refund), refund.IsAccepted, refund.Turn);

    private static SqlValue MetadataOf(Refund refund) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(refund.Metadata, PaymentsJson.Default.IReadOnlyDictionaryStringString));

    private static Refund Read(Row row) => new()
    {
        Tenant = new Id<Tenant>(row.Integer(0)),
        Id = new Id<Refund>(row.Integer(1)),
        Payment = new Id<Payment>(row.Integer(2)),
        AmountMinor = row.Integer(3),
        State = (RefundState)row.Int(4),
        IsOwed = row.Flag(5),
        Reason = row.TextOrNull(6),
        Code = row.TextOrNull(7),
        Metadata = row.Json(8, PaymentsJson.Default.IReadOnlyDictionaryStringString),
        CreatedAt = row.Time(9),
        IsAccepted = row.Flag(10),
        Turn = row.Int(11),
    };
}
