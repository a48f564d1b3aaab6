namespace Basin.Payments;

[JsonConverter(typeof(SnakeCaseEnumConverter<RefundState>))]
public enum RefundState
{
    /// <summary>The provider is asked.</summary>
    Pending,

    Succeeded,

    /// <summary>The provider has refused; nothing has moved.</summary>
    Failed,
}

/// <summary>Money of a payment that goes back.</summary>
public sealed record Refund : IEntity
{
    public static string Prefix => "re";

    public required Id<Refund> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required Id<Payment> Payment { get; init; }

    /// <summary>In the currency's minor unit.</summary>
    public required long AmountMinor { get; init; }

    public RefundState State { get; init; }

    /// <summary>Whether the payment was released, so that a refusal is no end: it is asked for until it succeeds.</summary>
    public bool IsOwed { get; init; }

    /// <summary>Whether the provider has taken it on, and says later what became of it.</summary>
    public bool IsAccepted { get; init; }

    /// <summary>How many times the provider has refused what is owed.</summary>
    public int Turn { get; init; }

    /// <summary>Whether the provider has answered: with its end, or that it will take its time.</summary>
    internal bool IsSettled => State != RefundState.Pending || IsAccepted;

    public string? Reason { get; init; }

    /// <summary>Why the provider has refused.</summary>
    public string? Code { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset CreatedAt { get; init; }
}
