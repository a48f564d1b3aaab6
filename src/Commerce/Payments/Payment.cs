using System.Text.Json;
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

    /// <summary>The provider waits for the customer to prove who they are (3-D Secure).</summary>
    ActionRequired,

    /// <summary>The customer has; the provider is asked what became of it.</summary>
    Completing,

    /// <summary>Held, and the provider is asked to hold more.</summary>
    Incrementing,
}

/// <summary>What a provider is asked to do.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<PaymentOperation>))]
public enum PaymentOperation
{
    Authorize,
    Capture,
    Void,
    Refund,

    /// <summary>Ends an authorization that the customer had to prove.</summary>
    Complete,

    /// <summary>Holds more.</summary>
    Increment,
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

    /// <summary>What the call is about, in the currency's minor unit.</summary>
    public long CallMinor => Call switch
    {
        PaymentOperation.Authorize or PaymentOperation.Complete or PaymentOperation.Increment => Payment.AmountMinor,
        PaymentOperation.Refund => (Begins ?? Changes)!.AmountMinor,
        PaymentOperation.Capture => Payment.CaptureMinor ?? Payment.AuthorizedMinor,
        _ => Payment.AuthorizedMinor,
    };

    /// <summary>A refund that begins with it; it is what <see cref="Call"/> asks for.</summary>
    public Refund? Begins { get; init; }

    /// <summary>A refund that goes on or ends with it.</summary>
    public Refund? Changes { get; init; }

    /// <summary>What it does to the books.</summary>
    public Movement? Moves { get; init; }
}

/// <summary>
/// Money asked from a customer: held, taken, given back. At most one operation of the provider is on its way, refunds apart; a request that comes
/// meanwhile is remembered and follows its outcome. Each request is answered exactly once.
/// </summary>
public sealed record Payment : IEntity
{
    public const string ReleasedCode = "payment_released";

    /// <summary>Nobody is there to prove who they are.</summary>
    public const string AuthenticationRequiredCode = "authentication_required";

    public static string Prefix => "pay";

    public required Id<Payment> Id { get; init; }

    public required Id<Tenant> Tenant { get; init; }

    public required PaymentState State { get; init; }

    /// <summary>As requested, in the currency's minor unit.</summary>
    public long AmountMinor { get; init; }

    /// <summary>ISO 4217; empty when it was released before it was requested.</summary>
    public string Currency { get; init; } = "";

    /// <summary>Who is asked for the money; empty when nobody was.</summary>
    public string Provider { get; init; } = "";

    /// <summary>What the provider has ever held, taken and given back: 0 &lt;= refunded + refunding &lt;= captured &lt;= authorized.</summary>
    public long AuthorizedMinor { get; init; }

    /// <inheritdoc cref="AuthorizedMinor"/>
    public long CapturedMinor { get; init; }

    /// <inheritdoc cref="AuthorizedMinor"/>
    public long RefundedMinor { get; init; }

    /// <summary>On its way back.</summary>
    public long RefundingMinor { get; init; }

    /// <summary>How much was asked to be taken, where it was not all.</summary>
    public long? CaptureMinor { get; init; }

    /// <summary>What the provider has kept for itself.</summary>
    public long FeeMinor { get; init; }

    /// <summary>How many times an amount was held; each replaces the one before.</summary>
    public int Holds { get; init; }

    public bool CaptureAsked { get; init; }

    /// <summary>Whether it is held first, and taken when somebody asks.</summary>
    public bool IsTakenLater { get; init; }

    public bool ReleaseAsked { get; init; }

    /// <summary>Whether a release has given back what was taken, and was answered: what comes back afterwards is not given again by itself.</summary>
    public bool IsGivenBack { get; init; }

    /// <summary>The provider did not answer, and may or may not have acted.</summary>
    public bool OutcomeUnknown { get; init; }

    /// <summary>The provider's name of what it holds.</summary>
    public string? Charge { get; init; }

    /// <summary>Why it was declined or not captured.</summary>
    public string? Code { get; init; }

    /// <summary>The intent that it is an attempt of.</summary>
    public Id<PaymentIntent>? Intent { get; init; }

    /// <summary>The number of the customer whose intent it is.</summary>
    public long? Customer { get; init; }

