using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Payments;
using Basin.Payments.Providers;

namespace Basin.Commerce.Tests.Payments;

/// <summary>The decisions of a payment: every state, every message, every outcome.</summary>
public sealed class PaymentTests
{
    private static readonly Id<Tenant> Tenant = new(1);
    private static readonly Id<Payment> Id = new(77);

    /// <summary>
    /// What changes anything. Flags behind a state: c, a capture was asked for; r, a release. What is not here changes nothing.
    /// </summary>
    private const string Table = """
        Authorizing      | capture              | Authorizing c    |                        |
        Authorizing      | release              | Authorizing r    |                        |
        Authorizing c    | release              | Authorizing cr   |                        |
        Authorizing r    | capture              | Authorizing cr   |                        |
        Authorizing      | Authorize done       | Authorized       | Authorized             |
        Authorizing c    | Authorize done       | Capturing c      | Authorized             | Capture
        Authorizing r    | Authorize done       | Voiding r        | Authorized             | Void
        Authorizing cr   | Authorize done       | Voiding cr       | Authorized, CaptureFailed | Void
        Authorizing      | Authorize refused    | Declined         | Declined               |
        Authorizing c    | Authorize refused    | Declined c       | Declined, CaptureFailed |
        Authorizing r    | Authorize refused    | Declined r       | Declined, Released     |
        Authorizing cr   | Authorize refused    | Declined cr      | Declined, CaptureFailed, Released |
        Authorizing      | Authorize unanswered | Authorizing ?    |                        |
        Authorizing c    | Authorize unanswered | Authorizing c?   |                        |
        Authorizing r    | Authorize unanswered | Authorizing r?   |                        |
        Authorizing cr   | Authorize unanswered | Authorizing cr?  |                        |
        Authorized       | capture              | Capturing c      |                        | Capture
        Authorized       | release              | Voiding r        |                        | Void
        Declined         | capture              | Declined c       | CaptureFailed          |
        Declined         | release              | Declined r       | Released               |
        Declined c       | release              | Declined cr      | Released               |
        Declined r       | capture              | Declined cr      | CaptureFailed          |
        Capturing c      | release              | Capturing cr     |                        |
        Capturing c      | Capture done         | Captured c       | Captured               |
        Capturing cr     | Capture done         | Refunding cr     | Captured               | Refund
        Capturing c      | Capture refused      | CaptureFailed c  | CaptureFailed          |
        Capturing cr     | Capture refused      | Voiding cr       | CaptureFailed          | Void
        Capturing c      | Capture unanswered   | Capturing c?     |                        |
        Capturing cr     | Capture unanswered   | Capturing cr?    |                        |
        Captured c       | release              | Refunding cr     |                        | Refund
        Captured c       | refund               | Refunding c      |                        | Refund
        CaptureFailed c  | release              | Voiding cr       |                        | Void
        Voiding r        | capture              | Voiding cr       | CaptureFailed          |
        Voiding r        | Void done            | Voided r         | Released               |
        Voiding cr       | Void done            | Voided cr        | Released               |
        Voiding r        | Void refused         | Voiding r        |                        |
        Voiding cr       | Void refused         | Voiding cr       |                        |
        Voiding r        | Void unanswered      | Voiding r?       |                        |
        Voiding cr       | Void unanswered      | Voiding cr?      |                        |
        Voided r         | capture              | Voided cr        | CaptureFailed          |
        Refunding c      | release              | Refunding cr     |                        |
        Refunding c      | Refund done          | Refunded c       |                        |
        Refunding cr     | Refund done          | Refunded cr      | Released               |
        Refunding c      | Refund refused       | Captured c       |                        |
        Refunding cr     | Refund refused       | Refunding cr     |                        |
        Refunding c      | Refund unanswered    | Refunding c?     |                        |
        Refunding cr     | Refund unanswered    | Refunding cr?    |                        |
        Refunded c       | release              | Refunded cr      | Released               |
        Authorizing      | Authorize asks       | ActionRequired   |                        |
        Authorizing c    | Authorize asks       | ActionRequired c |                        |
        Authorizing r    | Authorize asks       | Voiding r        |                        | Void
        Authorizing cr   | Authorize asks       | Voiding cr       |                        | Void
        ActionRequired   | capture              | ActionRequired c |                        |
        ActionRequired   | release              | Voiding r        |                        | Void
        ActionRequired   | customer             | Completing       |                        | Complete
        ActionRequired c | release              | Voiding cr       |                        | Void
        ActionRequired c | customer             | Completing c     |                        | Complete
        Completing       | capture              | Completing c     |                        |
        Completing       | release              | Completing r     |                        |
        Completing c     | release              | Completing cr    |                        |
        Completing r     | capture              | Completing cr    |                        |
        Completing       | Complete done        | Authorized       | Authorized             |
        Completing c     | Complete done        | Capturing c      | Authorized             | Capture
        Completing r     | Complete done        | Voiding r        | Authorized             | Void
        Completing cr    | Complete done        | Voiding cr       | Authorized, CaptureFailed | Void
        Completing       | Complete refused     | Declined         | Declined               |
        Completing c     | Complete refused     | Declined c       | Declined, CaptureFailed |
        Completing r     | Complete refused     | Declined r       | Declined, Released     |
        Completing cr    | Complete refused     | Declined cr      | Declined, CaptureFailed, Released |
        Completing       | Complete unanswered  | Completing ?     |                        |
        Completing c     | Complete unanswered  | Completing c?    |                        |
        Completing r     | Complete unanswered  | Completing r?    |                        |
        Completing cr    | Complete unanswered  | Completing cr?   |                        |
        Authorized       | increment            | Incrementing     |                        | Increment
        Incrementing     | capture              | Incrementing c   |                        |
        Incrementing     | release              | Incrementing r   |                        |
        Incrementing c   | release              | Incrementing cr  |                        |
        Incrementing r   | capture              | Incrementing cr  |                        |
        Incrementing     | Increment done       | Authorized       |                        |
        Incrementing c   | Increment done       | Capturing c      |                        | Capture
        Incrementing r   | Increment done       | Voiding r        |                        | Void
        Incrementing cr  | Increment done       | Voiding cr       | CaptureFailed          | Void
        Incrementing     | Increment refused    | Authorized       |                        |
        Incrementing c   | Increment refused    | Capturing c      |                        | Capture
        Incrementing r   | Increment refused    | Voiding r        |                        | Void
        Incrementing cr  | Increment refused    | Voiding cr       | CaptureFailed          | Void
        Incrementing     | Increment unanswered | Incrementing ?   |                        |
        Incrementing c   | Increment unanswered | Incrementing c?  |                        |
        Incrementing r   | Increment unanswered | Incrementing r?  |                        |
        Incrementing cr  | Increment unanswered | Incrementing cr? |                        |
        """;

