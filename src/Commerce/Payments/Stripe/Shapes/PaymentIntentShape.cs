using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payment_intents/object.</summary>
internal sealed record PaymentIntentShape(
    string Id,
    long Amount,
    long AmountCapturable,
    long AmountReceived,
    AutomaticMethodsShape? AutomaticPaymentMethods,
    DateTimeOffset? CanceledAt,
    string? CancellationReason,
    string CaptureMethod,
    string ClientSecret,
    string ConfirmationMethod,
    DateTimeOffset Created,
    string Currency,
    string? Customer,
    string? Description,
    ErrorShape? LastPaymentError,
    string? LatestCharge,
    IReadOnlyDictionary<string, string> Metadata,
    NextActionShape? NextAction,
    string? PaymentMethod,
    string? ReceiptEmail,
    string? SetupFutureUsage,
    ShippingDetails? Shipping,
    string? StatementDescriptor,
    string? StatementDescriptorSuffix,
    IntentStatus Status,
    string? TransferGroup)
{
    public string Object => "payment_intent";

    public IReadOnlyList<string>? AllowedPaymentMethodTypes => null;

    public AmountDetailsShape AmountDetails => new();

    public string? Application => null;

    public long? ApplicationFeeAmount => null;

    public string? CustomerAccount => null;

    public IReadOnlyList<string>? ExcludedPaymentMethodTypes => null;

    public bool Livemode => false;

    public string? ManagedPayments => null;

    public string? OnBehalfOf => null;

    public string? PaymentMethodConfigurationDetails => null;

    public MethodOptionsShape PaymentMethodOptions => new();

    public IReadOnlyList<string> PaymentMethodTypes => ["card"];

    public string? PaymentRecord => null;

    public string? Processing => null;

    public string? Review => null;

    public string? Source => null;

    public string? TransferData => null;

    public static PaymentIntentShape Of(PaymentIntent intent, Payment? attempt, Charge? charge)
    {
        var status = intent.StatusWith(attempt);
        return new PaymentIntentShape(
            intent.Id.ToString(),
            intent.Amount.Minor,
            status == IntentStatus.RequiresCapture ? attempt!.AuthorizedMinor : 0,
            attempt?.CapturedMinor ?? 0,
            intent.HasAutomaticMethods ? new AutomaticMethodsShape("always", true) : null,
            intent.CanceledAt,
            intent.CancellationReason,
            intent.CapturesManually ? "manual" : "automatic",
            $"{intent.Id}_secret_{intent.Secret}",
            "automatic",
            intent.CreatedAt,
            intent.Amount.Currency.ToLowerInvariant(),
            intent.Customer?.ToString(),
            intent.Description,
            status == IntentStatus.RequiresPaymentMethod && attempt is not null ? DeclineOf(attempt, charge) : null,
            ChargeOf(attempt),
            intent.Metadata,
            status == IntentStatus.RequiresAction ? NextActionShape.Of(attempt!.ActionUrl!, intent.ReturnUrl) : null,
            (intent.Method ?? (attempt?.State == PaymentState.Declined ? null : intent.AttemptMethod))?.ToString(),
            intent.ReceiptEmail,
            intent.FutureUsage,
            intent.Shipping,
            intent.StatementDescriptor,
            intent.StatementDescriptorSuffix,
            status,
            intent.TransferGroup);
    }

    /// <summary>An attempt that waits for the customer is no charge yet.</summary>
    private static string? ChargeOf(Payment? attempt) =>
        attempt is null or { State: PaymentState.Authorizing or PaymentState.ActionRequired or PaymentState.Completing }
            ? null
            : Basin.Payments.Charge.IdOf(attempt.Id).ToString();

    public static ErrorShape DeclineOf(Payment attempt, Charge? charge)
    {
        var error = Declines.Of(attempt.Code ?? "card_declined");
        return new ErrorShape(
            error.Type,
            error.ErrorCode,
            error.DeclineCode,
            error.Message,
            error.Param,
            ChargeOf(attempt),
            charge is null ? null : PaymentMethodShape.Of(charge, attempt));
    }
}

/// <param name="Enabled">Always.</param>
internal sealed record AutomaticMethodsShape(string AllowRedirects, bool Enabled);

internal sealed record AmountDetailsShape
{
    public TipShape Tip => new();
}

internal sealed record TipShape;

internal sealed record MethodOptionsShape
{
    public CardOptionsShape Card => new();
}

internal sealed record CardOptionsShape
{
    public string? Installments => null;

    public string? MandateOptions => null;

    public string? Network => null;

    public string RequestThreeDSecure => "automatic";
}

/// <summary>What the customer has to do.</summary>
/// <param name="RedirectToUrl">Null where the page has no way back.</param>
internal sealed record NextActionShape(
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RedirectShape? RedirectToUrl,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SdkShape? UseStripeSdk)
{
    public static NextActionShape Of(string url, string? returnUrl) => returnUrl is null
        ? new NextActionShape("use_stripe_sdk", null, new SdkShape("three_d_secure_redirect", url))
        : new NextActionShape("redirect_to_url", new RedirectShape(returnUrl, url), null);
}

internal sealed record RedirectShape(string? ReturnUrl, string Url);

internal sealed record SdkShape(string Type, string StripeJs);

/// <summary>An error inside another object.</summary>
internal sealed record ErrorShape(
    string Type,
    string? Code,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DeclineCode,
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Charge,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PaymentMethodShape? PaymentMethod);
