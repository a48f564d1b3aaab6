using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Payments.Providers;

namespace Basin.Payments.Customers;

[JsonConverter(typeof(SnakeCaseEnumConverter<SetupStatus>))]
public enum SetupStatus
{
    RequiresPaymentMethod,
    RequiresConfirmation,

    /// <summary>The customer has to prove who they are.</summary>
    RequiresAction,

    Succeeded,
    Canceled,
}

/// <summary>Keeps a payment method for later, with the customer's proof where their bank wants one.</summary>
public sealed record SetupIntent : IRecord<SetupIntent>
{
    public static string Prefix => "seti";

    static JsonTypeInfo<SetupIntent> IRecord<SetupIntent>.Json => RecordsJson.Default.SetupIntent;

    public required Id<SetupIntent> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public SetupStatus Status { get; init; }

    /// <summary>Lets a page of the customer's look at this one intent.</summary>
    public required string Secret { get; init; }

    public Id<Customer>? Customer { get; init; }

    public Id<PaymentMethod>? Method { get; init; }

    /// <summary><c>off_session</c> or <c>on_session</c>.</summary>
    public string Usage { get; init; } = "off_session";

    /// <summary>What the merchant asks for by name; null where any method will do.</summary>
    public bool HasAutomaticMethods { get; init; }

    public string? Description { get; init; }

    public string? ReturnUrl { get; init; }

    /// <summary>Where the customer proves who they are.</summary>
    public string? ActionUrl { get; init; }

    public string? CancellationReason { get; init; }

    /// <summary>How often a provider was asked; each attempt has a key of its own there.</summary>
    public int Attempts { get; init; }

    /// <summary>Whom the last attempt asked.</summary>
    public string? Provider { get; init; }

    /// <summary>Whether the last attempt has begun and has no outcome yet: the customer's action is one.</summary>
    public bool IsAsking { get; init; }

    /// <summary>Why the last attempt failed, and with what.</summary>
    public string? FailureCode { get; init; }

    /// <inheritdoc cref="FailureCode"/>
    public Id<PaymentMethod>? FailedMethod { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<SetupIntent>.Owner => Customer?.Value;

    /// <summary>Lists ask for the intents of a method.</summary>
    string? IRecord<SetupIntent>.Label => (Method ?? FailedMethod)?.ToString();

    /// <summary>The provider's key of the last attempt.</summary>
    internal string AttemptKey => $"{Id}:{Attempts}";

    /// <summary>Names what is to be kept. An attempt with another method counts no more.</summary>
    internal SetupIntent Choose(Id<PaymentMethod> method) => this with
    {
        Status = SetupStatus.RequiresConfirmation,
        Method = method,
        ActionUrl = null,
        IsAsking = false,
    };

    /// <summary>Goes to a provider. Until it has answered nothing has happened, as others see it.</summary>
    /// <exception cref="ProblemException">It cannot be confirmed now.</exception>
    internal SetupIntent Confirm(PaymentMethod method, string provider)
    {
        Demand("confirm", SetupStatus.RequiresPaymentMethod, SetupStatus.RequiresConfirmation);
        return Choose(method.Id) with { Attempts = Attempts + 1, Provider = provider, IsAsking = true, FailureCode = null, FailedMethod = null };
    }

    /// <summary>What has become of the last attempt.</summary>
    internal SetupIntent After(ProviderOutcome outcome) => outcome switch
    {
        { ActionUrl: { } url } => this with { Status = SetupStatus.RequiresAction, ActionUrl = url, IsAsking = false },
        { Code: { } code } => this with
        {
            Status = SetupStatus.RequiresPaymentMethod,
            Method = null,
            ActionUrl = null,
            IsAsking = false,
            FailureCode = code == AuthenticationFailed ? $"setup_{AuthenticationFailed}" : code,
            FailedMethod = Method,
        },
        _ => this with { Status = SetupStatus.Succeeded, ActionUrl = null, IsAsking = false },
    };

    /// <exception cref="ProblemException">It has ended.</exception>
    internal SetupIntent Cancel(string? reason)
    {
        Demand("cancel", SetupStatus.RequiresPaymentMethod, SetupStatus.RequiresConfirmation, SetupStatus.RequiresAction);
        return this with { Status = SetupStatus.Canceled, CancellationReason = reason, ActionUrl = null, IsAsking = false };
    }

    /// <exception cref="ProblemException">Its status is none of these.</exception>
    internal void Demand(string action, params ReadOnlySpan<SetupStatus> allowed)
    {
        if (!allowed.Contains(Status))
        {
            throw StripeErrors.Invalid(
                null,
                $"You cannot {action} this SetupIntent because it has a status of {JsonNamingPolicy.SnakeCaseLower.ConvertName($"{Status}")}.",
                "setup_intent_unexpected_state").Refusal();
        }
    }

    /// <exception cref="ProblemException">The method is another customer's.</exception>
    internal void DemandSameCustomer(PaymentMethod? method)
    {
        if (method?.Customer is { } owner && owner != Customer)
        {
            throw StripeErrors.Invalid(
                "payment_method",
                $"The payment method {method.Id} belongs to the customer {owner}. Name that customer on the SetupIntent.",
                "payment_method_customer_mismatch").Refusal();
        }
    }

    private const string AuthenticationFailed = "authentication_failed";
}
