using System.Text.Json.Serialization.Metadata;
using Basin.Vault;

namespace Basin.Payments.Customers;

/// <summary>What everybody may know of a card.</summary>
/// <param name="Brand">In Stripe's words: <c>visa</c>, <c>amex</c>, ...</param>
/// <param name="Fingerprint">The same for the same number in one tenant.</param>
/// <param name="Funding"><c>credit</c>, <c>debit</c>, <c>prepaid</c> or <c>unknown</c>.</param>
/// <param name="CvcCheck"><c>pass</c>, <c>fail</c>, <c>unchecked</c>; null when no code was given. Likewise the others.</param>
public sealed record CardSummary(
    string Brand, string Last4, int ExpMonth, int ExpYear, string? Fingerprint, string Funding, string? Country, string? CvcCheck = null,
    string? Line1Check = null, string? PostalCodeCheck = null);

/// <summary>Whose card it is, as far as it was said.</summary>
public sealed record BillingDetails(PostalAddress? Address, string? Email, string? Name, string? Phone)
{
    public static readonly BillingDetails None = new(null, null, null, null);

    /// <summary>With what was typed with the card, where nothing else was said.</summary>
    internal BillingDetails OrOf(CardHolder holder) => this with
    {
        Name = Name ?? holder.Name,
        Address = Address ?? (holder is { AddressLine1: null, PostalCode: null } ? null
            : new PostalAddress(null, null, holder.AddressLine1, null, holder.PostalCode, null)),
    };
}

/// <summary>Something that can be charged: a card in the vault, or one of the sandbox's.</summary>
public sealed record PaymentMethod : IRecord<PaymentMethod>
{
    public static string Prefix => "pm";

    static JsonTypeInfo<PaymentMethod> IRecord<PaymentMethod>.Json => RecordsJson.Default.PaymentMethod;

    public required Id<PaymentMethod> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required CardSummary Card { get; init; }

    /// <summary>The vault's name of the card; null where there is a token.</summary>
    public string? VaultCard { get; init; }

    /// <summary>A provider's token that stands for the card.</summary>
    public string? Token { get; init; }

    /// <summary>Whose it is; one that was used, or taken off a customer, without one cannot be used again.</summary>
    public Id<Customer>? Customer { get; init; }

    public BillingDetails Billing { get; init; } = BillingDetails.None;

    /// <summary>Whether the customer has proved who they are when it was kept for later.</summary>
    public bool IsSetUp { get; init; }

    /// <summary>Whether it was charged, or taken off a customer.</summary>
    public bool IsSpent { get; init; }

    /// <summary><c>always</c>, <c>limited</c> or <c>unspecified</c>.</summary>
    public string AllowRedisplay { get; init; } = "unspecified";

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<PaymentMethod>.Owner => Customer?.Value;

    string? IRecord<PaymentMethod>.Label => null;

    internal PaymentSource Source => new(Token, VaultCard, Card.Brand, IsSetUp);

    /// <summary>The method as a customer's; itself when it is theirs already.</summary>
    /// <exception cref="ProblemException">It is another's, or was taken off one.</exception>
    internal PaymentMethod AttachTo(Id<Customer> customer)
    {
        if (Customer is not null && Customer != customer)
            throw Unexpected("The payment method you provided has already been attached to a customer.");
        DemandUsable("payment_method");
        return this with { Customer = customer };
    }

    /// <summary>Takes it off its customer, for good.</summary>
    /// <exception cref="ProblemException">It is nobody's.</exception>
    internal PaymentMethod Detach() => Customer is not null
        ? this with { Customer = null, IsSpent = true }
        : throw Unexpected("The payment method you provided is not attached to a customer so detachment is impossible.");

    /// <summary>The dates of a card that was issued anew. The vault's own stay as they were typed.</summary>
    /// <exception cref="ProblemException">It has run out, or it is too good to be true.</exception>
    internal CardSummary Renew(int? month, int? year, DateTimeOffset now)
    {
        const int maxYears = 50;
        var (expMonth, expYear) = (month ?? Card.ExpMonth, year ?? Card.ExpYear);
        var today = now.UtcDateTime;
        if (expMonth is < 1 or > 12)
            throw (StripeErrors.CardError("invalid_expiry_month", "Your card's expiration month is invalid.") with { Param = "exp_month" }).Refusal();
        if ((expYear, expMonth).CompareTo((today.Year, today.Month)) < 0 || expYear > today.Year + maxYears)
            throw (StripeErrors.CardError("invalid_expiry_year", "Your card's expiration year is invalid.") with { Param = "exp_year" }).Refusal();
        return Card with { ExpMonth = expMonth, ExpYear = expYear };
    }

    /// <exception cref="ProblemException">It was used, or taken off a customer, and is nobody's.</exception>
    internal void DemandUsable(string param)
    {
        if (IsSpent && Customer is null)
        {
            throw Unexpected(
                "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, "
                + "and may not be used again.",
                param);
        }
    }

    internal static ProblemException Unexpected(string sentence, string? param = null) =>
        StripeErrors.Invalid(param, sentence, "payment_method_unexpected_state").Refusal();
}
