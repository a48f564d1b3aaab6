using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Payments.Providers;

namespace Basin.Payments;

/// <summary>How far a payment has come. Those that end in -ing wait for the provider.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PaymentState>))]
public enum PaymentState
{
    Authorizing,

    /// <summary>Held: not taken yet.</summary>
    Authorized,

    Declined,
    Capturing,

    /// <summary>Taken.</summary>
    Captured,

    /// <summary>Still held, but the provider has refused to take it.</summary>
    CaptureFailed,

    Voiding,

    /// <summary>No longer held; or released before it was ever requested.</summary>
    Voided,

    Refunding,

    /// <summary>Taken and given back.</summary>
    Refunded,
}

/// <summary>What a provider is asked to do.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PaymentOperation>))]
public enum PaymentOperation
{
    Authorize,
    Capture,
    Void,
    Refund,
}

/// <summary>The requests that a decision answers, each by its event.</summary>
[Flags]
internal enum Answers
{
    None = 0,
    Authorized = 1,
    Declined = 2,
    Captured = 4,
    CaptureFailed = 8,
    Released = 16,
}

/// <summary>What follows from a request or an outcome. Where nothing follows there is no decision: a repeat changes nothing.</summary>
/// <param name="Step">Names the cause in the payment's history.</param>
/// <param name="Call">What to ask the provider next.</param>
internal sealed record Decision(Payment Payment, string Step, Answers Answers = Answers.None, PaymentOperation? Call = null)
{
    /// <summary>More about the cause, for people.</summary>
    public string? Detail { get; init; }
}

/// <summary>
/// Money asked from a customer: held, taken, given back. At most one operation of the provider is on its way; a request that comes meanwhile is
/// remembered and follows its outcome. Each request is answered exactly once.
/// </summary>
public sealed record Payment : IEntity
{
    public const string ReleasedCode = "payment_released";

    public static string Prefix => "pay";

    public required Id<Payment> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required PaymentState State { get; init; }

    /// <summary>As requested, in the currency's minor unit.</summary>
    public long AmountMinor { get; init; }

    /// <summary>ISO 4217; empty when it was released before it was requested.</summary>
    public string Currency { get; init; } = "";

    /// <summary>What the provider has ever held, taken and given back: 0 &lt;= refunded &lt;= captured &lt;= authorized.</summary>
    public long AuthorizedMinor { get; init; }

    /// <inheritdoc cref="AuthorizedMinor"/>
    public long CapturedMinor { get; init; }

    /// <inheritdoc cref="AuthorizedMinor"/>
    public long RefundedMinor { get; init; }

    public bool CaptureAsked { get; init; }

    public bool ReleaseAsked { get; init; }

    /// <summary>The provider did not answer, and may or may not have acted.</summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The provider's name of what it holds.</summary>
    public string? Charge { get; init; }

