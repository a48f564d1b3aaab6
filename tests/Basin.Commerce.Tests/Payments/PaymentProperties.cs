using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Payments;
using Basin.Payments.Providers;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Commerce.Tests.Payments;

/// <summary>
/// A payment against a model of the provider: whatever is asked, however often, in whatever order, and however many calls and answers are lost, the
/// books agree and everybody gets one answer.
/// </summary>
public sealed class PaymentProperties
{
    [Fact]
    public void Whatever_is_lost_or_repeated_money_moves_once_and_each_request_gets_one_answer() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ArrayOf(80).ToArbitrary(),
        choices => new World(choices).RunToTheEnd()).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    private sealed class ModelCharge
    {
        public long Authorized { get; set; }

        public long Captured { get; set; }

        public long Refunded { get; set; }

        public bool Voided { get; set; }
    }

    private sealed record ModelCall(PaymentOperation Operation, string Key, long Amount, Refund? Refund, bool MayBeMade);

    private sealed class World(int[] choices)
    {
        private const long Amount = 1250;
        private static readonly Id<Tenant> Tenant = new(1);
        private static readonly PaymentRequested Request = new(new Id<Payment>(5), Amount, "EUR", "tok_visa");

        private static readonly PaymentIntent Intent = new() { Id = new Id<PaymentIntent>(9), Tenant = Tenant, Amount = new(Amount, "EUR"), Secret = "" };

        private readonly Dictionary<string, ProviderOutcome> _outcomes = [];
        private readonly List<ModelCharge> _charges = [];
        private readonly List<Answers> _answers = [];
        private readonly List<Movement> _moves = [];
        private readonly List<ModelCall> _calls = [];
        private readonly Dictionary<long, Refund> _refunds = [];
        private readonly bool _declines = choices[0] % 4 == 0;
        private readonly bool _captureFails = choices[1] % 4 == 0;
        private readonly bool _asksCustomer = choices[2] % 3 == 0;
        private readonly bool _hasIntent = choices[3] % 2 == 0;
        private Payment? _payment;
        private bool _requested;
        private int _step = 4;
        private int _turn;
        private bool _cameBack;

        public bool RunToTheEnd()
        {
            while (_step < choices.Length)
                Move();
            while (_calls.Count > 0)
                CallProvider(calm: true);
            Assert.True(AnswersAreSingle(), "answers");
            Assert.True(BooksAgree(), "books");
            Assert.True(MovesAddUp(), "moves");
            return true;
        }

        private int Chance(int below) => choices[_step++ % choices.Length] % below;

        private void Move()
        {
            switch (Chance(10))
            {
                case 0 when _payment is null && _hasIntent:
                    _requested = true;
                    Follow(Payment.Attempt(Request.Payment, Intent with { CapturesManually = Chance(2) == 0 }, "sandbox"));
                    break;
                case 0 when _payment is null:
                    _requested = true;
                    Follow(Payment.Request(Tenant, Request, "sandbox"));
                    break;
                case 0 when !_hasIntent:
                    _requested = true;
                    Follow(_payment!.RequestAgain(Request));
                    break;
                case 1:
                    Follow(_payment?.RequestCapture(Chance(2) == 0 || _payment.AuthorizedMinor == 0 ? null : 1 + Chance((int)_payment.AuthorizedMinor)));
                    break;
                case 2 when Chance(3) == 0 && !(_hasIntent && _payment is null):
                    Follow(_payment is null ? Payment.ReleaseUnheardOf(Tenant, Request.Payment) : _payment.RequestRelease());
                    break;
                case 3 when _payment is { RefundableMinor: > 0 }:
                    Follow(_payment.Refund(new Id<Refund>(100 + _refunds.Count), 1 + Chance((int)_payment.RefundableMinor), "because"));
                    break;
                case 4 when _payment is { AuthorizedMinor: > 0 }:
                    Follow(_payment.Increment(_payment.AuthorizedMinor + 1 + Chance(500)));
                    break;
                case 5:
                    Follow(_payment?.Complete());
                    break;
                case 6 when _refunds.Values.FirstOrDefault(refund => refund.State == RefundState.Succeeded) is { } refund && Chance(2) == 0:
                    Change(charge => charge.Refunded -= refund.AmountMinor);
                    _cameBack = true;
                    Follow(_payment!.TakeBack(refund, "account_closed"));
                    break;
                default:
                    CallProvider(calm: false);
                    break;
            }
        }

        private void Follow(Decision? decision)
        {
            if (decision is null)
                return;
            _payment = decision.Payment;
            AssertMoneyIsSound(_payment);
            _answers.AddRange(Enum.GetValues<Answers>().Where(answer => answer != Answers.None && decision.Answers.HasFlag(answer)));
            if (decision.Moves is { } movement)
                _moves.Add(movement);
            foreach (var refund in new[] { decision.Begins, decision.Changes }.OfType<Refund>())
                _refunds[refund.Id.Value] = refund;
            if (decision.Call is not { } operation)
                return;
            Assert.True(operation == PaymentOperation.Refund || _calls.All(call => call.Operation == PaymentOperation.Refund));
            _calls.Add(new ModelCall(operation, $"{operation}:{decision.Begins?.Id}:{(operation == PaymentOperation.Increment ? _turn++ : 0)}", decision.CallMinor, decision.Begins, false));
        }

        /// <summary>One try, as the job makes it: look for the key when the call may have been made, then make it.</summary>
        private void CallProvider(bool calm)
        {
            if (_calls.Count == 0)
                return;
            var call = _calls[Chance(_calls.Count)];
            _calls.Remove(call);
            var fate = calm ? 2 : Chance(4);
            var outcome = fate == 0 ? null : call.MayBeMade && _outcomes.TryGetValue(call.Key, out var known) ? known : Provide(call);
            if (fate < 2)
            {
                _calls.Add(call with { MayBeMade = true });
                Follow(_payment!.NoAnswer(call.Operation, "lost"));
                return;
            }
            Follow(Settle(call, outcome!));
            // What is owed is asked for again under another key.
            if (!outcome!.Succeeded && call.Refund is { IsOwed: true })
                _calls.Add(call with { Key = $"{call.Key}:{_turn++}", MayBeMade = false });
            else
                // The same outcome once more, as after a crash between the commit and the end of the job.
                Assert.Null(Settle(call, outcome!));
        }

        private Decision? Settle(ModelCall call, ProviderOutcome outcome) => call.Refund is { } refund
            ? _payment!.SettleRefund(_refunds[refund.Id.Value], outcome)
            : _payment!.Settle(call.Operation, outcome);

        private ProviderOutcome Provide(ModelCall call)
        {
            if (_outcomes.TryGetValue(call.Key, out var kept))
                return kept;
            return _outcomes[call.Key] = call.Operation switch
            {
                PaymentOperation.Authorize when _declines => new ProviderOutcome(null, "card_declined"),
                PaymentOperation.Authorize => Open(call.Amount),
                PaymentOperation.Complete when _captureFails => new ProviderOutcome("ch_0", "authentication_failed"),
                PaymentOperation.Complete or PaymentOperation.Increment when call.Amount % 3 > 0 => Change(charge => charge.Authorized = call.Amount),
                PaymentOperation.Complete => new ProviderOutcome("ch_0", "insufficient_funds"),
                PaymentOperation.Increment => new ProviderOutcome("ch_0", "insufficient_funds"),
                PaymentOperation.Capture when _captureFails => new ProviderOutcome("ch_0", "capture_failed"),
                PaymentOperation.Capture => Change(charge => charge.Captured += call.Amount) with { FeeMinor = 7 },
                PaymentOperation.Void => Change(charge => charge.Voided = true),
                _ when _turn++ % 3 == 0 => new ProviderOutcome("ch_0", "try_another_day"),
                _ => Change(charge => charge.Refunded += call.Amount),
            };
        }

        private ProviderOutcome Open(long amount)
        {
            _charges.Add(new ModelCharge { Authorized = _asksCustomer ? 0 : amount });
            return new ProviderOutcome("ch_0", null) { ActionUrl = _asksCustomer ? "/prove" : null };
        }

        private ProviderOutcome Change(Action<ModelCharge> change)
        {
            change(_charges[0]);
            return new ProviderOutcome("ch_0", null);
        }

        private static void AssertMoneyIsSound(Payment p)
        {
            Assert.True(p is { RefundedMinor: >= 0, RefundingMinor: >= 0, RefundableMinor: >= 0 } && p.CapturedMinor <= p.AuthorizedMinor, p.ToString());
        }

        private bool AnswersAreSingle() =>
            _answers.Count(answer => answer is Answers.Authorized or Answers.Declined) <= 1
            && _answers.Count(answer => answer is Answers.Captured or Answers.CaptureFailed) <= 1
            && _answers.Count(answer => answer is Answers.Released) == (_payment?.ReleaseAsked == true ? 1 : 0)
            && (_hasIntent || OthersAreAnswered());

        /// <summary>Those who asked by an event are told each outcome; an intent is looked at.</summary>
        private bool OthersAreAnswered() =>
            _answers.Count(answer => answer is Answers.Authorized or Answers.Declined) == (_requested ? 1 : 0)
            && _answers.Count(answer => answer is Answers.Captured or Answers.CaptureFailed) == (_payment?.CaptureAsked == true ? 1 : 0);

        private bool BooksAgree()
        {
            if (_payment is not { } p || _charges.Count == 0)
                return _payment is null or { AuthorizedMinor: 0, CapturedMinor: 0, RefundedMinor: 0 };
            var charge = _charges.Single();
            return (p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor, p.State == PaymentState.Voided)
                == (charge.Authorized, charge.Captured, charge.Refunded, charge.Voided)
                && p.RefundingMinor == 0
                && (!p.ReleaseAsked || charge.Voided || charge.Captured == charge.Refunded || _cameBack);
        }

        /// <summary>What is written into the books is what the provider did, each once.</summary>
        private bool MovesAddUp()
        {
            var charge = _charges.SingleOrDefault() ?? new ModelCharge();
            var holds = _moves.Where(move => move.Kind == MovementKind.Hold).ToList();
            return Sum(MovementKind.Capture) == charge.Captured
                && Sum(MovementKind.Refund) - Sum(MovementKind.RefundReturned) == charge.Refunded
                && holds.Sum(hold => hold.AmountMinor - hold.ReplacedMinor) == charge.Authorized
                && _moves.Count(move => move.Kind == MovementKind.Release) == (charge is { Voided: true, Authorized: > 0 } ? 1 : 0)
                && _moves.Count(move => move.Kind == MovementKind.Capture) <= 1;
        }

        private long Sum(MovementKind kind) => _moves.Where(move => move.Kind == kind).Sum(move => move.AmountMinor);
    }
}
