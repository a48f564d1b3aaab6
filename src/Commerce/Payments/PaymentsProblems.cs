namespace Basin.Payments;

/// <summary>What Payments refuses.</summary>
public static class PaymentsProblems
{
    public static readonly Problem NotCaptured = new(409, "payment_not_captured", "Only money that was taken can be given back.");
    public static readonly Problem AlreadyRefunded = new(409, "payment_already_refunded", "The money goes back already.");
    public static readonly Problem RefundTooLarge = new(409, "refund_too_large", "More cannot be given back than was taken.");
    public static readonly Problem Disputed = new(409, "payment_disputed", "The customer's bank takes the money back already, or has.");
    public static readonly Problem NoticeNotSigned = new(400, "notice_not_signed", "The provider has not signed this.");
    public static readonly Problem NoticeTooEarly = new(409, "notice_too_early", "What it is about is not known yet. Send it again.");

    public static readonly Problem ProviderUnavailable = new(
        503, "payment_provider_unavailable", "The payment provider does not answer; try again soon.")
    {
        RetryAfter = TimeSpan.FromSeconds(2),
    };

    public static IReadOnlyList<Problem> All => [NotCaptured, AlreadyRefunded, RefundTooLarge, Disputed, ProviderUnavailable, NoticeNotSigned, NoticeTooEarly];
}
