using Basin.Ledger;

namespace Basin.Commerce.Tests.Ledger;

/// <summary>
/// Which status a transfer gets. Each test begins with a request that is wrong in every way of its family and mends one thing after another: the statuses must
/// come in the order in which they are documented, so each is told before all that come after it.
/// </summary>
public sealed class StatusTests
{
    private const long Max = Account.MaxAmount;

    private static readonly DateTimeOffset Now = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private static readonly NewTransfer Moving = new("t", "cash", "sales", 10, "EUR", "sale");

    private readonly Dictionary<string, Account> _accounts = new[]
    {
        Open("cash"), Open("sales"), Open("bank"), Open("dollars", "USD"), Open("closed", flags: AccountFlags.Closed), Open("closed2", flags: AccountFlags.Closed),
    }.ToDictionary(account => account.Id);

    private readonly Dictionary<string, Transfer> _transfers = [];
    private readonly Dictionary<string, PendingState> _promises = [];
    private readonly HashSet<string> _failed = [];
    private long _number;

    [Fact]
    public void What_is_missing_or_does_not_fit_is_told_in_order() => Mend(
        new NewTransfer("t", PendingId: "t", TimeoutSeconds: 5, ClosingDebit: true, Linked: true),
        (TransferStatus.LinkedEventChainOpen, t => t with { Linked = false }),
        (TransferStatus.DebitAccountMustBeGiven, t => t with { Debit = "nowhere" }),
        (TransferStatus.CreditAccountMustBeGiven, t => t with { Credit = "nowhere" }),
        (TransferStatus.AccountsMustBeDifferent, t => t with { Credit = "elsewhere" }),
        (TransferStatus.PendingIdMustNotBeGiven, t => t with { PendingId = null }),
        (TransferStatus.TimeoutReservedForPendingTransfer, t => t with { TimeoutSeconds = null }),
        (TransferStatus.ClosingTransferMustBePending, t => t with { ClosingDebit = false }),
        (TransferStatus.AmountMustBeGiven, t => t with { Amount = Account.MaxAmount }),
        (TransferStatus.CurrencyMustBeGiven, t => t with { Currency = "GBP" }),
        (TransferStatus.CodeMustBeGiven, t => t with { Code = "sale" }),
        (TransferStatus.DebitAccountNotFound, t => t with { Debit = "closed" }),
        (TransferStatus.CreditAccountNotFound, t => t with { Credit = "dollars" }),
        (TransferStatus.AccountsMustHaveTheSameCurrency, t => t with { Credit = "closed2" }),
        (TransferStatus.TransferMustHaveTheSameCurrencyAsAccounts, t => t with { Currency = "EUR" }),
        (TransferStatus.DebitAccountAlreadyClosed, t => t with { Debit = "cash" }),
        (TransferStatus.CreditAccountAlreadyClosed, t => t with { Credit = "sales" }),
        (TransferStatus.Created, t => t));