    private static readonly string[] States =
    [
        "Authorizing", "Authorizing c", "Authorizing r", "Authorizing cr", "Authorized", "Declined", "Declined c", "Declined r", "Declined cr",
        "Capturing c", "Capturing cr", "Captured c", "CaptureFailed c", "Voiding r", "Voiding cr", "Voided r", "Voided cr",
        "Refunding c", "Refunding cr", "Refunded c", "Refunded cr", "ActionRequired", "ActionRequired c",
        "Completing", "Completing c", "Completing r", "Completing cr", "Incrementing", "Incrementing c", "Incrementing r", "Incrementing cr",
    ];

    private static readonly string[] Messages =
    [
        "request", "capture", "release", "refund", "customer", "increment", "Authorize asks",
        .. from operation in Enum.GetNames<PaymentOperation>() from end in new[] { "done", "refused", "unanswered" } select $"{operation} {end}",
    ];

    private static readonly Dictionary<(string State, string Message), string> Expected = Table.Split('\n')
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .ToDictionary(cells => (cells[0], cells[1]), cells => $"{cells[2]} | {cells[3]} | {cells[4]}");

    public static TheoryData<string, string> EveryCase() => [.. from state in States from message in Messages select (state, message)];

    [Theory]
    [MemberData(nameof(EveryCase))]
    public void Every_message_in_every_state_does_what_the_table_says(string state, string message)
    {
        var payment = InState(state);

        var decision = Tell(payment, message);

        Assert.Equal(Expected.GetValueOrDefault((state, message), "nothing"), Describe(decision));
        if (decision is not null)
            AssertMoneyIsSound(decision.Payment);
    }

    [Fact]
    public void The_table_names_only_cases_that_exist() =>
        Assert.All(Expected.Keys, key => Assert.True(States.Contains(key.State) && Messages.Contains(key.Message), key.ToString()));

    [Theory]
    [InlineData(0, "EUR", "tok_visa", "invalid_amount")]
    [InlineData(-5, "EUR", "tok_visa", "invalid_amount")]
    [InlineData(100, "eur", "tok_visa", "invalid_currency")]
    [InlineData(100, "", "tok_visa", "invalid_currency")]
    [InlineData(100, "EUR", "4242424242424242", "invalid_token")]
    [InlineData(100, "EUR", "tok_4242424242424242", "invalid_token")]
    [InlineData(100, "EUR", "", "invalid_token")]
    public void A_request_that_makes_no_sense_is_declined_before_any_call(long amount, string currency, string token, string code)
    {
        var decision = Payment.Request(Tenant, new PaymentRequested(Id, amount, currency, token), "sandbox");

        Assert.Equal((PaymentState.Declined, code), (decision.Payment.State, decision.Payment.Code));
        Assert.Equal((Answers.Declined, null), (decision.Answers, decision.Call));
    }

