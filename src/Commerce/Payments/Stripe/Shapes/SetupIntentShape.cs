using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/setup_intents/object.</summary>
internal sealed record SetupIntentShape(
    string Id,
    AutomaticMethodsShape? AutomaticPaymentMethods,
    string? CancellationReason,
    string ClientSecret,
    DateTimeOffset Created,
    string? Customer,
    string? Description,
    ErrorShape? LastSetupError,
    IReadOnlyDictionary<string, string> Metadata,
    NextActionShape? NextAction,
    string? PaymentMethod,
    SetupStatus Status,
    string Usage)
{
    public string Object => "setup_intent";

    public IReadOnlyList<string>? AllowedPaymentMethodTypes => null;

    public string? Application => null;

    public string? CustomerAccount => null;

    public IReadOnlyList<string>? ExcludedPaymentMethodTypes => null;

    public IReadOnlyList<string>? FlowDirections => null;

    public string? LatestAttempt => null;

    public bool Livemode => false;

    public string? Mandate => null;

    public string? OnBehalfOf => null;

    public string? PaymentMethodConfigurationDetails => null;

    public SetupOptionsShape PaymentMethodOptions => new();

    public IReadOnlyList<string> PaymentMethodTypes => ["card"];

    public string? SingleUseMandate => null;

    public static SetupIntentShape Of(SetupIntent intent) => new(
        intent.Id.ToString(),
        intent.HasAutomaticMethods ? new AutomaticMethodsShape("always", true) : null,
        intent.CancellationReason,
        $"{intent.Id}_secret_{intent.Secret}",
        intent.CreatedAt,
        intent.Customer?.ToString(),
        intent.Description,
        intent.FailureCode is { } code ? ErrorOf(code) : null,
        intent.Metadata,
        intent.Status == SetupStatus.RequiresAction ? NextActionShape.Of(intent.ActionUrl!, intent.ReturnUrl) : null,
        intent.Method?.ToString(),
        intent.Status,
        intent.Usage);

    private static ErrorShape ErrorOf(string code)
    {
        var error = Declines.Of(code);
        return new ErrorShape(error.Type, error.ErrorCode, error.DeclineCode, error.Message, error.Param, null, null);
    }
}

internal sealed record SetupOptionsShape
{
    public SetupCardOptionsShape Card => new();
}

internal sealed record SetupCardOptionsShape
{
    public string? MandateOptions => null;

    public string? Network => null;

    public string RequestThreeDSecure => "automatic";
}
