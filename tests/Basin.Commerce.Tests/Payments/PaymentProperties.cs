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
        Gen.Choose(0, int.MaxValue).ArrayOf(60).ToArbitrary(),
        choices => new World(choices).RunToTheEnd()).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    private sealed class ModelCharge
    {
        public long Authorized { get; init; }

        public long Captured { get; set; }

        public long Refunded { get; set; }

        public bool Voided { get; set; }
    }

    private sealed class World(int[] choices)
    {
        private const long Amount = 1250;
        private static readonly PaymentRequested Request = new(new Id<Payment>(5), Amount, "EUR", "tok_visa");

        private readonly Dictionary<string, ProviderOutcome> _outcomes = [];
        private readonly List<ModelCharge> _charges = [];
        private readonly List<Answers> _answers = [];
        private readonly bool _declines = choices[0] % 4 == 0;
        private readonly bool _captureFails = choices[1] % 4 == 0;
        private Payment? _payment;
        private (PaymentOperation Operation, string Key, bool MayBeMade)? _call;
        private bool _requested;
        private int _step = 2;

        public bool RunToTheEnd()
        {
            while (_step < choices.Length)
                Move();
            while (_call is not null)
                CallProvider(calm: true);
            return AnswersAreSingle() && BooksAgree();
        }

        private int Chance(int below) => choices[_step++ % choices.Length] % below;

        private void Move()
        {
            switch (Chance(7))
            {
                case 0 when _payment is null:
                    _requested = true;
                    Follow(Payment.Request(new Id<Tenant>(1), Request));
                    break;
                case 0:
                    _requested = true;
                    Follow(_payment.RequestAgain(Request));
                    break;
                case 1:
                    Follow(_payment?.RequestCapture());
                    break;
                case 2 when Chance(3) == 0:
                    Follow(_payment is null ? Payment.ReleaseUnheardOf(new Id<Tenant>(1), Request.Payment) : _payment.RequestRelease());
                    break;
                case 3 when _payment?.State == PaymentState.Captured:
                    Follow(_payment.Refund("because"));
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
            _answers.AddRange(Enum.GetValues<Answers>().Where(answer => answer != Answers.None && decision.Answers.HasFlag(answer)));
            if (decision.Call is { } operation)
            {
                Assert.Null(_call);
                _call = (operation, $"{_payment.Id}:{operation}", false);
            }
        }

        /// <summary>One try, as the job makes it: look for the key when the call may have been made, then make it.</summary>
        private void CallProvider(bool calm)
        {
            if (_call is not { } call)
                return;
            var fate = calm ? 2 : Chance(4);
            var outcome = fate == 0 ? null : call.MayBeMade && _outcomes.TryGetValue(call.Key, out var known) ? known : Provide(call.Operation, call.Key);
            if (fate < 2)
            {
                _call = call with { MayBeMade = true };
                Follow(_payment!.NoAnswer(call.Operation, "lost"));
                return;
            }
            _call = null;
            Follow(_payment!.Settle(call.Operation, outcome!));
            // The same outcome once more, as after a crash between the commit and the end of the job.
            Assert.Null(_payment.Settle(call.Operation, outcome!));
        }

        private ProviderOutcome Provide(PaymentOperation operation, string key)
        {
            if (_outcomes.TryGetValue(key, out var kept))
                return kept;
            return _outcomes[key] = operation switch
            {
                PaymentOperation.Authorize when _declines => new ProviderOutcome(null, "card_declined"),
                PaymentOperation.Authorize => Open(),
                PaymentOperation.Capture when _captureFails => new ProviderOutcome("ch_0", "capture_failed"),
                PaymentOperation.Capture => Change(charge => charge.Captured += Amount),
                PaymentOperation.Void => Change(charge => charge.Voided = true),
                _ => Change(charge => charge.Refunded += Amount),
            };
        }

        private ProviderOutcome Open()
        {
            _charges.Add(new ModelCharge { Authorized = Amount });
            return new ProviderOutcome("ch_0", null);
        }

        private ProviderOutcome Change(Action<ModelCharge> change)
        {
            change(_charges[0]);
            return new ProviderOutcome("ch_0", null);
        }

        private bool AnswersAreSingle() =>
            _answers.Count(answer => answer is Answers.Authorized or Answers.Declined) == (_requested ? 1 : 0)
            && _answers.Count(answer => answer is Answers.Captured or Answers.CaptureFailed) == (_payment?.CaptureAsked == true ? 1 : 0)
            && _answers.Count(answer => answer is Answers.Released) == (_payment?.ReleaseAsked == true ? 1 : 0);

        private bool BooksAgree()
        {
            if (_payment is not { } p || _charges.Count == 0)
                return _payment is null or { AuthorizedMinor: 0, CapturedMinor: 0, RefundedMinor: 0 };
            var charge = _charges.Single();
            return (p.AuthorizedMinor, p.CapturedMinor, p.RefundedMinor, p.State == PaymentState.Voided)
                == (charge.Authorized, charge.Captured, charge.Refunded, charge.Voided)
                && (!p.ReleaseAsked || charge.Voided || charge.Captured == charge.Refunded);
        }
    }
}
