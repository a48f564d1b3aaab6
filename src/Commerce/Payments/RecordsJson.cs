using Basin.Payments.Customers;
using Basin.Payments.Disputes;
using Basin.Payments.Payouts;
using Basin.Payments.Providers;
using Basin.Payments.Reconciling;
using Basin.Payments.Stripe;

namespace Basin.Payments;

/// <summary>How records are stored.</summary>
[JsonSerializable(typeof(Customer))]
[JsonSerializable(typeof(PaymentMethod))]
[JsonSerializable(typeof(SetupIntent))]
[JsonSerializable(typeof(CustomerUpkeep))]
[JsonSerializable(typeof(MethodKeep))]
[JsonSerializable(typeof(PaymentIntent))]
[JsonSerializable(typeof(Charge))]
[JsonSerializable(typeof(Dispute))]
[JsonSerializable(typeof(DisputeAnswer))]
[JsonSerializable(typeof(Payout))]
[JsonSerializable(typeof(PayoutArrival))]
[JsonSerializable(typeof(ProviderNotice))]
[JsonSerializable(typeof(SandboxNotice))]
[JsonSerializable(typeof(StripeEvent))]
[JsonSerializable(typeof(Reconciliation))]
[JsonSerializable(typeof(ReconciliationStep))]
[JsonSerializable(typeof(ReconciliationDue))]
[JsonSerializable(typeof(IReadOnlyCollection<long>))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class RecordsJson : JsonSerializerContext;