    /// <summary>Where the customer proves who they are.</summary>
    public string? ActionUrl { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset ChangedAt { get; init; }

    /// <summary>What could still be given back.</summary>
    internal long RefundableMinor => CapturedMinor - RefundedMinor - RefundingMinor;

    /// <summary>Whether its books may differ from the provider's for now.</summary>
    internal bool IsSettling => Awaited is not null || RefundingMinor > 0 || State == PaymentState.ActionRequired;

    /// <summary>A payment that nobody has heard of is asked for.</summary>
    internal static Decision Request(Id<Tenant> tenant, PaymentRequested asked, string provider)
    {
        var payment = new Payment
        {
            Id = asked.Payment,
            Tenant = tenant,
            State = PaymentState.Authorizing,
            AmountMinor = asked.AmountMinor,
            Currency = asked.Currency,
            Provider = provider,
        };
        return WhyRefused(asked) is { } code
            ? new(payment with { State = PaymentState.Declined, Code = code }, "declined", Answers.Declined)
            : new(payment, "requested", Call: PaymentOperation.Authorize);
    }

    /// <summary>An intent makes its next attempt; what it asks for has been looked at.</summary>
    internal static Decision Attempt(Id<Payment> id, PaymentIntent intent, string provider) => new(
        new Payment
        {
            Id = id,
            Tenant = intent.Tenant,
            State = PaymentState.Authorizing,
            AmountMinor = intent.Amount.Minor,
            Currency = intent.Amount.Currency,
            Provider = provider,
            Intent = intent.Id,
            Customer = intent.Customer?.Value,
            CaptureAsked = !intent.CapturesManually,
            IsTakenLater = intent.CapturesManually,
        },
        "requested",
        Call: PaymentOperation.Authorize);

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

    /// <param name="amountMinor">At most what is held; null for all of it.</param>
    internal Decision? RequestCapture(long? amountMinor = null)
    {
        if (CaptureAsked)
            return null;
        var asked = this with { CaptureAsked = true, CaptureMinor = amountMinor };
        return State switch
        {
            PaymentState.Authorizing or PaymentState.ActionRequired or PaymentState.Completing or PaymentState.Incrementing =>
                new(asked, "capture_requested"),
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
            PaymentState.Authorizing or PaymentState.Completing or PaymentState.Incrementing or PaymentState.Capturing => new(asked, "release_requested"),
            PaymentState.Authorized or PaymentState.CaptureFailed or PaymentState.ActionRequired =>
                new(asked with { State = PaymentState.Voiding }, "release_requested", Call: PaymentOperation.Void),
            PaymentState.Captured or PaymentState.Refunding or PaymentState.Refunded => asked.GiveBackTheRest("release_requested"),
            _ => new(asked, "release_requested", Answers.Released),
        };
    }

    /// <summary>It is released while the customer's bank has the money: there is nothing left to give.</summary>
    internal Decision? ReleaseDisputed() => ReleaseAsked
        ? null
        : (this with { ReleaseAsked = true }).GivenBack("release_requested") with { Detail = "the customer's bank has taken it back" };

    /// <summary>Holds more before it is taken.</summary>
    /// <param name="amountMinor">The new whole amount, above what is held.</param>
    internal Decision? Increment(long amountMinor) => State == PaymentState.Authorized && amountMinor > AuthorizedMinor
        ? new(this with { State = PaymentState.Incrementing, AmountMinor = amountMinor }, "increment_requested", Call: PaymentOperation.Increment)
        : null;

    /// <summary>The customer has proved who they are, or failed to; the provider knows.</summary>
    internal Decision? Complete() => State == PaymentState.ActionRequired
        ? new(this with { State = PaymentState.Completing, ActionUrl = null }, "customer_returned", Call: PaymentOperation.Complete)
        : null;

    /// <summary>Gives money back, or as much of it as is asked.</summary>
    /// <param name="amountMinor">Null for all that is left.</param>
    /// <exception cref="ProblemException">The money was not taken, or goes back already, or is less.</exception>
    internal Decision Refund(Id<Refund> id, long? amountMinor, string? reason)
    {
        if (State is not (PaymentState.Captured or PaymentState.Refunding or PaymentState.Refunded))
            throw PaymentsProblems.NotCaptured.With($"The payment is {JsonNamingPolicy.SnakeCaseLower.ConvertName(State.ToString())}.").Refusal();
        if (RefundableMinor == 0)
            throw PaymentsProblems.AlreadyRefunded.Refusal();
        var amount = amountMinor ?? RefundableMinor;
        if (amount > RefundableMinor)
            throw PaymentsProblems.RefundTooLarge.With($"{RefundableMinor} can be given back, in the minor unit of {Currency}.").Refusal();
        return Begin(new Refund { Id = id, Tenant = Tenant, Payment = Id, AmountMinor = amount, Reason = reason }, "refund_requested") with { Detail = reason };
    }

    /// <summary>The provider has answered about the payment; of a refund see <see cref="SettleRefund"/>.</summary>
    internal Decision? Settle(PaymentOperation operation, ProviderOutcome outcome)
    {
        if (operation != Awaited)
            return null;
        var known = this with { OutcomeUnknown = false };
        return (operation, outcome.Succeeded) switch
        {
            (PaymentOperation.Authorize, true) when outcome.ActionUrl is not null => known.WaitForCustomer(outcome),
            (PaymentOperation.Authorize or PaymentOperation.Complete, true) => known.AuthorizedBy(outcome),
            (PaymentOperation.Authorize or PaymentOperation.Complete, false) => known.DeclinedBy(outcome),
            (PaymentOperation.Increment, true) => known.Held("incremented", Answers.None),
            (PaymentOperation.Increment, false) => known.GoOn(known with { AmountMinor = AuthorizedMinor, Code = outcome.Code }, "increment_refused", Answers.None),
            (PaymentOperation.Capture, true) => known.CapturedNow(outcome),
            (PaymentOperation.Capture, false) => known.NotCapturedBy(outcome),
            (PaymentOperation.Void, true) => new(known with { State = PaymentState.Voided, ActionUrl = null }, "voided", AnswerToRelease)
            {
                Moves = AuthorizedMinor > 0 ? Movement.Release(AuthorizedMinor) : null,
            },
            // What cannot be released is still held: it stays on its way until the provider, or an operator, ends it.
            _ => new(known, $"{operation.Name}_refused") { Detail = outcome.Code },
        };
    }

    /// <summary>The provider has answered about a refund.</summary>
    internal Decision? SettleRefund(Refund refund, ProviderOutcome outcome)
    {
        if (refund.State != RefundState.Pending)
            return null;
        var known = this with { OutcomeUnknown = false };
        if (outcome.IsPending)
            return refund.IsAccepted ? null : new(known, "refund_accepted") { Changes = refund with { IsAccepted = true } };
        if (outcome.Succeeded)
        {
            var given = known.WithRefunds(RefundedMinor + refund.AmountMinor, RefundingMinor - refund.AmountMinor);
            return given.AfterRefund(refund, "refunded") with
            {
                Changes = refund with { State = RefundState.Succeeded },
                Moves = Movement.Refund(refund),
            };
        }
        // Money that is owed is asked back again; what somebody wanted to give is refused to them.
        return refund.IsOwed
            ? new(known, "refund_refused") { Changes = refund with { IsAccepted = false, Turn = refund.Turn + 1 }, Detail = outcome.Code }
            : known.WithRefunds(RefundedMinor, RefundingMinor - refund.AmountMinor).AfterRefund(refund, "refund_refused") with
            {
                Changes = refund with { State = RefundState.Failed, Code = outcome.Code },
                Detail = outcome.Code,
            };
    }

    /// <summary>A refund that had succeeded came back: the money is here again. One that was on its way and is owed goes there once more.</summary>
    internal Decision? TakeBack(Refund refund, string code)
    {
        if (refund.State == RefundState.Pending)
            return SettleRefund(refund, new ProviderOutcome(Charge, code))! with { Call = refund.IsOwed ? PaymentOperation.Refund : null };
        return refund.State == RefundState.Failed ? null : new(WithRefunds(RefundedMinor - refund.AmountMinor, RefundingMinor), "refund_returned")
        {
            Changes = refund with { State = RefundState.Failed, Code = code },
            Moves = Movement.RefundReturned(refund),
            Detail = code,
        };
    }

    /// <summary>The provider has not answered.</summary>
    /// <param name="detail">What happened instead, and what is done about it.</param>
    internal Decision? NoAnswer(PaymentOperation operation, string detail) =>
        operation == Awaited || (operation == PaymentOperation.Refund && RefundingMinor > 0)
            ? new(this with { OutcomeUnknown = true }, $"{operation.Name}_unanswered") { Detail = detail }
            : null;

    /// <summary>Nobody was asked for certain, so that another provider can be.</summary>
    internal Decision? GoElsewhere(string provider, string detail) => State == PaymentState.Authorizing && provider != Provider
        ? new(this with { Provider = provider }, "rerouted", Call: PaymentOperation.Authorize) { Detail = detail }
        : null;

    /// <summary>The operation that is on its way, refunds apart.</summary>
    internal PaymentOperation? Awaited => State switch
    {
        PaymentState.Authorizing => PaymentOperation.Authorize,
        PaymentState.Completing => PaymentOperation.Complete,
        PaymentState.Incrementing => PaymentOperation.Increment,
        PaymentState.Capturing => PaymentOperation.Capture,
        PaymentState.Voiding => PaymentOperation.Void,
        _ => null,
    };

    /// <summary>Why a request to capture is answered with failure.</summary>
    internal string NotCapturedBecause =>
        State is PaymentState.Declined or PaymentState.CaptureFailed || (State == PaymentState.Voiding && Code is not null) ? Code! : ReleasedCode;

    private Answers AnswerToCapture => CaptureAsked ? Answers.CaptureFailed : Answers.None;

    private Answers AnswerToRelease => ReleaseAsked ? Answers.Released : Answers.None;

    private Decision WaitForCustomer(ProviderOutcome outcome) => this switch
    {
        { Intent: null } => DeclinedBy(outcome with { Code = AuthenticationRequiredCode }),
        { ReleaseAsked: true } => new(this with { State = PaymentState.Voiding, Charge = outcome.Charge }, "action_required", Call: PaymentOperation.Void),
        _ => new(this with { State = PaymentState.ActionRequired, Charge = outcome.Charge, ActionUrl = outcome.ActionUrl }, "action_required"),
    };

    private Decision AuthorizedBy(ProviderOutcome outcome) => (this with { Charge = outcome.Charge }).Held("authorized", Answers.Authorized);

    /// <summary>The provider holds the whole amount.</summary>
    private Decision Held(string step, Answers answer) => GoOn(this with { AuthorizedMinor = AmountMinor, Holds = Holds + 1 }, step, answer) with
    {
        Moves = Movement.Hold(AmountMinor, AuthorizedMinor),
    };

    /// <summary>What was asked meanwhile follows.</summary>
    private Decision GoOn(Payment held, string step, Answers answer)
    {
        if (ReleaseAsked)
            return new(held with { State = PaymentState.Voiding }, step, answer | AnswerToCapture, PaymentOperation.Void);
        return CaptureAsked
            ? new(held with { State = PaymentState.Capturing }, step, answer, PaymentOperation.Capture)
            : new(held with { State = PaymentState.Authorized }, step, answer);
    }

    private Decision DeclinedBy(ProviderOutcome outcome) => new(
        this with { State = PaymentState.Declined, Charge = outcome.Charge ?? Charge, Code = outcome.Code },
        "declined",
        Answers.Declined | AnswerToCapture | AnswerToRelease);

    private Decision CapturedNow(ProviderOutcome outcome)
    {
        var taken = this with { State = PaymentState.Captured, CapturedMinor = CaptureMinor ?? AuthorizedMinor, FeeMinor = outcome.FeeMinor };
        var next = ReleaseAsked ? taken.GiveBackTheRest("captured") : new(taken, "captured");
        return next with { Answers = next.Answers | Answers.Captured, Moves = Movement.Capture(taken.CapturedMinor, taken.FeeMinor) with { IsAvailable = outcome.IsAvailable } };
    }

    private Decision NotCapturedBy(ProviderOutcome outcome)
    {
        var held = this with { State = PaymentState.CaptureFailed, Code = outcome.Code };
        return ReleaseAsked
            ? new(held with { State = PaymentState.Voiding }, "capture_failed", Answers.CaptureFailed, PaymentOperation.Void)
            : new(held, "capture_failed", Answers.CaptureFailed);
    }

    /// <summary>A payment that is released owes all that was taken; refunds that are on their way may still fail, and are waited for.</summary>
    private Decision GiveBackTheRest(string step) => this switch
    {
        { RefundingMinor: > 0 } => new(this, step),
        { RefundableMinor: 0 } => GivenBack(step),
        _ => Begin(
            new Refund { Id = new Id<Refund>(Id.Value), Tenant = Tenant, Payment = Id, AmountMinor = RefundableMinor, IsOwed = true }, step),
    };

    private Decision GivenBack(string step) => new(this with { IsGivenBack = true }, step, Answers.Released);

    private Decision AfterRefund(Refund refund, string step) => this switch
    {
        { ReleaseAsked: false } or { IsGivenBack: true } => new(this, step),
        // What of earlier refunds has come back meanwhile stays here.
        _ when refund.IsOwed => GivenBack(step),
        _ => GiveBackTheRest(step),
    };

    private Decision Begin(Refund refund, string step) =>
        new(WithRefunds(RefundedMinor, RefundingMinor + refund.AmountMinor), step, Call: PaymentOperation.Refund) { Begins = refund };

    private Payment WithRefunds(long refunded, long refunding) => this with
    {
        RefundedMinor = refunded,
        RefundingMinor = refunding,
        State = refunding > 0 ? PaymentState.Refunding : refunded == CapturedMinor ? PaymentState.Refunded : PaymentState.Captured,
    };

    private static string? WhyRefused(PaymentRequested asked) => asked switch
    {
        { AmountMinor: <= 0 } => "invalid_amount",
        _ when !IsCurrency(asked.Currency) => "invalid_currency",
        _ when !PaymentToken.IsToken(asked.Token) => "invalid_token",
        _ => null,
    };

    private static bool IsCurrency(string code) => code.Length == 3 && !code.AsSpan().ContainsAnyExceptInRange('A', 'Z');
}