    [Fact]
    public void Posting_and_voiding_are_checked_in_order()
    {
        Add(new Transfer(++_number, "single", "cash", "sales", 10, "EUR", "sale", TransferKind.Single, TransferFlags.None, null, null, null, Now));
        AddPending("pending", "closed", "closed2", 10, PendingState.Posted);
        Mend(
            new NewTransfer("t", "a", "a", 11, "USD", "other", TransferKind.Post, TimeoutSeconds: 5, BalancingDebit: true),
            (TransferStatus.FlagsAreMutuallyExclusive, t => t with { BalancingDebit = false, ClosingCredit = true }),
            (TransferStatus.FlagsAreMutuallyExclusive, t => t with { ClosingCredit = false }),
            (TransferStatus.AccountsMustBeDifferent, t => t with { Credit = "b" }),
            (TransferStatus.PendingIdMustBeGiven, t => t with { PendingId = "t" }),
            (TransferStatus.PendingIdMustBeDifferent, t => t with { PendingId = "unknown" }),
            (TransferStatus.TimeoutReservedForPendingTransfer, t => t with { TimeoutSeconds = null }),
            (TransferStatus.PendingTransferNotFound, t => t with { PendingId = "single" }),
            (TransferStatus.PendingTransferNotPending, t => t with { PendingId = "pending" }),
            (TransferStatus.PendingTransferHasDifferentDebitAccount, t => t with { Debit = null }),
            (TransferStatus.PendingTransferHasDifferentCreditAccount, t => t with { Credit = null }),
            (TransferStatus.PendingTransferHasDifferentCurrency, t => t with { Currency = null }),
            (TransferStatus.PendingTransferHasDifferentCode, t => t with { Code = null }),
            (TransferStatus.ExceedsPendingTransferAmount, t => t with { Kind = TransferKind.Void }),
            (TransferStatus.ExceedsPendingTransferAmount, t => t with { Amount = 9 }),
            (TransferStatus.PendingTransferHasDifferentAmount, t => t with { Kind = TransferKind.Post }),
            (TransferStatus.PendingTransferAlreadyPosted, t => EndAs(t, PendingState.Voided)),
            (TransferStatus.PendingTransferAlreadyVoided, t => EndAs(t, PendingState.Expired)),
            (TransferStatus.PendingTransferExpired, t => EndAs(t, PendingState.Waiting)),
            (TransferStatus.DebitAccountAlreadyClosed, t => Reopen(t, "closed")),
            (TransferStatus.CreditAccountAlreadyClosed, t => Reopen(t, "closed2")),
            (TransferStatus.Created, t => t));
    }

    [Fact]
    public void A_promise_whose_time_is_over_has_expired_before_anybody_releases_it()
    {
        AddPending("pending", "cash", "sales", 10, PendingState.Waiting, timeoutSeconds: 60);
        Assert.Equal(TransferStatus.PendingTransferExpired, DecideAt(Now.AddSeconds(60), Resolving(TransferKind.Post)));
        Assert.Equal(TransferStatus.PendingTransferExpired, DecideAt(Now.AddSeconds(60), Resolving(TransferKind.Void)));
        Assert.Equal(TransferStatus.Created, DecideAt(Now.AddSeconds(59), Resolving(TransferKind.Post)));
    }

    [Fact]
    public void A_transfer_that_exists_is_compared_in_order()
    {
        Add(new Transfer(++_number, "t", "cash", "sales", 10, "EUR", "sale", TransferKind.Single, TransferFlags.None, null, null, "invoice 1", Now));
        Mend(
            new NewTransfer("t", "a", "a", 0, "USD", "other", TransferKind.Post, "p", 5, "invoice 2", BalancingCredit: true),
            (TransferStatus.ExistsWithDifferentFlags, t => t with { Kind = TransferKind.Single }),
            (TransferStatus.ExistsWithDifferentFlags, t => t with { BalancingCredit = false }),
            (TransferStatus.ExistsWithDifferentPendingId, t => t with { PendingId = null }),
            (TransferStatus.ExistsWithDifferentTimeout, t => t with { TimeoutSeconds = null }),
            (TransferStatus.ExistsWithDifferentDebitAccount, t => t with { Debit = "cash" }),
            (TransferStatus.ExistsWithDifferentCreditAccount, t => t with { Credit = "sales" }),
            (TransferStatus.ExistsWithDifferentAmount, t => t with { Amount = 10 }),
            (TransferStatus.ExistsWithDifferentReference, t => t with { Reference = "invoice 1" }),
            (TransferStatus.ExistsWithDifferentCurrency, t => t with { Currency = "EUR" }),
            (TransferStatus.ExistsWithDifferentCode, t => t with { Code = null }),
            (TransferStatus.ExistsWithDifferentCode, t => t with { Code = "sale" }),
            (TransferStatus.Exists, t => t));
    }

    [Fact]
    public void What_was_refused_for_the_state_of_the_accounts_stays_refused()
    {
        var books = BooksAt(Now);
        Assert.Equal(
            [TransferStatus.DebitAccountNotFound, TransferStatus.CodeMustBeGiven, TransferStatus.IdAlreadyFailed, TransferStatus.Created],
            books.Decide([Moving with { Debit = "nowhere" }, Moving with { Id = "u", Code = null }, Moving, Moving with { Id = "u" }]));
        Assert.Equal(["t"], books.Failed);
        _failed.Add("t");
        // Told before everything that is wrong with the request itself.
        Assert.Equal(TransferStatus.IdAlreadyFailed, Decide(new NewTransfer("t")));
    }

