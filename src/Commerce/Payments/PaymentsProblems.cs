namespace Basin.Payments;

/// <summary>What Payments refuses.</summary>
public static class PaymentsProblems
{
    public static readonly Problem NotCaptured = new(409, "payment_not_captured", "Only money that was taken can be given back.");
    public static readonly Problem AlreadyRefunded = new(409, "payment_already_refunded", "The money goes back already.");

    public static IReadOnlyList<Problem> All => [NotCaptured, AlreadyRefunded];
}