    /// <summary>Why it was declined or not captured.</summary>
    public string? Code { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>A payment that nobody has heard of is asked for.</summary>
    internal static Decision Request(Id<Tenant> tenant, PaymentRequested asked)
    {
        var payment = new Payment
        {
            Id = asked.Payment,
            Tenant = tenant,
            State = PaymentState.Authorizing,
            AmountMinor = asked.AmountMinor,
            Currency = asked.Currency,
        };
        return WhyRefused(asked) is { } code
            ? new(payment with { State = PaymentState.Declined, Code = code }, "declined", Answers.Declined)
            : new(payment, "requested", Call: PaymentOperation.Authorize);
    }

    /// <summary>A payment that nobody has heard of is released: there is nothing to give back, and a request that comes late is declined.</summary>
    internal static Decision ReleaseUnheardOf(Id<Tenant> tenant, Id<Payment> id) => new(
        new Payment { Id = id, Tenant = tenant, State = PaymentState.Voided, ReleaseAsked = true }, "release_requested", Answers.Released);

    /// <summary>It is asked for again.</summary>
    internal Decision? RequestAgain(PaymentRequested asked) => State == PaymentState.Voided && Currency.Length == 0
        ? new(
            this with { State = PaymentState.Declined, AmountMinor = asked.AmountMinor, Currency = asked.Currency, Code = ReleasedCode },
            "declined",
            Answers.Declined)
        : null;

    internal Decision? RequestCapture()
    {
        if (CaptureAsked)
            return null;
        var asked = this with { CaptureAsked = true };
        return State switch
        {
            PaymentState.Authorizing => new(asked, "capture_requested"),
            PaymentState.Authorized => new(asked with { State = PaymentState.Capturing }, "capture_requested", Call: PaymentOperation.Capture),
            _ => new(asked, "capture_requested", Answers.CaptureFailed),
        };
    }

    internal Decision? RequestRelease()
    {
        if (ReleaseAsked)
            return null;
        var asked = this with { ReleaseAsked = true };
        return State switch
        {
            PaymentState.Authorizing or PaymentState.Capturing or PaymentState.Refunding => new(asked, "release_requested"),
            PaymentState.Authorized or PaymentState.CaptureFailed =>
                new(asked with { State = PaymentState.Voiding }, "release_requested", Call: PaymentOperation.Void),
            PaymentState.Captured => new(asked with { State = PaymentState.Refunding }, "release_requested", Call: PaymentOperation.Refund),
            _ => new(asked, "release_requested", Answers.Released),
        };
    }

    /// <summary>An operator gives the whole amount back.</summary>
    /// <exception cref="ProblemException">The money was not taken, or goes back already.</exception>
    internal Decision Refund(string reason) => State switch
    {
        PaymentState.Captured => new(this with { State = PaymentState.Refunding }, "refund_requested", Call: PaymentOperation.Refund) { Detail = reason },
        PaymentState.Refunding or PaymentState.Refunded => throw PaymentsProblems.AlreadyRefunded.Refusal(),
        _ => throw PaymentsProblems.NotCaptured.With($"The payment is {JsonNamingPolicy.SnakeCaseLower.ConvertName(State.ToString())}.").Refusal(),
    };

    /// <summary>The provider has answered.</summary>
    internal Decision? Settle(PaymentOperation operation, ProviderOutcome outcome)
    {
        if (operation != Awaited)
            return null;
        var known = this with { OutcomeUnknown = false };
        return (operation, outcome.Succeeded) switch
        {
            (PaymentOperation.Authorize, true) => known.AuthorizedBy(outcome),
            (PaymentOperation.Authorize, false) => known.DeclinedBy(outcome),
            (PaymentOperation.Capture, true) => known.CapturedNow(),
            (PaymentOperation.Capture, false) => known.NotCapturedBy(outcome),
            (PaymentOperation.Void, true) => new(known with { State = PaymentState.Voided }, "voided", AnswerToRelease),
            (PaymentOperation.Refund, true) =>
                new(known with { State = PaymentState.Refunded, RefundedMinor = CapturedMinor }, "refunded", AnswerToRelease),
            // Money that cannot be given back is still owed: it stays on its way until the provider, or an operator, ends it.
            _ => new(known, $"{operation.Name}_refused") { Detail = outcome.Code },
        };
    }

    /// <summary>The provider has not answered.</summary>
    /// <param name="detail">What happened instead, and what is done about it.</param>
    internal Decision? NoAnswer(PaymentOperation operation, string detail) =>
        operation == Awaited ? new(this with { OutcomeUnknown = true }, $"{operation.Name}_unanswered") { Detail = detail } : null;

    /// <summary>The operation that is on its way.</summary>
    internal PaymentOperation? Awaited => State switch
    {
        PaymentState.Authorizing => PaymentOperation.Authorize,
        PaymentState.Capturing => PaymentOperation.Capture,
        PaymentState.Voiding => PaymentOperation.Void,
        PaymentState.Refunding => PaymentOperation.Refund,
        _ => null,
    };

    /// <summary>Why a request to capture is answered with failure.</summary>
    internal string NotCapturedBecause =>
        State is PaymentState.Declined or PaymentState.CaptureFailed || (State == PaymentState.Voiding && Code is not null) ? Code! : ReleasedCode;

    private Answers AnswerToCapture => CaptureAsked ? Answers.CaptureFailed : Answers.None;

    private Answers AnswerToRelease => ReleaseAsked ? Answers.Released : Answers.None;

    private Decision AuthorizedBy(ProviderOutcome outcome)
    {
        var held = this with { State = PaymentState.Authorized, AuthorizedMinor = AmountMinor, Charge = outcome.Charge };
        if (ReleaseAsked)
            return new(held with { State = PaymentState.Voiding }, "authorized", Answers.Authorized | AnswerToCapture, PaymentOperation.Void);
        return CaptureAsked
            ? new(held with { State = PaymentState.Capturing }, "authorized", Answers.Authorized, PaymentOperation.Capture)
            : new(held, "authorized", Answers.Authorized);
    }

    private Decision DeclinedBy(ProviderOutcome outcome) => new(
        this with { State = PaymentState.Declined, Code = outcome.Code },
        "declined",
        Answers.Declined | AnswerToCapture | AnswerToRelease);

    private Decision CapturedNow()
    {
        var taken = this with { State = PaymentState.Captured, CapturedMinor = AuthorizedMinor };
        return ReleaseAsked
            ? new(taken with { State = PaymentState.Refunding }, "captured", Answers.Captured, PaymentOperation.Refund)
            : new(taken, "captured", Answers.Captured);
    }

    private Decision NotCapturedBy(ProviderOutcome outcome)
    {
        var held = this with { State = PaymentState.CaptureFailed, Code = outcome.Code };
        return ReleaseAsked
            ? new(held with { State = PaymentState.Voiding }, "capture_failed", Answers.CaptureFailed, PaymentOperation.Void)
            : new(held, "capture_failed", Answers.CaptureFailed);
    }

    private static string? WhyRefused(PaymentRequested asked) => asked switch
    {
        { AmountMinor: <= 0 } => "invalid_amount",
        _ when !IsCurrency(asked.Currency) => "invalid_currency",
        _ when !PaymentToken.IsToken(asked.Token) => "invalid_token",
        _ => null,
    };

    private static bool IsCurrency(string code) => code.Length == 3 && !code.AsSpan().ContainsAnyExceptInRange('A', 'Z');
}
