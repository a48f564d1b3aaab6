using System.Text.Json.Serialization;

namespace Basin.Payments.Providers;

/// <summary>
/// Whoever moves the money. Calls are idempotent: the same key has one effect and always the same outcome. An exception, or no answer in time, says
/// nothing about the outcome.
/// </summary>
public interface IPaymentProvider
{
    /// <summary>Does what is asked, once per key.</summary>
    Task<ProviderOutcome> CallAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation);

    /// <summary>The outcome of a former call with this key, or null when the provider has never heard of it.</summary>
    Task<ProviderOutcome?> FindAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation);

    /// <summary>All charges whose payments are after one id and up to another, for comparison with the own books.</summary>
    Task<IReadOnlyList<ProviderCharge>> ListChargesAsync(Id<Tenant> tenant, Id<Payment> after, Id<Payment> through, CancellationToken cancellation);
}

/// <summary>One thing to do. It is also the job that stays until the outcome is known.</summary>
/// <param name="AmountMinor">In the currency's minor unit.</param>
/// <param name="Token">What to charge; only to authorize.</param>
/// <param name="Charge">What the provider called the authorization; not to authorize.</param>
/// <param name="At">When it was decided.</param>
public sealed record ProviderCall(
    Id<Payment> Payment, PaymentOperation Operation, long AmountMinor, string Currency, string? Token, string? Charge, DateTimeOffset At)
    : IJob<ProviderCall>
{
    static JobType<ProviderCall> IJob<ProviderCall>.Type { get; } = new("payments.provider-call.v1", "pay", PaymentsJson.Default.ProviderCall);

    long IJob<ProviderCall>.Key => Payment.Value;

    /// <summary>The provider's idempotency key: one operation of a kind per payment, however often it is asked.</summary>
    [JsonIgnore]
    public string Key => $"{Payment}:{Operation.Name}";
}

/// <param name="Charge">The provider's name for what it holds.</param>
/// <param name="Code">Why it refuses; null means success.</param>
public sealed record ProviderOutcome(string? Charge, string? Code)
{
    public bool Succeeded => Code is null;
}

/// <summary>What a provider has in its books.</summary>
public sealed record ProviderCharge(
    string Charge, Id<Payment> Payment, string Currency, long AuthorizedMinor, long CapturedMinor, long RefundedMinor, bool Voided);

internal static class PaymentOperations
{
    private static readonly string[] Names = ["authorize", "capture", "void", "refund"];

    extension(PaymentOperation operation)
    {
        public string Name => Names[(int)operation];
    }
}
