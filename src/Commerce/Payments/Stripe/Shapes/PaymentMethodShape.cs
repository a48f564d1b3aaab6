using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/payment_methods/object.</summary>
internal sealed record PaymentMethodShape(
    string Id,
    string AllowRedisplay,
    BillingShape BillingDetails,
    MethodCardShape Card,
    DateTimeOffset Created,
    string? Customer,
    IReadOnlyDictionary<string, string> Metadata)
{
    public string Object => "payment_method";

    public string? CustomerAccount => null;

    public bool Livemode => false;

    public string Type => "card";

    public static PaymentMethodShape Of(PaymentMethod method) => new(
        method.Id.ToString(),
        method.AllowRedisplay,
        BillingShape.Of(method.Billing),
        MethodCardShape.Of(method.Card),
        method.CreatedAt,
        method.Customer?.ToString(),
        method.Metadata);

    /// <summary>The method as it was when it was charged.</summary>
    public static PaymentMethodShape Of(Charge charge, Payment payment) => new(
        charge.Method.ToString(),
        "unspecified",
        BillingShape.Of(charge.Billing),
        MethodCardShape.Of(charge.Card),
        payment.CreatedAt,
        charge.Customer?.ToString(),
        new Dictionary<string, string>());
}

internal sealed record BillingShape(PostalAddress Address, string? Email, string? Name, string? Phone)
{
    private static readonly PostalAddress Nowhere = new(null, null, null, null, null, null);

    public string? TaxId => null;

    public static BillingShape Of(BillingDetails billing) => new(billing.Address ?? Nowhere, billing.Email, billing.Name, billing.Phone);
}

internal sealed record MethodCardShape(
    string Brand, ChecksShape Checks, string? Country, string DisplayBrand, int ExpMonth, int ExpYear, string? Fingerprint, string Funding, string Last4,
    NetworksShape Networks)
{
    public string? GeneratedFrom => null;

    public string RegulatedStatus => "unregulated";

    public SecureUsageShape ThreeDSecureUsage => new(true);

    public string? Wallet => null;

    public static MethodCardShape Of(CardSummary card) => new(
        card.Brand, ChecksShape.Of(card), card.Country, card.Brand, card.ExpMonth, card.ExpYear, card.Fingerprint, card.Funding, card.Last4,
        new NetworksShape([card.Brand]));
}

internal sealed record SecureUsageShape(bool Supported);

internal sealed record ChecksShape(string? AddressLine1Check, string? AddressPostalCodeCheck, string? CvcCheck)
{
    public static ChecksShape Of(CardSummary card) => new(card.Line1Check, card.PostalCodeCheck, card.CvcCheck);
}

internal sealed record NetworksShape(IReadOnlyList<string> Available)
{
    public string? Preferred => null;
}
