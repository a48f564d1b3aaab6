using Basin.Ledger;
using FsCheck;
using FsCheck.Fluent;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>The decisions of the ledger against sums made from nothing but the transfers that it has taken.</summary>
public sealed class BooksProperties
{
    /// <summary>All kinds of transfers that any history has taken: one that refuses everything would be balanced too.</summary>
    private static readonly HashSet<(TransferKind, bool Linked, bool Balancing, bool Closing)> Taken = [];

    [Fact]
    public void Whatever_is_asked_debits_are_credits_flags_hold_and_balances_are_the_sum_of_the_transfers()
    {
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue).ArrayOf(400).ToArbitrary(),
            choices => new World(choices).RunToTheEnd()).Check(Config.QuickThrowOnFailure.WithMaxTest(1500));
        foreach (var kind in Enum.GetValues<TransferKind>())
            Assert.Contains((kind, true, false, false), Taken);
        Assert.Contains((TransferKind.Single, false, true, false), Taken);
        Assert.Contains((TransferKind.Pending, false, true, false), Taken);
        Assert.Contains((TransferKind.Pending, false, false, true), Taken);
    }

    private sealed class World(int[] choices)
    {
        private readonly RandomTransfers _random = new(choices);
        private readonly Dictionary<string, Account> _accounts =
            RandomTransfers.Accounts.ToDictionary(asked => asked.Id, asked => asked.OpenAt(DateTimeOffset.UnixEpoch));
        private readonly Dictionary<string, Transfer> _transfers = [];
        private readonly Dictionary<string, PendingState> _promises = [];
        private readonly HashSet<string> _failed = [];
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;
        private long _number;

        public bool RunToTheEnd()
        {
            while (_random.HasMore)
            {
                var batch = _random.NextBatch();
                var statuses = Decide(batch);
                Check();
                RepeatingChangesNothing(batch, statuses);
                _now = _now.AddSeconds(_random.Chance(8));
                Expire();
                Check();
            }
            return true;
        }

        private TransferStatus[] Decide(IReadOnlyList<NewTransfer> batch)
        {
            var books = new Books(_accounts, _transfers, _promises, _failed, _now, () => ++_number);
            var statuses = books.Decide(batch);
            var created = batch.Zip(statuses).Where(one => one.Second == TransferStatus.Created).Select(one => one.First.Id);
            Assert.Equal(created, books.Happened.Select(happened => happened.Transfer.Id));
            foreach (var (asked, _) in batch.Zip(statuses).Where(one => one.Second == TransferStatus.Created))
                Taken.Add((asked.Kind, asked.Linked, asked.IsBalancing, asked.IsClosing));
            return statuses;
        }

        /// <summary>What was done exists; nothing that was done is done again.</summary>
        private void RepeatingChangesNothing(IReadOnlyList<NewTransfer> batch, TransferStatus[] statuses)
        {
            var done = batch.Zip(statuses).Where(one => one.Second == TransferStatus.Created).Select(one => one.First with { Linked = false }).ToList();
            var before = _accounts.Values.ToList();
            foreach (var again in done)
            {
                var status = Assert.Single(Decide([again]));
                Assert.Equal(_transfers[again.Id].Has(TransferFlags.Linked) ? TransferStatus.ExistsWithDifferentFlags : TransferStatus.Exists, status);
            }
            Assert.Equal(before, _accounts.Values);
        }

        private void Expire()
        {
            var books = new Books(_accounts, _transfers, _promises, _failed, _now, () => ++_number);
            foreach (var due in _transfers.Values.Where(one => one.ExpiresAt <= _now && _promises[one.Id] == PendingState.Waiting).ToList())
                books.Expire(due.Id);
        }

        private void Check()
        {
            foreach (var account in _accounts.Values)
            {
                Assert.Equal((SumOf(account.Id, one => one.Debit), SumOf(account.Id, one => one.Credit)), (account.Debits, account.Credits));
                Assert.Equal(MustBeClosed(account.Id), account.IsClosed);
                if (account.Flags.HasFlag(AccountFlags.DebitsMustNotExceedCredits))
                    Assert.True(account.Debits.Total <= account.Credits.Posted);
                if (account.Flags.HasFlag(AccountFlags.CreditsMustNotExceedDebits))
                    Assert.True(account.Credits.Total <= account.Debits.Posted);
            }
            foreach (var ofCurrency in _accounts.Values.GroupBy(account => account.Currency))
                Assert.Equal(ofCurrency.Sum(account => account.Debits.Total), ofCurrency.Sum(account => account.Credits.Total));
        }

        /// <summary>A pending transfer that closes an account keeps it closed until it is voided or expires.</summary>
        private bool MustBeClosed(string account) => _transfers.Values.Any(one =>
            ((one.Has(TransferFlags.ClosingDebit) && one.Debit == account) || (one.Has(TransferFlags.ClosingCredit) && one.Credit == account)) && IsWaiting(one));

        private Side SumOf(string account, Func<Transfer, string> side) => new(
            _transfers.Values.Where(one => side(one) == account && IsWaiting(one)).Sum(one => one.Amount),
            _transfers.Values.Where(one => side(one) == account && one.Kind is (TransferKind.Single or TransferKind.Post)).Sum(one => one.Amount));

        private bool IsWaiting(Transfer one) => _promises.TryGetValue(one.Id, out var promise) && promise == PendingState.Waiting;
    }
}
