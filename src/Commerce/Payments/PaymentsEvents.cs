using Basin.Payments.Providers;
using Basin.Payments.Reconciling;

namespace Basin.Payments;

/// <summary>
/// Asks for an authorization. The asker gives the id, so that asking twice makes one payment; an order uses its own number.
/// Answered by <see cref="PaymentAuthorized"/> or <see cref="PaymentDeclined"/>.
/// </summary>
/// <param name="AmountMinor">In the currency's minor unit.</param>
/// <param name="Token">A provider's token, never a card number.</param>
public sealed record PaymentRequested(Id<Payment> Payment, long AmountMinor, string Currency, string Token) : IEvent<PaymentRequested>
{
    public static EventType<PaymentRequested> Type { get; } = new("basin.payments.payment-requested.v1", "pay", PaymentsJson.Default.PaymentRequested);

    public long Key => Payment.Value;
}

/// <summary>Asks to take the whole authorized amount. Answered by <see cref="PaymentCaptured"/> or <see cref="PaymentCaptureFailed"/>.</summary>
public sealed record PaymentCaptureRequested(Id<Payment> Payment) : IEvent<PaymentCaptureRequested>
{
    public static EventType<PaymentCaptureRequested> Type { get; } =
        new("basin.payments.payment-capture-requested.v1", "pay", PaymentsJson.Default.PaymentCaptureRequested);

    public long Key => Payment.Value;
}

/// <summary>
/// Asks to give the money back, however far the payment has come. Answered by exactly one <see cref="PaymentReleased"/>, also when nothing was held.
/// </summary>
public sealed record PaymentReleaseRequested(Id<Payment> Payment) : IEvent<PaymentReleaseRequested>
{
    public static EventType<PaymentReleaseRequested> Type { get; } =
        new("basin.payments.payment-release-requested.v1", "pay", PaymentsJson.Default.PaymentReleaseRequested);

    public long Key => Payment.Value;
}

public sealed record PaymentAuthorized(Id<Payment> Payment, long AmountMinor, string Currency) : IEvent<PaymentAuthorized>
{
    public static EventType<PaymentAuthorized> Type { get; } = new("basin.payments.payment-authorized.v1", "pay", PaymentsJson.Default.PaymentAuthorized);

    public long Key => Payment.Value;
}

/// <param name="Code">Such as <c>card_declined</c> or <c>insufficient_funds</c>.</param>
public sealed record PaymentDeclined(Id<Payment> Payment, string Code) : IEvent<PaymentDeclined>
{
    public static EventType<PaymentDeclined> Type { get; } = new("basin.payments.payment-declined.v1", "pay", PaymentsJson.Default.PaymentDeclined);

    public long Key => Payment.Value;
}

public sealed record PaymentCaptured(Id<Payment> Payment, long AmountMinor, string Currency) : IEvent<PaymentCaptured>
{
    public static EventType<PaymentCaptured> Type { get; } = new("basin.payments.payment-captured.v1", "pay", PaymentsJson.Default.PaymentCaptured);

    public long Key => Payment.Value;
}

public sealed record PaymentCaptureFailed(Id<Payment> Payment, string Code) : IEvent<PaymentCaptureFailed>
{
    public static EventType<PaymentCaptureFailed> Type { get; } =
        new("basin.payments.payment-capture-failed.v1", "pay", PaymentsJson.Default.PaymentCaptureFailed);

    public long Key => Payment.Value;
}

/// <param name="RefundedMinor">What was captured and went back; 0 when it was only held, or nothing was.</param>
public sealed record PaymentReleased(Id<Payment> Payment, long RefundedMinor) : IEvent<PaymentReleased>
{
    public static EventType<PaymentReleased> Type { get; } = new("basin.payments.payment-released.v1", "pay", PaymentsJson.Default.PaymentReleased);

    public long Key => Payment.Value;
}

/// <summary>The customer has to prove who they are before the provider goes on.</summary>
public sealed record PaymentActionRequired(Id<Payment> Payment) : IEvent<PaymentActionRequired>
{
    public static EventType<PaymentActionRequired> Type { get; } =
        new("basin.payments.payment-action-required.v1", "pay", PaymentsJson.Default.PaymentActionRequired);

    public long Key => Payment.Value;
}

/// <summary>As much is held as before.</summary>
public sealed record PaymentIncrementRefused(Id<Payment> Payment, string Code) : IEvent<PaymentIncrementRefused>
{
    public static EventType<PaymentIncrementRefused> Type { get; } =
        new("basin.payments.payment-increment-refused.v1", "pay", PaymentsJson.Default.PaymentIncrementRefused);

    public long Key => Payment.Value;
}

/// <summary>Money that was to go back did not.</summary>
public sealed record PaymentRefundFailed(Id<Payment> Payment, Id<Refund> Refund, long AmountMinor, string Code) : IEvent<PaymentRefundFailed>
{
    public static EventType<PaymentRefundFailed> Type { get; } =
        new("basin.payments.payment-refund-failed.v1", "pay", PaymentsJson.Default.PaymentRefundFailed);

    public long Key => Payment.Value;
}

[JsonSerializable(typeof(PaymentActionRequired))]
[JsonSerializable(typeof(PaymentIncrementRefused))]
[JsonSerializable(typeof(PaymentRefundFailed))]
[JsonSerializable(typeof(PaymentRequested))]
[JsonSerializable(typeof(PaymentCaptureRequested))]
[JsonSerializable(typeof(PaymentReleaseRequested))]
[JsonSerializable(typeof(PaymentAuthorized))]
[JsonSerializable(typeof(PaymentDeclined))]
[JsonSerializable(typeof(PaymentCaptured))]
[JsonSerializable(typeof(PaymentCaptureFailed))]
[JsonSerializable(typeof(PaymentReleased))]
[JsonSerializable(typeof(ProviderCall))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(List<PaymentStep>))]
[JsonSerializable(typeof(PaymentView))]
[JsonSerializable(typeof(Page<PaymentView>))]
[JsonSerializable(typeof(RefundRequest))]
[JsonSerializable(typeof(NewReconciliation))]
[JsonSerializable(typeof(ReconciliationView))]
[JsonSerializable(typeof(Page<ReconciliationView>))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class PaymentsJson : JsonSerializerContext;