    [Fact]
    public void Posting_again_with_less_said_is_the_same_only_if_it_means_the_same()
    {
        AddPending("pending", "cash", "sales", 10, PendingState.Posted);
        Add(_transfers["pending"] with { Id = "t", Kind = TransferKind.Post, PendingId = "pending", Amount = 7 });
        Assert.Equal(TransferStatus.Exists, Decide(Resolving(TransferKind.Post) with { Amount = 7 }));
        Assert.Equal(TransferStatus.Exists, Decide(Resolving(TransferKind.Post) with { Amount = 7, Debit = "cash", Code = "sale" }));
        Assert.Equal(TransferStatus.ExistsWithDifferentReference, Decide(Resolving(TransferKind.Post) with { Amount = 7, Reference = "x" }));
        Assert.Equal(TransferStatus.ExistsWithDifferentAmount, Decide(Resolving(TransferKind.Post)));
        Assert.Equal(TransferStatus.ExistsWithDifferentFlags, Decide(Resolving(TransferKind.Void)));
    }

    [Fact]
    public void A_balancing_transfer_exists_when_it_moved_no_more_than_is_asked_for_again()
    {
        Add(new Transfer(++_number, "t", "cash", "sales", 10, "EUR", "sale", TransferKind.Single, TransferFlags.BalancingDebit, null, null, null, Now));
        var again = Moving with { BalancingDebit = true };
        Assert.Equal(TransferStatus.Exists, Decide(again with { Amount = 11 }));
        Assert.Equal(TransferStatus.Exists, Decide(again with { Amount = null }));
        Assert.Equal(TransferStatus.ExistsWithDifferentAmount, Decide(again with { Amount = 9 }));
    }

    /// <summary>Each row mends what the row before it was refused for, and nothing else. 10 are to be moved.</summary>
    /// <param name="debits">Of the debit account: pending, posted.</param>
    /// <param name="covered">What the debit account was given.</param>
    /// <param name="credits">Of the credit account: pending, posted.</param>
    /// <param name="owed">What the credit account has given.</param>
    [Theory]
    [InlineData(TransferKind.Pending, new[] { Max, 0 }, 9, new[] { Max, 0 }, 9, TransferStatus.OverflowsDebitsPending)]
    [InlineData(TransferKind.Pending, new[] { Max - 10, 1 }, 9, new[] { Max, 0 }, 9, TransferStatus.OverflowsCreditsPending)]
    [InlineData(TransferKind.Pending, new[] { Max - 10, 1 }, 9, new[] { Max - 10, 1 }, 9, TransferStatus.OverflowsDebits)]
    [InlineData(TransferKind.Pending, new[] { 1L, 1 }, 11, new[] { Max - 10, 1 }, 11, TransferStatus.OverflowsCredits)]
    [InlineData(TransferKind.Single, new[] { 0, Max }, 9, new[] { 0, Max }, 9, TransferStatus.OverflowsDebitsPosted)]
    [InlineData(TransferKind.Single, new[] { 1, Max - 10 }, 9, new[] { 0, Max }, 9, TransferStatus.OverflowsCreditsPosted)]
    [InlineData(TransferKind.Single, new[] { 1, Max - 10 }, 9, new[] { 1, Max - 10 }, 9, TransferStatus.OverflowsDebits)]
    [InlineData(TransferKind.Single, new[] { 1L, 1 }, 11, new[] { 1, Max - 10 }, 11, TransferStatus.OverflowsCredits)]
    [InlineData(TransferKind.Single, new[] { 1L, 1 }, 11, new[] { 1L, 1 }, 11, TransferStatus.ExceedsCredits)]
    [InlineData(TransferKind.Single, new[] { 1L, 1 }, 12, new[] { 1L, 1 }, 11, TransferStatus.ExceedsDebits)]
    [InlineData(TransferKind.Single, new[] { 1L, 1 }, 12, new[] { 1L, 1 }, 12, TransferStatus.Created)]
    [InlineData(TransferKind.Pending, new[] { 1L, 1 }, 11, new[] { 1L, 1 }, 11, TransferStatus.ExceedsCredits)]
    [InlineData(TransferKind.Pending, new[] { 1L, 1 }, 12, new[] { 1L, 1 }, 11, TransferStatus.ExceedsDebits)]
    [InlineData(TransferKind.Pending, new[] { 1L, 1 }, 12, new[] { 1L, 1 }, 12, TransferStatus.Created)]
    public void Overflows_are_told_before_what_flags_forbid(
        TransferKind kind, long[] debits, long covered, long[] credits, long owed, TransferStatus expected)
    {
        _accounts["cash"] = _accounts["cash"] with
        {
            Flags = AccountFlags.DebitsMustNotExceedCredits,
            Debits = new Side(debits[0], debits[1]),
            Credits = new Side(0, covered),
        };
        _accounts["sales"] = _accounts["sales"] with
        {
            Flags = AccountFlags.CreditsMustNotExceedDebits,
            Credits = new Side(credits[0], credits[1]),
            Debits = new Side(0, owed),
        };
        Assert.Equal(expected, Decide(Moving with { Kind = kind }));
    }

