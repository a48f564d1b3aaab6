using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/charges/object.</summary>
internal sealed record ChargeShape(
    string Id,
    long Amount,
    long AmountCaptured,
    long AmountRefunded,
    string? BalanceTransaction,
    BillingShape BillingDetails,
    string? CalculatedStatementDescriptor,
    bool Captured,
    DateTimeOffset Created,
    string Currency,
    string? Customer,
    string? Description,
    bool Disputed,
    string? FailureCode,
    string? FailureMessage,
    IReadOnlyDictionary<string, string> Metadata,
    OutcomeShape? Outcome,
    bool Paid,
    string? PaymentIntent,
    string? PaymentMethod,
    MethodDetailsShape? PaymentMethodDetails,
    string? ReceiptEmail,
    bool Refunded,
    ShippingDetails? Shipping,
    string? StatementDescriptor,
    string? StatementDescriptorSuffix,
    string Status,
    string? TransferGroup)
{
    public string Object => "charge";

    public string? Application => null;

    public string? ApplicationFee => null;

    public long? ApplicationFeeAmount => null;

    public string? FailureBalanceTransaction => null;

    public FraudShape FraudDetails => new();

    public bool Livemode => false;

    public string? OnBehalfOf => null;

    public string? ReceiptNumber => null;

    public string? ReceiptUrl => null;

    public string? Review => null;

    public string? Source => null;

    public string? SourceTransfer => null;

    public string? TransferData => null;

    /// <param name="charge">Null of a payment that another system has asked for.</param>
    /// <param name="captured">The line of the balance that taking it has made.</param>
    public static ChargeShape Of(Payment payment, Charge? charge, Id<BalanceTransaction>? captured)
    {
        var failed = payment.State == PaymentState.Declined;
        var decline = failed ? Declines.Of(payment.Code!) : null;
        return new ChargeShape(
            Basin.Payments.Charge.IdOf(payment.Id).ToString(),
            payment.AuthorizedMinor > 0 ? payment.AuthorizedMinor : payment.AmountMinor,
            payment.CapturedMinor,
            payment.RefundedMinor + payment.RefundingMinor,
            captured?.ToString(),
            BillingShape.Of(charge?.Billing ?? Customers.BillingDetails.None),
            charge?.StatementDescriptor,
            payment.CapturedMinor > 0,
            payment.CreatedAt,
            payment.Currency.ToLowerInvariant(),
            charge?.Customer?.ToString(),
            charge?.Description,
            charge?.Disputed == true,
            decline?.ErrorCode,
            decline?.Message,
            charge?.Metadata ?? new Dictionary<string, string>(),
            OutcomeShape.Of(decline),
            payment.AuthorizedMinor > 0,
            payment.Intent?.ToString(),
            charge?.Method.ToString(),
            charge is null ? null : new MethodDetailsShape(DetailsCardShape.Of(payment, charge.Card)),
            charge?.ReceiptEmail,
            payment.CapturedMinor > 0 && payment.RefundedMinor + payment.RefundingMinor == payment.CapturedMinor,
            charge?.Shipping,
            charge?.StatementDescriptor,
            charge?.StatementDescriptorSuffix,
            failed ? "failed" : payment.AuthorizedMinor > 0 ? "succeeded" : "pending",
            charge?.TransferGroup);
    }
}

internal sealed record FraudShape;

internal sealed record OutcomeShape(string NetworkStatus, string? Reason, string RiskLevel, int RiskScore, string SellerMessage, string Type)
{
    public string? AdviceCode => null;

    public string? NetworkAdviceCode => null;

    public string? NetworkDeclineCode => null;

    public static OutcomeShape Of(StripeError? decline) => decline?.DeclineCode switch
    {
        _ when decline is null => new OutcomeShape("approved_by_network", null, "normal", 10, "Payment complete.", "authorized"),
        "fraudulent" => new OutcomeShape("not_sent_to_network", "highest_risk_level", "highest", 90, "Blocked as too risky.", "blocked"),
        var reason => new OutcomeShape("declined_by_network", reason ?? decline.ErrorCode, "normal", 20, $"The bank returned the decline code `{reason ?? decline.ErrorCode}`.", "issuer_declined"),
    };
}

internal sealed record MethodDetailsShape(DetailsCardShape Card)
{
    public string Type => "card";
}

internal sealed record DetailsCardShape(
    long? AmountAuthorized, string Brand, ChecksShape Checks, string? Country, int ExpMonth, int ExpYear, string? Fingerprint, string Funding, string Last4,
    string Network)
{
    public string? AuthorizationCode => null;

    public string? ElectronicCommerceIndicator => null;

    public string? Installments => null;

    public string? Mandate => null;

    public string? NetworkTransactionId => null;

    public string RegulatedStatus => "unregulated";

    public string? ThreeDSecure => null;

    public string? TransactionLinkId => null;

    public string? Wallet => null;

    public static DetailsCardShape Of(Payment payment, CardSummary card) => new(
        payment.AuthorizedMinor > 0 ? payment.AuthorizedMinor : null, card.Brand, ChecksShape.Of(card), card.Country, card.ExpMonth, card.ExpYear,
        card.Fingerprint, card.Funding, card.Last4, card.Brand);
}
