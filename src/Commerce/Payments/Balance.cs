namespace Basin.Payments;

/// <summary>One line of what a provider owes a tenant.</summary>
/// <param name="AmountMinor">What moved; below zero when it went away.</param>
/// <param name="FeeMinor">What the provider kept of it.</param>
/// <param name="Payment">Null of a payout.</param>
/// <param name="Source">The charge, refund, dispute or payout that it is about.</param>
/// <param name="AvailableAt">From when it can be paid out.</param>
public sealed record BalanceTransaction(
    Id<BalanceTransaction> Id, MovementKind Kind, long AmountMinor, long FeeMinor, string Currency, string Provider, Id<Payment>? Payment, string Source,
    DateTimeOffset CreatedAt, DateTimeOffset AvailableAt) : IEntity
{
    /// <summary>Providers keep what they have taken for two days, and then until the day begins.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromDays(2);

    public static string Prefix => "txn";

    public long NetMinor => AmountMinor - FeeMinor;

    /// <summary>What goes away is gone at once.</summary>
    public DateTimeOffset DayOfCreation => DayOf(CreatedAt);

    internal static BalanceTransaction Of(Id<BalanceTransaction> id, Payment payment, Movement movement, DateTimeOffset now) => new(
        id, movement.Kind, movement.GainMinor, movement.FeeMinor, payment.Currency, payment.Provider, payment.Id,
        movement.Source ?? Charge.IdOf(payment.Id).ToString(), now, movement.GainMinor > 0 && !movement.IsAvailable ? AvailableFrom(now) : DayOf(now));

    private static DateTimeOffset AvailableFrom(DateTimeOffset now) => DayOf(now + Settling);

    /// <summary>The day is that of UTC.</summary>
    private static DateTimeOffset DayOf(DateTimeOffset time) => new(time.UtcDateTime.Date, TimeSpan.Zero);
}

/// <summary>What a provider owes a tenant in one currency, from one day on.</summary>
internal sealed record BalanceDay(string Currency, string Provider, DateTimeOffset AvailableAt, long NetMinor);

/// <summary>The sum of lines of one kind.</summary>
internal sealed record MovedMoney(string Currency, MovementKind Kind, long Count, long AmountMinor, long FeeMinor);

/// <summary>All SQL of balances.</summary>
internal static class BalanceStore
{
    internal const string Columns = "id, kind, amount_minor, fee_minor, currency, provider, payment, source, created_at, available_at";
    private const string Range = $"SELECT {Columns} FROM balance_transaction WHERE tenant = $1 AND id >= $2 AND id < $3";

    private static readonly ListSql OfAll = new(Range, "$4");
    private static readonly ListSql OfKind = new($"{Range} AND kind = $5", "$4");
    private static readonly ListSql OfSource = new($"{Range} AND source = $5", "$4");
    private static readonly ListSql OfSourceAndKind = new($"{Range} AND source = $5 AND kind = $6", "$4");

    public static async ValueTask AddAsync(Transaction tx, Id<Tenant> tenant, BalanceTransaction one)
    {
        await tx.SendAsync(
            $"INSERT INTO balance_transaction (tenant, {Columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            tenant.Value, one.Id.Value, (int)one.Kind, one.AmountMinor, one.FeeMinor, one.Currency, one.Provider, one.Payment?.Value, one.Source,
            one.CreatedAt, one.AvailableAt);
        await tx.SendAsync(
            """
            INSERT INTO balance_day (tenant, currency, provider, available_at, net_minor) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (tenant, currency, provider, available_at) DO UPDATE SET net_minor = balance_day.net_minor + excluded.net_minor
            """,
            tenant.Value, one.Currency, one.Provider, one.AvailableAt, one.NetMinor);
    }

    public static ValueTask<List<BalanceDay>> ListDaysAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        "SELECT currency, provider, available_at, net_minor FROM balance_day WHERE tenant = $1 ORDER BY currency, available_at",
        row => new BalanceDay(row.Text(0), row.Text(1), row.Time(2), row.Integer(3)),
        tenant.Value);

    /// <summary>What moved in a time, by currency and kind.</summary>
    public static ValueTask<List<MovedMoney>> SumAsync(Snapshot snapshot, Id<Tenant> tenant, DateTimeOffset from, DateTimeOffset until) => snapshot.ListAsync(
        """
        SELECT currency, kind, COUNT(*), CAST(SUM(amount_minor) AS BIGINT), CAST(SUM(fee_minor) AS BIGINT) FROM balance_transaction
        WHERE tenant = $1 AND id >= $2 AND id < $3 GROUP BY currency, kind
        """,
        row => new MovedMoney(row.Text(0), (MovementKind)row.Int(1), row.Integer(2), row.Integer(3), row.Integer(4)),
        tenant.Value, Snowflake.FirstAt(from), Snowflake.FirstAt(until));

    /// <summary>All that are about a payment, the oldest first.</summary>
    public static ValueTask<List<BalanceTransaction>> ListOfPaymentAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> payment) => snapshot.ListAsync(
        $"SELECT {Columns} FROM balance_transaction WHERE tenant = $1 AND payment = $2 ORDER BY id", Read, tenant.Value, payment.Value);

    public static ValueTask<BalanceTransaction?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<BalanceTransaction> id) => snapshot.FindAsync(
        $"SELECT {Columns} FROM balance_transaction WHERE tenant = $1 AND id = $2", Read, tenant.Value, id.Value);

    /// <param name="kind">Only those of this kind.</param>
    /// <param name="source">Only those about it.</param>
    public static ValueTask<List<BalanceTransaction>> ListAsync(
        Snapshot snapshot, Id<Tenant> tenant, RecordQuery query, MovementKind? kind, string? source) => (kind, source) switch
        {
            (null, null) => snapshot.ListAsync(OfAll.In(query), Read, tenant.Value, query.From, query.Before, query.Limit),
            ({ } one, null) => snapshot.ListAsync(OfKind.In(query), Read, tenant.Value, query.From, query.Before, query.Limit, (int)one),
            (null, { } about) => snapshot.ListAsync(OfSource.In(query), Read, tenant.Value, query.From, query.Before, query.Limit, about),
            ({ } one, { } about) => snapshot.ListAsync(
                OfSourceAndKind.In(query), Read, tenant.Value, query.From, query.Before, query.Limit, about, (int)one),
        };

    /// <summary>Those of one source, the oldest first.</summary>
    public static ValueTask<List<BalanceTransaction>> ListOfSourceAsync(Snapshot snapshot, Id<Tenant> tenant, string source) => snapshot.ListAsync(
        $"SELECT {Columns} FROM balance_transaction WHERE tenant = $1 AND source = $2 ORDER BY id", Read, tenant.Value, source);

    internal static BalanceTransaction Read(Row row) => new(
        new Id<BalanceTransaction>(row.Integer(0)), (MovementKind)row.Int(1), row.Integer(2), row.Integer(3), row.Text(4), row.Text(5),
        row.IntegerOrNull(6) is { } payment ? new Id<Payment>(payment) : null, row.Text(7), row.Time(8), row.Time(9));
}