    [Theory]
    [InlineData(true, false, 30, 50, 30)]
    [InlineData(false, true, 30, 50, 50)]
    [InlineData(true, true, 30, 50, 30)]
    [InlineData(true, true, 50, 30, 30)]
    [InlineData(true, true, 500, 500, 100)]
    public void A_balancing_transfer_moves_what_is_left(bool balancesDebit, bool balancesCredit, long left, long owed, long moved)
    {
        _accounts["cash"] = _accounts["cash"] with { Debits = new Side(3, 4), Credits = new Side(0, left + 7) };
        _accounts["sales"] = _accounts["sales"] with { Credits = new Side(2, 1), Debits = new Side(0, owed + 3) };
        var books = BooksAt(Now);
        Assert.Equal(
            [TransferStatus.Created],
            books.Decide([Moving with { Amount = 100, BalancingDebit = balancesDebit, BalancingCredit = balancesCredit }]));
        Assert.Equal(moved, Assert.Single(books.Happened).Transfer.Amount);
    }

    [Fact]
    public void A_balancing_transfer_with_nothing_to_move_moves_nothing()
    {
        _accounts["cash"] = _accounts["cash"] with { Debits = new Side(0, 5) };
        var books = BooksAt(Now);
        Assert.Equal([TransferStatus.Created], books.Decide([Moving with { Amount = null, BalancingDebit = true }]));
        Assert.Equal(0, Assert.Single(books.Happened).Transfer.Amount);
    }

    /// <summary>Sweeps what is left, and closes: the recipe for an account that must not be overdrawn.</summary>
    [Theory]
    [InlineData(30)]
    [InlineData(0)]
    public void An_account_is_emptied_and_closed_in_one_chain(long left)
    {
        _accounts["cash"] = _accounts["cash"] with { Flags = AccountFlags.DebitsMustNotExceedCredits, Credits = new Side(0, left) };
        var books = BooksAt(Now);
        Assert.Equal(
            [TransferStatus.Created, TransferStatus.Created, TransferStatus.DebitAccountAlreadyClosed],
            books.Decide([
                Moving with { Id = "sweep", Amount = null, BalancingDebit = true, Linked = true },
                Moving with { Id = "close", Amount = 0, Kind = TransferKind.Pending, ClosingDebit = true },
                Moving with { Id = "late", Amount = 0 },
            ]));
        Assert.Equal(new Side(0, left), books.AccountOf("cash").Debits);
        Assert.True(books.AccountOf("cash").IsClosed);
    }

