namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/refunds/object.</summary>
internal sealed record RefundShape(
    string Id,
    long Amount,
    string? BalanceTransaction,
    string Charge,
    DateTimeOffset Created,
    string Currency,
    string? Customer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FailureReason,
    IReadOnlyDictionary<string, string> Metadata,
    string? PaymentIntent,
    string? PaymentMethod,
    string? Reason,
    string Status)
{
    public string Object => "refund";

    public string? CustomerAccount => null;

    public string? ReceiptNumber => null;

    public string? SourceTransferReversal => null;

    public string? TransferReversal => null;

    public static RefundShape Of(Refund refund, Payment payment, Charge? charge, Id<BalanceTransaction>? returned) => new(
        refund.Id.ToString(),
        refund.AmountMinor,
        returned?.ToString(),
        Basin.Payments.Charge.IdOf(payment.Id).ToString(),
        refund.CreatedAt,
        payment.Currency.ToLowerInvariant(),
        charge?.Customer?.ToString(),
        refund.Code,
        refund.Metadata,
        payment.Intent?.ToString(),
        charge?.Method.ToString(),
        Reasons.Contains(refund.Reason) ? refund.Reason : null,
        refund.State switch { RefundState.Pending => "pending", RefundState.Succeeded => "succeeded", _ => "failed" });

    /// <summary>What a caller may say; an operator's sentence is not for the API.</summary>
    public static readonly IReadOnlyList<string?> Reasons = ["duplicate", "fraudulent", "requested_by_customer"];
}