    [Fact]
    public void A_request_after_its_release_is_declined_once()
    {
        var asked = new PaymentRequested(Id, 100, "EUR", "tok_visa");
        var released = Payment.ReleaseUnheardOf(Tenant, Id);
        Assert.Equal("Voided r | Released | ", Describe(released));

        var late = released.Payment.RequestAgain(asked);

        Assert.Equal("Declined r | Declined | ", Describe(late));
        Assert.Equal(Payment.ReleasedCode, late!.Payment.Code);
        Assert.Null(late.Payment.RequestAgain(asked));
    }

    [Fact]
    public void Operators_are_told_why_nothing_can_be_refunded()
    {
        Assert.Equal("payment_not_captured", RefusalOf("Authorized").Code);
        Assert.Equal("The payment is capture_failed.", RefusalOf("CaptureFailed c").Detail);
        Assert.Equal("payment_already_refunded", RefusalOf("Refunding c").Code);
        Assert.Equal("payment_already_refunded", RefusalOf("Refunded cr").Code);
    }

    private static Problem RefusalOf(string state) => Assert.Throws<ProblemException>(() => InState(state).Refund(new Id<Refund>(5), null, "why")).Problem;

    private static Decision? Tell(Payment payment, string message)
    {
        var words = message.Split(' ');
        return words switch
        {
            ["request"] => payment.RequestAgain(new PaymentRequested(Id, 100, "EUR", "tok_visa")),
            ["capture"] => payment.RequestCapture(),
            ["release"] => payment.RequestRelease(),
            ["refund"] when payment.State != PaymentState.Captured => null,
            ["refund"] => payment.Refund(new Id<Refund>(5), null, "why"),
            ["customer"] => payment.Complete(),
            ["increment"] => payment.Increment(150),
            ["Authorize", "asks"] => payment.Settle(PaymentOperation.Authorize, new ProviderOutcome("ch_1", null) { ActionUrl = "/prove" }),
            ["Refund", "done" or "refused"] => payment.SettleRefund(RefundOf(payment), OutcomeOf(words[1])),
            [var operation, "unanswered"] => payment.NoAnswer(Enum.Parse<PaymentOperation>(operation), "no answer in time"),
            [var operation, var end] =>
                payment.Settle(Enum.Parse<PaymentOperation>(operation), OutcomeOf(end)),
            _ => throw new ArgumentException(message, nameof(message)),
        };
    }

    private static ProviderOutcome OutcomeOf(string end) => new("ch_1", end == "done" ? null : "card_declined");

    /// <summary>The whole is on its way back, because an operator wants it or because the payment was released.</summary>
    private static Refund RefundOf(Payment payment) => new()
    {
        Id = new Id<Refund>(5),
        Tenant = Tenant,
        Payment = Id,
        AmountMinor = 100,
        State = payment.State == PaymentState.Refunding ? RefundState.Pending : RefundState.Succeeded,
        IsOwed = payment.ReleaseAsked,
    };

    private static Payment InState(string text)
    {
        var words = text.Split(' ');
        var (state, flags) = (Enum.Parse<PaymentState>(words[0]), words.ElementAtOrDefault(1) ?? "");
        return new Payment
        {
            Id = Id,
            Tenant = Tenant,
            State = state,
            AmountMinor = state == PaymentState.Incrementing ? 150 : 100,
            Currency = "EUR",
            AuthorizedMinor = state is PaymentState.Authorizing or PaymentState.Declined or PaymentState.ActionRequired or PaymentState.Completing ? 0 : 100,
            CapturedMinor = state is PaymentState.Captured or PaymentState.Refunding or PaymentState.Refunded ? 100 : 0,
            RefundedMinor = state == PaymentState.Refunded ? 100 : 0,
            RefundingMinor = state == PaymentState.Refunding ? 100 : 0,
            Intent = new Id<PaymentIntent>(3),
            CaptureAsked = flags.Contains('c'),
            ReleaseAsked = flags.Contains('r'),
            Code = state is PaymentState.Declined or PaymentState.CaptureFailed ? "card_declined" : null,
        };
    }

    private static string Describe(Decision? decision)
    {
        if (decision is null)
            return "nothing";
        var p = decision.Payment;
        var flags = $"{(p.CaptureAsked ? "c" : "")}{(p.ReleaseAsked ? "r" : "")}{(p.OutcomeUnknown ? "?" : "")}";
        return $"{$"{p.State} {flags}".Trim()} | {(decision.Answers == Answers.None ? "" : decision.Answers)} | {decision.Call}";
    }

    private static void AssertMoneyIsSound(Payment p) =>
        Assert.True(p.RefundedMinor >= 0 && p.RefundedMinor <= p.CapturedMinor && p.CapturedMinor <= p.AuthorizedMinor, p.ToString());
}
