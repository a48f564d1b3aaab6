using Basin.Inventory;
using Basin.Kernel.Ids;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Commerce.Tests.Inventory;

/// <summary>The books against every interleaving of messages, repeats included.</summary>
public sealed class ReservationProperties
{
    [Fact]
    public void No_interleaving_breaks_the_books() => Prop.ForAll(
        Gen.Choose(0, int.MaxValue).ArrayOf(200).ToArbitrary(), choices => new World(choices).Run()).QuickCheckThrowOnFailure();

    /// <summary>A few SKUs in two warehouses, a few reservations, and messages about them in any order.</summary>
    private sealed class World
    {
        private static readonly string[] Skus = ["A", "B", "C"];
        private static readonly string[] Warehouses = ["east", "main"];

        private readonly Queue<int> _choices;
        private readonly Dictionary<(string Sku, string Warehouse), StockLevel> _levels = [];
        private readonly Dictionary<(string Sku, string Warehouse), long> _movements = [];
        private readonly Dictionary<long, Reservation> _reservations = [];
        private DateTimeOffset _now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

        public World(int[] choices)
        {
            _choices = new Queue<int>(choices);
            foreach (var sku in Skus)
            {
                foreach (var warehouse in Warehouses)
                {
                    _levels[(sku, warehouse)] = StockLevel.None(sku, warehouse);
                    Apply(StockLevel.None(sku, warehouse).Count(Choose(6)));
                }
            }
        }

        public bool Run()
        {
            while (_choices.Count > 0)
            {
                if (!Send(new Id<Reservation>(Choose(5))) || !BooksAreRight())
                    return false;
            }
            return true;
        }

        private int Choose(int count) => _choices.TryDequeue(out var choice) ? choice % count : 0;

        /// <returns>Whether the message was answered as it must be.</returns>
        private bool Send(Id<Reservation> id)
        {
            _now += TimeSpan.FromMinutes(Choose(3));
            var before = _reservations.GetValueOrDefault(id.Value);
            switch (Choose(5))
            {
                case 0:
                    var asked = new StockRequested(id, [.. Enumerable.Range(0, Choose(3) + 1).Select(_ => new StockLine(Skus[Choose(3)], Choose(5)))]);
                    var requested = before?.RequestAgain() ?? Reservation.Request(asked, AllLevelsOf(asked), _now.AddMinutes(5));
                    return Apply(before, requested) is StockAnswer.Reserved or StockAnswer.Refused;
                case 1:
                    return before is null || Apply(before, before.Commit([.. _levels.Values.Where(level => IsPicked(before, level))])) == StockAnswer.None;
                case 2:
                    return Apply(before, before?.Release() ?? Reservation.ReleaseUnknown(id, _now)) == StockAnswer.Released;
                case 3:
                    return before is null || Apply(before, before.Expire(_now)) is StockAnswer.None or StockAnswer.Expired;
                default:
                    CountOrAdjust(_levels[(Skus[Choose(3)], Warehouses[Choose(2)])]);
                    return true;
            }
        }

        private List<StockLevel> AllLevelsOf(StockRequested asked) =>
            [.. _levels.Values.Where(level => asked.Lines.Any(line => line.Sku == level.Sku))];

        private static bool IsPicked(Reservation reservation, StockLevel level) => reservation.Picks.Any(pick => pick.Sku == level.Sku);

        private void CountOrAdjust(StockLevel level)
        {
            try
            {
                Apply(Choose(2) == 0 ? level.Count(Choose(8)) : level.Adjust(Choose(7) - 3));
            }
            catch (Kernel.Http.ProblemException refusal) when (refusal.Problem.Code == InventoryProblems.BelowReserved.Code)
            {
                // What is promised cannot be taken away.
            }
        }

        private StockAnswer Apply(Reservation? before, ReservationStep step)
        {
            foreach (var change in step.Changes)
                Apply(change);
            _reservations[step.After.Id.Value] = step.After;
            return before is not null && step.After == before && step.Changes.Count > 0 ? (StockAnswer)(-1) : step.Answer;
        }

        private void Apply(StockChange change)
        {
            var place = (change.Sku, change.Warehouse);
            var level = _levels[place];
            _levels[place] = level with { OnHand = level.OnHand + change.OnHand, Reserved = level.Reserved + change.Reserved };
            if (change.Cause is not null)
                _movements[place] = _movements.GetValueOrDefault(place) + change.OnHand;
        }

        private bool BooksAreRight() => _levels.All(pair =>
            pair.Value.Reserved >= 0
            && pair.Value.Reserved <= pair.Value.OnHand
            && pair.Value.OnHand == _movements.GetValueOrDefault(pair.Key)
            && pair.Value.Reserved == HeldAt(pair.Key));

        private long HeldAt((string Sku, string Warehouse) place) => _reservations.Values
            .Where(reservation => reservation.State == ReservationState.Held)
            .SelectMany(reservation => reservation.Picks)
            .Where(pick => (pick.Sku, pick.Warehouse) == place)
            .Sum(pick => pick.Quantity);
    }
}
