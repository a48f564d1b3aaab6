namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/balance_transactions/object.</summary>
internal sealed record BalanceTransactionShape(
    string Id, long Amount, DateTimeOffset AvailableOn, DateTimeOffset Created, string Currency, string? Description, long Fee,
    IReadOnlyList<FeeShape> FeeDetails, long Net, string ReportingCategory, string Source, string Status, string Type)
{
    public string Object => "balance_transaction";

    public string BalanceType => "payments";

    public double? ExchangeRate => null;

    public static BalanceTransactionShape Of(BalanceTransaction one, DateTimeOffset now)
    {
        var (type, category, description) = NamesOf(one.Kind);
        var currency = one.Currency.ToLowerInvariant();
        return new BalanceTransactionShape(
            one.Id.ToString(), one.AmountMinor, one.AvailableAt, one.CreatedAt, currency, description, one.FeeMinor,
            one.FeeMinor == 0 ? [] : [new FeeShape(one.FeeMinor, currency, FeeDescription(one.Kind))],
            one.NetMinor, category, one.Source, one.AvailableAt <= now ? "available" : "pending", type);
    }

    private static string FeeDescription(MovementKind kind) => kind == MovementKind.Dispute ? "Dispute fee" : "Processing fee";

    private static (string Type, string Category, string? Description) NamesOf(MovementKind kind) => kind switch
    {
        MovementKind.Capture => ("charge", "charge", null),
        MovementKind.Refund => ("refund", "refund", "Refund"),
        MovementKind.RefundReturned => ("refund_failure", "refund_failure", "Refund returned"),
        MovementKind.Dispute => ("adjustment", "dispute", "Chargeback withdrawal"),
        MovementKind.DisputeWon => ("adjustment", "dispute_reversal", "Chargeback reversal"),
        MovementKind.Payout => ("payout", "payout", "Payout"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "It moves nothing."),
    };
}

internal sealed record FeeShape(long Amount, string Currency, string Description)
{
    public string? Application => null;

    public string Type => "stripe_fee";
}

/// <summary>https://docs.stripe.com/api/balance/balance_object.</summary>
internal sealed record BalanceShape(IReadOnlyList<BalanceAmountShape> Available, IReadOnlyList<BalanceAmountShape> Pending)
{
    public string Object => "balance";

    public bool Livemode => false;

    public static BalanceShape Of(IEnumerable<BalanceDay> days, DateTimeOffset now)
    {
        var byCurrency = days.GroupBy(day => day.Currency).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        return new BalanceShape(
            [.. byCurrency.Select(group => BalanceAmountShape.Of(group.Key, group.Where(day => day.AvailableAt <= now)))],
            [.. byCurrency.Select(group => BalanceAmountShape.Of(group.Key, group.Where(day => day.AvailableAt > now)))]);
    }
}

internal sealed record BalanceAmountShape(long Amount, string Currency, SourceTypesShape SourceTypes)
{
    public static BalanceAmountShape Of(string currency, IEnumerable<BalanceDay> days)
    {
        var sum = days.Sum(day => day.NetMinor);
        return new BalanceAmountShape(sum, currency.ToLowerInvariant(), new SourceTypesShape(sum));
    }
}

internal sealed record SourceTypesShape(long Card);
