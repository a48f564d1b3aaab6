using Basin.Payments.Disputes;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/disputes/object.</summary>
internal sealed record DisputeShape(
    string Id,
    long Amount,
    IReadOnlyList<BalanceTransactionShape> BalanceTransactions,
    string Charge,
    DateTimeOffset Created,
    string Currency,
    IReadOnlyDictionary<string, object?> Evidence,
    EvidenceDetailsShape EvidenceDetails,
    bool IsChargeRefundable,
    IReadOnlyDictionary<string, string> Metadata,
    string? PaymentIntent,
    string Reason,
    DisputeStatus Status)
{
    public string Object => "dispute";

    public IReadOnlyList<string> EnhancedEligibilityTypes => [];

    public string? IntendedSubmissionMethod => null;

    public bool Livemode => false;

    /// <summary>What a merchant may say; files are named by their ids.</summary>
    public static readonly IReadOnlyList<string> EvidenceNames =
    [
        "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
        "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
        "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
        "duplicate_charge_id", "product_description", "receipt", "refund_policy",
        "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
        "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
        "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
    ];

    public static DisputeShape Of(Dispute dispute, IReadOnlyList<BalanceTransaction> lines) => new(
        dispute.Id.ToString(),
        dispute.Amount.Minor,
        [.. lines.Select(line => BalanceTransactionShape.Of(line, line.CreatedAt))],
        Basin.Payments.Charge.IdOf(dispute.Payment).ToString(),
        dispute.CreatedAt,
        dispute.Amount.Currency.ToLowerInvariant(),
        EvidenceOf(dispute),
        new EvidenceDetailsShape(dispute.DueBy, dispute.Evidence.Count > 0, dispute.Submissions),
        dispute.IsInquiry,
        dispute.Metadata,
        dispute.Intent?.ToString(),
        dispute.Reason,
        dispute.Status);

    private static Dictionary<string, object?> EvidenceOf(Dispute dispute)
    {
        var evidence = EvidenceNames.ToDictionary(name => name, name => (object?)dispute.Evidence.GetValueOrDefault(name));
        evidence["enhanced_evidence"] = new NothingShape();
        return evidence;
    }
}

internal sealed record NothingShape;

internal sealed record EvidenceDetailsShape(DateTimeOffset DueBy, bool HasEvidence, int SubmissionCount)
{
    public NothingShape EnhancedEligibility => new();

    public bool PastDue => false;

    public string SubmissionMethod => "manual";
}
