using System.Text.Json.Serialization.Metadata;

namespace Basin.Payments.Customers;

/// <summary>A place, as far as it was said.</summary>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
public sealed record PostalAddress(string? City, string? Country, string? Line1, string? Line2, string? PostalCode, string? State);

/// <summary>Where goods go.</summary>
public sealed record ShippingDetails(PostalAddress? Address, string? Carrier, string? Name, string? Phone, string? TrackingNumber);

/// <summary>Whom a merchant knows by name, to charge more than once.</summary>
public sealed record Customer : IRecord<Customer>
{
    public static string Prefix => "cus";

    static JsonTypeInfo<Customer> IRecord<Customer>.Json => RecordsJson.Default.Customer;

    public required Id<Customer> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public string? Name { get; init; }

    public string? Email { get; init; }

    public string? Phone { get; init; }

    public string? Description { get; init; }

    public PostalAddress? Address { get; init; }

    public ShippingDetails? Shipping { get; init; }

    /// <summary>What later payments use where nothing else is said.</summary>
    public Id<PaymentMethod>? DefaultMethod { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Nothing can be done with one that is deleted, yet what was paid still names it.</summary>
    public bool IsDeleted { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Lists show those of the tenant that are not deleted.</summary>
    long? IRecord<Customer>.Owner => IsDeleted ? null : Tenant.Value;

    /// <summary>The e-mail address is looked for as it is.</summary>
    string? IRecord<Customer>.Label => IsDeleted ? null : Email;
}
