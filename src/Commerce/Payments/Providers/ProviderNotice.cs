namespace Basin.Payments.Providers;

[JsonConverter(typeof(SnakeCaseEnumConverter<NoticeKind>))]
public enum NoticeKind
{
    /// <summary>The customer has proved who they are, or failed to.</summary>
    CustomerReturned,

    DisputeOpened,
    DisputeWon,
    DisputeLost,

    /// <summary>A refund that took its time has arrived.</summary>
    RefundSucceeded,

    /// <summary>A refund came back.</summary>
    RefundFailed,
}

/// <summary>What a provider tells by itself. It may tell it twice, late, or before its own answer has arrived.</summary>
/// <param name="Id">The provider's; the same when it is told again.</param>
/// <param name="Object">The provider's name of a dispute, or Basin's of a refund.</param>
/// <param name="AmountMinor">Of a dispute.</param>
/// <param name="FeeMinor">What the provider takes for a dispute.</param>
/// <param name="Reason">Why a dispute was opened, or a refund came back.</param>
/// <param name="IsInquiry">Whether a dispute moves no money yet.</param>
public sealed record ProviderNotice(
    string Id, NoticeKind Kind, Id<Tenant> Tenant, Id<Payment> Payment, string? Object = null, long AmountMinor = 0, long FeeMinor = 0, string? Reason = null,
    bool IsInquiry = false);
