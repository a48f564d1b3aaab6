using Basin.Payments.Payouts;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payouts/object.</summary>
internal sealed record PayoutShape(
    string Id,
    long Amount,
    DateTimeOffset ArrivalDate,
    string BalanceTransaction,
    DateTimeOffset Created,
    string Currency,
    string? Description,
    IReadOnlyDictionary<string, string> Metadata,
    string? StatementDescriptor,
    string Status)
{
    public string Object => "payout";

    public string? ApplicationFee => null;

    public long? ApplicationFeeAmount => null;

    public bool Automatic => false;

    public string? Destination => null;

    public string? FailureBalanceTransaction => null;

    public string? FailureCode => null;

    public string? FailureMessage => null;

    public bool Livemode => false;

    public string Method => "standard";

    public string? OriginalPayout => null;

    public string? PayoutMethod => null;

    public string ReconciliationStatus => "not_applicable";

    public string? ReversedBy => null;

    public string SourceType => "card";

    public string? TraceId => null;

    public string Type => "bank_account";

    public static PayoutShape Of(Payout payout) => new(
        payout.Id.ToString(),
        payout.Amount.Minor,
        payout.ArrivesAt,
        payout.Line.ToString(),
        payout.CreatedAt,
        payout.Amount.Currency.ToLowerInvariant(),
        payout.Description,
        payout.Metadata,
        payout.StatementDescriptor,
        StatusOf(payout.Status));

    /// <summary>In Stripe's words.</summary>
    public static string StatusOf(PayoutStatus status) => status == PayoutStatus.Paid ? "paid" : "pending";
}
