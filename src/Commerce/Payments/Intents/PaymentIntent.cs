using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Payments.Customers;

namespace Basin.Payments;

[JsonConverter(typeof(SnakeCaseEnumConverter<IntentStatus>))]
public enum IntentStatus
{
    RequiresPaymentMethod,
    RequiresConfirmation,

    /// <summary>The customer has to prove who they are.</summary>
    RequiresAction,

    /// <summary>The provider is asked.</summary>
    Processing,

    /// <summary>Held, not taken.</summary>
    RequiresCapture,

    Succeeded,
    Canceled,
}

/// <summary>
/// What a merchant wants to be paid, over however many attempts. Each attempt is a <see cref="Payment"/>; where the intent stands is what became of the
/// last one, so that nothing is said twice.
/// </summary>
public sealed record PaymentIntent : IRecord<PaymentIntent>
{
    public static string Prefix => "pi";

    static JsonTypeInfo<PaymentIntent> IRecord<PaymentIntent>.Json => RecordsJson.Default.PaymentIntent;

    public required Id<PaymentIntent> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required Money Amount { get; init; }

    /// <summary>Lets a page of the customer's look at this one intent.</summary>
    public required string Secret { get; init; }

    public Id<Customer>? Customer { get; init; }

    public Id<PaymentMethod>? Method { get; init; }

    /// <summary>Whether the merchant says when the money is taken.</summary>
    public bool CapturesManually { get; init; }

    /// <summary><c>off_session</c>, <c>on_session</c> or null: whether the method is kept for the customer.</summary>
    public string? FutureUsage { get; init; }

    /// <summary>What the merchant asks for by name; null where any method will do.</summary>
    public bool HasAutomaticMethods { get; init; }

    public string? Description { get; init; }

    public string? ReceiptEmail { get; init; }

    public string? ReturnUrl { get; init; }

    public ShippingDetails? Shipping { get; init; }

    public string? StatementDescriptor { get; init; }

    public string? StatementDescriptorSuffix { get; init; }

    public string? TransferGroup { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>The last attempt.</summary>
    public Id<Payment>? Attempt { get; init; }

    /// <summary>The method of the last attempt, which a declined intent no longer has.</summary>
    public Id<PaymentMethod>? AttemptMethod { get; init; }

    public DateTimeOffset? CanceledAt { get; init; }

    public string? CancellationReason { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<PaymentIntent>.Owner => Customer?.Value;

    string? IRecord<PaymentIntent>.Label => null;

    /// <param name="attempt">The payment that <see cref="Attempt"/> names.</param>
    internal IntentStatus StatusWith(Payment? attempt) => attempt?.State switch
    {
        _ when CanceledAt is not null => IntentStatus.Canceled,
        PaymentState.Authorizing or PaymentState.Completing or PaymentState.Capturing => IntentStatus.Processing,
        PaymentState.ActionRequired => IntentStatus.RequiresAction,
        PaymentState.Authorized or PaymentState.Incrementing => IntentStatus.RequiresCapture,
        PaymentState.CaptureFailed when CapturesManually => IntentStatus.RequiresCapture,
        PaymentState.Captured or PaymentState.Refunding or PaymentState.Refunded => IntentStatus.Succeeded,
        PaymentState.Voiding or PaymentState.Voided => IntentStatus.Canceled,
        _ => Method is null ? IntentStatus.RequiresPaymentMethod : IntentStatus.RequiresConfirmation,
    };

    /// <summary>Goes to a provider.</summary>
    /// <param name="before">The last attempt.</param>
    /// <exception cref="ProblemException">It cannot be confirmed now.</exception>
    internal (PaymentIntent Intent, Decision Attempt) Confirm(Payment? before, Id<Payment> payment, PaymentMethod method, string provider)
    {
        Demand("confirm", before, IntentStatus.RequiresPaymentMethod, IntentStatus.RequiresConfirmation);
        // A method that was declined has to be named again.
        var confirmed = this with { Method = null, Attempt = payment, AttemptMethod = method.Id };
        return (confirmed, Payment.Attempt(payment, this, provider));
    }

    /// <exception cref="ProblemException">There is nothing to take, or less.</exception>
    internal Decision Capture(Payment? attempt, long? amountMinor)
    {
        Demand("capture", attempt, IntentStatus.RequiresCapture);
        if (amountMinor > attempt!.AuthorizedMinor)
        {
            throw StripeErrors.Invalid(
                "amount_to_capture",
                $"The requested capture amount is greater than the authorized amount. You can capture up to {attempt.AuthorizedMinor}.",
                "amount_too_large").Refusal();
        }
        return attempt.RequestCapture(amountMinor) ?? throw Unexpected("capture", IntentStatus.Processing);
    }

    /// <summary>Ends it; what is held is given free.</summary>
    /// <exception cref="ProblemException">It has ended already, or the provider is being asked.</exception>
    internal (PaymentIntent Intent, Decision? Release) Cancel(Payment? attempt, string? reason, DateTimeOffset now)
    {
        Demand(
            "cancel", attempt,
            IntentStatus.RequiresPaymentMethod, IntentStatus.RequiresConfirmation, IntentStatus.RequiresAction, IntentStatus.RequiresCapture);
        return (this with { CanceledAt = now, CancellationReason = reason }, attempt?.RequestRelease());
    }

    /// <summary>Its own amount grows when the provider holds more.</summary>
    /// <exception cref="ProblemException">Nothing is held, or as much already.</exception>
    internal Decision Increment(Payment? attempt, long amountMinor)
    {
        Demand("increment_authorization on", attempt, IntentStatus.RequiresCapture);
        if (amountMinor <= attempt!.AuthorizedMinor)
        {
            throw StripeErrors.Invalid(
                "amount", $"The amount must be greater than the currently authorized amount of {attempt.AuthorizedMinor}.").Refusal();
        }
        return attempt.Increment(amountMinor) ?? throw Unexpected("increment_authorization on", IntentStatus.Processing);
    }

    /// <exception cref="ProblemException">Its status is none of these.</exception>
    internal void Demand(string action, Payment? attempt, params ReadOnlySpan<IntentStatus> allowed)
    {
        var status = StatusWith(attempt);
        if (!allowed.Contains(status))
            throw Unexpected(action, status);
    }

    private static ProblemException Unexpected(string action, IntentStatus status) => StripeErrors.Invalid(
        null,
        $"This PaymentIntent's status is {JsonNamingPolicy.SnakeCaseLower.ConvertName($"{status}")}: you cannot {action} this PaymentIntent now.",
        "payment_intent_unexpected_state").Refusal();
}
