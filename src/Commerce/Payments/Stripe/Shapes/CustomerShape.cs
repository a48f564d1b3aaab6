using Basin.Payments.Customers;

namespace Basin.Payments.Stripe;

/// <summary>https://docs.stripe.com/api/customers/object.</summary>
internal sealed record CustomerShape(
    string Id,
    PostalAddress? Address,
    DateTimeOffset Created,
    string? Description,
    string? Email,
    InvoiceSettingsShape InvoiceSettings,
    IReadOnlyDictionary<string, string> Metadata,
    string? Name,
    string? Phone,
    ShippingDetails? Shipping)
{
    public string Object => "customer";

    public long Balance => 0;

    public string? Currency => null;

    public string? DefaultSource => null;

    public bool Delinquent => false;

    public string? Discount => null;

    public bool Livemode => false;

    public IReadOnlyList<string> PreferredLocales => [];

    public string TaxExempt => "none";

    public string? TestClock => null;

    public static CustomerShape Of(Customer customer) => new(
        customer.Id.ToString(),
        customer.Address,
        customer.CreatedAt,
        customer.Description,
        customer.Email,
        new InvoiceSettingsShape(customer.DefaultMethod?.ToString()),
        customer.Metadata,
        customer.Name,
        customer.Phone,
        customer.Shipping);
}

internal sealed record InvoiceSettingsShape(string? DefaultPaymentMethod)
{
    public IReadOnlyList<string>? CustomFields => null;

    public string? Footer => null;

    public string? RenderingOptions => null;
}

/// <summary>What is left of an object that was deleted.</summary>
internal sealed record DeletedShape(string Id, string Object)
{
    public bool Deleted => true;
}
