using Basin.Orders;
using FsCheck;
using FsCheck.Fluent;
using Asks = Basin.Orders.OrderAsks;

namespace Basin.Commerce.Tests.Orders;

/// <summary>
/// Orders against models of the other systems: whatever they answer, in whatever order, with a cancellation at any moment, the order ends and
/// nobody is owed anything.
/// </summary>
public sealed class OrderProgressProperties
{
    [Fact]
    public void Every_interleaving_ends_with_nothing_owed() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ArrayOf(80).ToArbitrary(),
        choices => new World(choices).RunToTheEnd()).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    /// <summary>The four parties. What each has to say waits in its own queue, since only the order of one speaker is kept.</summary>
    private sealed class World(int[] choices)
    {
        private readonly Queue<OrderSignal> _payments = new();
        private readonly Queue<OrderSignal> _stock = new();
        private readonly Queue<OrderSignal> _carrier = new();
        private OrderProgress _order = OrderProgress.Placed;
        private bool _moneyHeld;
        private bool _moneyTaken;
        private bool _captureFailed;
        private bool _goodsSetAside;
        private bool _goodsGone;
        private bool _parcelOut;
        private bool _cancelled;
        private int _step;

        public bool RunToTheEnd()
        {
            AnswerPayment();
            while (_payments.Count + _stock.Count + _carrier.Count > 0)
                Speak();
            return _order.State switch
            {
                // What is held for goods whose price could not be taken runs out by itself; that it was not taken must be seen.
                OrderState.Delivered when _captureFailed => _order.Reason == OrderReason.CaptureFailed && _goodsGone && !_goodsSetAside,
                OrderState.Delivered => !_moneyHeld && _moneyTaken && _goodsGone && !_goodsSetAside,
                OrderState.Declined or OrderState.Cancelled => !_moneyHeld && !_moneyTaken && !_goodsSetAside && !_goodsGone && !_parcelOut,
                _ => false,
            };
        }

        private void Speak()
        {
            Queue<OrderSignal>[] speakers = [.. new[] { _payments, _stock, _carrier }.Where(speaker => speaker.Count > 0)];
            if (!_cancelled && Chance(6) == 0)
                Hear(Cancel());
            else
                Hear(speakers[Chance(speakers.Length)].Dequeue());
        }

        private OrderSignal Cancel()
        {
            _cancelled = true;
            return OrderSignal.CancelAsked;
        }

        private void Hear(OrderSignal signal)
        {
            if (signal == OrderSignal.Delivered)
                _parcelOut = false;
            (_order, var asks) = _order.On(signal);
            foreach (var ask in Enum.GetValues<Asks>().Where(ask => ask != Asks.None && asks.HasFlag(ask)))
                Answer(ask);
        }

        private void AnswerPayment()
        {
            _moneyHeld = Chance(5) != 0;
            _payments.Enqueue(_moneyHeld ? OrderSignal.PaymentAuthorized : OrderSignal.PaymentDeclined);
        }

        private void Answer(Asks ask)
        {
            switch (ask)
            {
                case Asks.RequestStock:
                    _goodsSetAside = Chance(5) != 0;
                    _stock.Enqueue(_goodsSetAside ? OrderSignal.StockReserved : OrderSignal.StockRefused);
                    break;
                case Asks.CommitStock:
                    (_goodsSetAside, _goodsGone) = (false, true);
                    break;
                case Asks.ReleaseStock:
                    (_goodsSetAside, _goodsGone) = (false, false);
                    _stock.Enqueue(OrderSignal.StockReleased);
                    break;
                case Asks.CapturePayment when Chance(6) == 0:
                    _captureFailed = true;
                    _payments.Enqueue(OrderSignal.PaymentCaptureFailed);
                    break;
                case Asks.CapturePayment:
                    (_moneyHeld, _moneyTaken) = (false, true);
                    break;
                case Asks.ReleasePayment:
                    (_moneyHeld, _moneyTaken) = (false, false);
                    _payments.Enqueue(OrderSignal.PaymentReleased);
                    break;
                case Asks.RequestShipment when Chance(5) == 0:
                    _carrier.Enqueue(OrderSignal.ShipmentRefused);
                    break;
                case Asks.RequestShipment:
                    _parcelOut = true;
                    _carrier.Enqueue(OrderSignal.Dispatched);
                    _carrier.Enqueue(OrderSignal.Delivered);
                    break;
                case Asks.CancelShipment when _carrier.Contains(OrderSignal.Delivered) && Chance(2) == 0:
                    RecallParcel();
                    break;
            }
        }

        /// <summary>The carrier takes back what it has not told yet; what it has told stays said.</summary>
        private void RecallParcel()
        {
            var told = _carrier.Where(signal => signal != OrderSignal.Delivered).ToList();
            _carrier.Clear();
            told.ForEach(_carrier.Enqueue);
            _parcelOut = false;
            _carrier.Enqueue(OrderSignal.ShipmentCancelled);
        }

        private int Chance(int of) => choices[_step++ % choices.Length] % of;
    }
}
