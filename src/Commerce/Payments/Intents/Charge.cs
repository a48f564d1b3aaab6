using System.Text.Json;
using Basin.Payments.Customers;

namespace Basin.Payments;

/// <summary>
/// What an attempt was made with, and for whom: beside its payment, and with its number. A payment that another system has asked for has none.
/// </summary>
public sealed record Charge : IEntity
{
    public static string Prefix => "ch";

    public required Id<PaymentIntent> Intent { get; init; }

    public required Id<PaymentMethod> Method { get; init; }

    public required CardSummary Card { get; init; }

    public required BillingDetails Billing { get; init; }

    public Id<Customer>? Customer { get; init; }

    public string? Description { get; init; }

    public string? ReceiptEmail { get; init; }

    public string? StatementDescriptor { get; init; }

    public string? StatementDescriptorSuffix { get; init; }

    public string? TransferGroup { get; init; }

    public ShippingDetails? Shipping { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the customer takes the money back, or has.</summary>
    public bool Disputed { get; init; }

    public static Id<Charge> IdOf(Id<Payment> payment) => new(payment.Value);
}

/// <summary>All SQL of charges.</summary>
internal static class ChargesStore
{
    public static ValueTask<Charge?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Payment> payment) => snapshot.FindAsync(
        "SELECT body FROM charge WHERE tenant = $1 AND id = $2", row => row.Json(0, RecordsJson.Default.Charge), tenant.Value, payment.Value);

    public static ValueTask AddAsync(Transaction tx, Id<Tenant> tenant, Id<Payment> payment, Charge charge) => tx.SendAsync(
        "INSERT INTO charge (tenant, id, body) VALUES ($1, $2, $3)", tenant.Value, payment.Value, BodyOf(charge));

    public static ValueTask ChangeAsync(Transaction tx, Id<Tenant> tenant, Id<Payment> payment, Charge charge) => tx.SendAsync(
        "UPDATE charge SET body = $3 WHERE tenant = $1 AND id = $2", tenant.Value, payment.Value, BodyOf(charge));

    private static SqlValue BodyOf(Charge charge) => SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(charge, RecordsJson.Default.Charge));
}
