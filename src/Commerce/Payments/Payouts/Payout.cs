using System.Text.Json.Serialization.Metadata;
using Basin.Payments.Stripe;

namespace Basin.Payments.Payouts;

[JsonConverter(typeof(SnakeCaseEnumConverter<PayoutStatus>))]
public enum PayoutStatus
{
    /// <summary>On its way to the bank.</summary>
    Pending,

    Paid,
}

/// <summary>What a provider owes goes to the merchant's bank.</summary>
public sealed record Payout : IRecord<Payout>
{
    private static readonly TimeSpan Way = TimeSpan.FromDays(2);

    public static string Prefix => "po";

    static JsonTypeInfo<Payout> IRecord<Payout>.Json => RecordsJson.Default.Payout;

    public required Id<Payout> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required Money Amount { get; init; }

    public required string Provider { get; init; }

    public PayoutStatus Status { get; init; }

    public string? Description { get; init; }

    public string? StatementDescriptor { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public Id<BalanceTransaction> Line { get; init; }

    public DateTimeOffset ArrivesAt { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<Payout>.Owner => null;

    string? IRecord<Payout>.Label => PayoutShape.StatusOf(Status);

    internal static DateTimeOffset ArrivalAfter(DateTimeOffset now) => now + Way;
}

/// <summary>A payout has reached the bank.</summary>
public sealed record PayoutArrival(Id<Payout> Payout) : IJob<PayoutArrival>
{
    static JobType<PayoutArrival> IJob<PayoutArrival>.Type { get; } = new("payments.payout-arrival.v1", Payouts.Payout.Prefix, RecordsJson.Default.PayoutArrival);

    long IJob<PayoutArrival>.Key => Payout.Value;
}