    [Fact]
    public void A_chain_is_done_together_or_not_at_all()
    {
        var books = BooksAt(Now);
        Assert.Equal(
            [
                TransferStatus.Created,
                TransferStatus.LinkedEventFailed, TransferStatus.DebitAccountNotFound, TransferStatus.LinkedEventFailed,
                TransferStatus.Created, TransferStatus.Created,
                TransferStatus.Created,
                TransferStatus.LinkedEventFailed, TransferStatus.LinkedEventChainOpen,
            ],
            books.Decide([
                Moving with { Id = "alone" },
                Moving with { Id = "a1", Linked = true }, Moving with { Id = "a2", Linked = true, Debit = "nowhere" }, Moving with { Id = "a3" },
                Moving with { Id = "b1", Linked = true }, Moving with { Id = "b2" },
                // What was undone left nothing behind, not even its id.
                Moving with { Id = "a1" },
                Moving with { Id = "c1", Linked = true }, Moving with { Id = "c2", Linked = true },
            ]));
        Assert.Equal(["alone", "b1", "b2", "a1"], books.Happened.Select(happened => happened.Transfer.Id));
        Assert.Equal(new Side(0, 40), books.AccountOf("cash").Debits);
        Assert.Equal(new Side(0, 40), books.AccountOf("sales").Credits);
    }

    [Fact]
    public void A_chain_that_is_open_and_wrong_is_told_both()
    {
        Assert.Equal(
            [TransferStatus.LinkedEventFailed, TransferStatus.CodeMustBeGiven, TransferStatus.LinkedEventFailed, TransferStatus.LinkedEventChainOpen],
            BooksAt(Now).Decide([
                Moving with { Id = "a", Linked = true }, Moving with { Id = "b", Linked = true, Code = null }, Moving with { Id = "c", Linked = true },
                Moving with { Id = "d", Linked = true },
            ]));
    }

    [Fact]
    public void A_promise_made_and_kept_in_a_chain_that_fails_was_never_made()
    {
        var books = BooksAt(Now);
        Assert.Equal(
            [TransferStatus.LinkedEventFailed, TransferStatus.LinkedEventFailed, TransferStatus.CodeMustBeGiven, TransferStatus.PendingTransferNotFound],
            books.Decide([
                Moving with { Id = "pending", Kind = TransferKind.Pending, Linked = true }, Resolving(TransferKind.Post) with { Linked = true },
                Moving with { Id = "wrong", Code = null }, Resolving(TransferKind.Void),
            ]));
        Assert.Empty(books.Happened);
        Assert.Equal((default, 0), (books.AccountOf("cash").Debits, books.AccountOf("cash").Entries));
    }

    [Fact]
    public void Time_goes_on_in_every_account_whatever_the_clock_says()
    {
        _accounts["sales"] = _accounts["sales"] with { ChangedAt = Now.AddSeconds(5) };
        var books = BooksAt(Now);
        books.Decide([Moving, Moving with { Id = "t2", Debit = "bank", Credit = "cash" }]);
        Assert.Equal([Now.AddSeconds(5), Now.AddSeconds(5)], books.Happened.Select(happened => happened.Transfer.At));
        Assert.Equal(2, books.AccountOf("cash").Entries);
    }

    [Fact]
    public void A_chain_that_fails_keeps_the_promise_that_it_would_have_kept()
    {
        AddPending("pending", "cash", "sales", 10, PendingState.Waiting);
        var books = BooksAt(Now);
        Assert.Equal(
            [TransferStatus.LinkedEventFailed, TransferStatus.CodeMustBeGiven, TransferStatus.Created],
            books.Decide([
                Resolving(TransferKind.Post) with { Linked = true }, Moving with { Id = "t2", Code = null }, Resolving(TransferKind.Void),
            ]));
        Assert.Equal(default, books.AccountOf("cash").Debits);
    }

    [Fact]
    public void Posting_a_part_releases_the_rest()
    {
        AddPending("pending", "cash", "sales", 10, PendingState.Waiting);
        var books = BooksAt(Now);
        Assert.Equal([TransferStatus.Created], books.Decide([Resolving(TransferKind.Post) with { Amount = 4 }]));
        Assert.Equal((new Side(0, 4), new Side(0, 4)), (books.AccountOf("cash").Debits, books.AccountOf("sales").Credits));
    }

