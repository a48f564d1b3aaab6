using Basin.Payments.Disputes;

namespace Basin.Payments.Providers;

/// <summary>
/// Whoever moves the money. Calls are idempotent: the same key has one effect and always the same outcome. An exception, or no answer in time, says
/// nothing about the outcome.
/// </summary>
public interface IPaymentProvider
{
    /// <summary>Lower case, one word: what routes, accounts and reports call it.</summary>
    string Name { get; }

    /// <summary>Does what is asked, once per key.</summary>
    Task<ProviderOutcome> CallAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation);

    /// <summary>The outcome of a former call with this key, or null when the provider has never heard of it.</summary>
    Task<ProviderOutcome?> FindAsync(Id<Tenant> tenant, ProviderCall call, CancellationToken cancellation);

    /// <summary>Tells what a merchant says to a dispute; the decision comes as a notice. Asking twice does no more than asking once.</summary>
    Task AnswerDisputeAsync(Id<Tenant> tenant, DisputeAnswer answer, CancellationToken cancellation);

    /// <summary>Reads what has come as a notice of this provider; null when the provider has not signed it.</summary>
    /// <param name="signature">What came with it.</param>
    ProviderNotice? ReadNotice(ReadOnlyMemory<byte> body, string signature);

    /// <summary>
    /// Makes a card ready to be charged later, once per key: where its bank wants that, the customer proves who they are. Asked again under the key, it
    /// says how far that is; there is no action any more when the customer has done what was asked, with a code when that has failed.
    /// </summary>
    Task<ProviderOutcome> SetUpAsync(Id<Tenant> tenant, ProviderSetup setup, CancellationToken cancellation);

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

    public string Provider { get; init; } = SandboxProvider.System;

    /// <summary>The vault's name of the card to charge; only to authorize, and where there is no token.</summary>
    public string? Card { get; init; }

    /// <summary>Of the card, where it is known: its route says who is asked next.</summary>
    public string? Brand { get; init; }

    /// <summary>Whether the customer has proved who they are when the card was kept for later.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsSetUp { get; init; }

    /// <summary>Whether nobody is there to prove who they are.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsOffSession { get; init; }

    /// <summary>Where the customer comes back to after a proof.</summary>
    public string? ReturnUrl { get; init; }

    public Id<Refund>? Refund { get; init; }

    /// <summary>How many times the provider has refused it before.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Turn { get; init; }

    long IJob<ProviderCall>.Key => Payment.Value;

    /// <summary>
    /// The provider's idempotency key: one operation of a kind per payment, however often it is asked. Each refund and each increment is one of its own, and
    /// what was refused is asked for under another key, because a key keeps its outcome.
    /// </summary>
    [JsonIgnore]
    public string Key => (Operation, Turn) switch
    {
        // Two may be asked for within a millisecond, and one that was refused again for the same amount.
        (PaymentOperation.Increment, _) => $"{Payment}:{Operation.Name}:{AmountMinor}:{At.ToUnixTimeMilliseconds()}",
        (PaymentOperation.Refund, 0) when IsRefundInPart => $"{Payment}:{Operation.Name}:{Refund}",
        (_, 0) => $"{Payment}:{Operation.Name}",
        _ => $"{Payment}:{Operation.Name}:{Turn}",
    };

    /// <summary>The refund of a released payment has the payment's own number.</summary>
    private bool IsRefundInPart => Refund is { } refund && refund.Value != Payment.Value;
}

/// <summary>A card to make ready.</summary>
/// <param name="Key">The provider's idempotency key, one for each attempt.</param>
/// <param name="Token">What stands for the card at the provider.</param>
public sealed record ProviderSetup(string Key, string Token);

/// <param name="Charge">The provider's name for what it holds, or for what it has set up.</param>
/// <param name="Code">Why it refuses; null means success.</param>
public sealed record ProviderOutcome(string? Charge, string? Code)
{
    /// <summary>The provider did nothing, and somebody else may be asked.</summary>
    public const string UnavailableCode = "provider_unavailable";

    public bool Succeeded => Code is null;

    /// <summary>Whether a refund is on its way, and a notice will tell what became of it.</summary>
    public bool IsPending { get; init; }

    /// <summary>What it keeps of a capture, in the currency's minor unit.</summary>
    public long FeeMinor { get; init; }

    /// <summary>Whether what it has taken can be paid out at once.</summary>
    public bool IsAvailable { get; init; }

    /// <summary>Where the customer has to prove who they are before it goes on; of an authorization or a setup.</summary>
    public string? ActionUrl { get; init; }
}

/// <summary>What a provider has in its books.</summary>
public sealed record ProviderCharge(
    string Charge, Id<Payment> Payment, string Currency, long AuthorizedMinor, long CapturedMinor, long RefundedMinor, bool Voided)
{
    /// <summary>What the provider has kept.</summary>
    public long FeeMinor { get; init; }
}

internal static class PaymentOperations
{
    private static readonly string[] Names = ["authorize", "capture", "void", "refund", "complete", "increment"];

    extension(PaymentOperation operation)
    {
        public string Name => Names[(int)operation];
    }
}
