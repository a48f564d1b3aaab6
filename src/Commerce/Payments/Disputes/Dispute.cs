using System.Text.Json.Serialization.Metadata;

namespace Basin.Payments.Disputes;

[JsonConverter(typeof(SnakeCaseEnumConverter<DisputeStatus>))]
public enum DisputeStatus
{
    NeedsResponse,
    UnderReview,
    Won,
    Lost,

    /// <summary>A question that moves no money.</summary>
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
}

/// <summary>A customer takes money back through their bank; the merchant may object.</summary>
public sealed record Dispute : IRecord<Dispute>
{
    /// <summary>How long a merchant has to object.</summary>
    private static readonly TimeSpan TimeToRespond = TimeSpan.FromDays(9);

    public static string Prefix => "dp";

    static JsonTypeInfo<Dispute> IRecord<Dispute>.Json => RecordsJson.Default.Dispute;

    public required Id<Dispute> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required Id<Payment> Payment { get; init; }

    public Id<PaymentIntent>? Intent { get; init; }

    /// <summary>The provider's name of it.</summary>
    public required string Reference { get; init; }

    public required Money Amount { get; init; }

    public long FeeMinor { get; init; }

    /// <summary>Such as <c>fraudulent</c>.</summary>
    public required string Reason { get; init; }

    public DisputeStatus Status { get; init; }

    /// <summary>What the merchant says, by Stripe's names.</summary>
    public IReadOnlyDictionary<string, string> Evidence { get; init; } = new Dictionary<string, string>();

    public int Submissions { get; init; }

    public DateTimeOffset DueBy { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset CreatedAt { get; init; }

    long? IRecord<Dispute>.Owner => Payment.Value;

    string? IRecord<Dispute>.Label => null;

    internal bool IsInquiry => Status is DisputeStatus.WarningNeedsResponse or DisputeStatus.WarningUnderReview or DisputeStatus.WarningClosed;

    internal bool IsOpen => Status is DisputeStatus.NeedsResponse or DisputeStatus.UnderReview or DisputeStatus.WarningNeedsResponse or DisputeStatus.WarningUnderReview;

    /// <summary>Whether the customer's bank has the money: a question does not take any.</summary>
    internal bool HoldsMoney => Status is DisputeStatus.NeedsResponse or DisputeStatus.UnderReview or DisputeStatus.Lost;

    internal bool AwaitsResponse => Status is DisputeStatus.NeedsResponse or DisputeStatus.WarningNeedsResponse;

    internal static Dispute Open(Id<Dispute> id, Payment payment, Providers.ProviderNotice notice, DateTimeOffset now) => new()
    {
        Id = id,
        Tenant = payment.Tenant,
        Payment = payment.Id,
        Intent = payment.Intent,
        Reference = notice.Object ?? notice.Id,
        Amount = new Money(notice.AmountMinor, payment.Currency),
        FeeMinor = notice.FeeMinor,
        Reason = notice.Reason ?? "general",
        Status = notice.IsInquiry ? DisputeStatus.WarningNeedsResponse : DisputeStatus.NeedsResponse,
        DueBy = now + TimeToRespond,
        CreatedAt = now,
    };

    /// <summary>The merchant objects.</summary>
    internal Dispute Submit() => this with
    {
        Status = IsInquiry ? DisputeStatus.WarningUnderReview : DisputeStatus.UnderReview,
        Submissions = Submissions + 1,
    };

    /// <summary>The bank has decided.</summary>
    internal Dispute Decide(bool won) => this with { Status = IsInquiry ? DisputeStatus.WarningClosed : won ? DisputeStatus.Won : DisputeStatus.Lost };
}