    [Fact]
    public void A_pending_transfer_may_close_its_accounts_and_voiding_it_opens_them()
    {
        var books = BooksAt(Now);
        Assert.Equal(
            [
                TransferStatus.Created, TransferStatus.DebitAccountAlreadyClosed, TransferStatus.CreditAccountAlreadyClosed,
                TransferStatus.Created, TransferStatus.CreditAccountAlreadyClosed,
                TransferStatus.Created, TransferStatus.Created,
            ],
            books.Decide([
                Moving with { Id = "closing", Kind = TransferKind.Pending, ClosingDebit = true },
                Moving with { Id = "out" },
                Moving with { Id = "in", Debit = "sales", Credit = "cash" },
                Moving with { Id = "closing2", Kind = TransferKind.Pending, Debit = "sales", Credit = "bank", ClosingCredit = true },
                Moving with { Id = "in2", Debit = "sales", Credit = "bank" },
                new NewTransfer("opening", Kind: TransferKind.Void, PendingId: "closing"),
                Moving with { Id = "again" },
            ]));
    }

    [Fact]
    public void An_account_that_exists_is_compared_in_order()
    {
        var existing = new NewAccount("cash", "EUR", "assets", DebitsMustNotExceedCredits: true, Reference: "till").OpenAt(Now);
        var asked = new NewAccount("cash", "USD", "income", CreditsMustNotExceedDebits: true, DebitsMustNotExceedCredits: true);
        Assert.Equal(AccountStatus.FlagsAreMutuallyExclusive, asked.Decide(null));
        Assert.Equal(AccountStatus.ExistsWithDifferentFlags, asked.Decide(existing));
        asked = asked with { CreditsMustNotExceedDebits = false };
        Assert.Equal(AccountStatus.ExistsWithDifferentReference, asked.Decide(existing));
        asked = asked with { Reference = "till" };
        Assert.Equal(AccountStatus.ExistsWithDifferentCurrency, asked.Decide(existing));
        asked = asked with { Currency = "EUR" };
        Assert.Equal(AccountStatus.ExistsWithDifferentCode, asked.Decide(existing));
        asked = asked with { Code = "assets" };
        Assert.Equal(AccountStatus.Exists, asked.Decide(existing));
        Assert.Equal(AccountStatus.Exists, asked.Decide(existing with { Flags = existing.Flags | AccountFlags.Closed }));
        Assert.Equal(AccountStatus.Created, asked.Decide(null));
    }

    /// <summary>Asks, is told, mends, and asks again.</summary>
    private void Mend(NewTransfer asked, params (TransferStatus Expected, Func<NewTransfer, NewTransfer> Mend)[] steps)
    {
        var told = TransferStatus.Created;
        foreach (var (expected, mend) in steps)
        {
            Assert.Equal(expected, Decide(asked));
            Assert.True(expected == TransferStatus.Created || expected >= told, $"{expected} is documented before {told}");
            (asked, told) = (mend(asked), expected);
        }
    }

    private TransferStatus Decide(NewTransfer asked) => DecideAt(Now, asked);

    private TransferStatus DecideAt(DateTimeOffset now, NewTransfer asked) => Assert.Single(BooksAt(now).Decide([asked]));

    private Books BooksAt(DateTimeOffset now) => new(new(_accounts), new(_transfers), new(_promises), [.. _failed], now, () => ++_number);

    private NewTransfer EndAs(NewTransfer asked, PendingState state)
    {
        _promises["pending"] = state;
        return asked;
    }

    private NewTransfer Reopen(NewTransfer asked, string account)
    {
        _accounts[account] = _accounts[account] with { Flags = AccountFlags.None };
        return asked;
    }

    private void Add(Transfer transfer) => _transfers[transfer.Id] = transfer;

    private void AddPending(string id, string debit, string credit, long amount, PendingState state, int? timeoutSeconds = null)
    {
        Add(new Transfer(++_number, id, debit, credit, amount, "EUR", "sale", TransferKind.Pending, TransferFlags.None, null, timeoutSeconds, null, Now));
        _promises[id] = state;
        _accounts[debit] = _accounts[debit] with { Debits = new Side(amount, 0) };
        _accounts[credit] = _accounts[credit] with { Credits = new Side(amount, 0) };
    }

    private static NewTransfer Resolving(TransferKind kind) => new("t", Kind: kind, PendingId: "pending");

    private static Account Open(string id, string currency = "EUR", AccountFlags flags = AccountFlags.None) =>
        new(id, currency, "test", flags, default, default, null, Now, 0, Now);
}
