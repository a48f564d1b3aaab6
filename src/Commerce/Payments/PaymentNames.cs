namespace Basin.Payments;

/// <summary>The names of states and operations as they are stored and shown.</summary>
internal static class PaymentNames
{
    private static readonly string[] States =
        ["authorizing", "authorized", "declined", "capturing", "captured", "capture_failed", "voiding", "voided", "refunding", "refunded"];

    private static readonly string[] Operations = ["authorize", "capture", "void", "refund"];

    extension(PaymentState state)
    {
        public string Name => States[(int)state];
    }

    extension(PaymentOperation operation)
    {
        public string Name => Operations[(int)operation];
    }

    public static PaymentState StateOf(string name) => (PaymentState)Array.IndexOf(States, name);
}
