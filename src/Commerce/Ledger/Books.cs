using System.Runtime.InteropServices;

namespace Basin.Ledger;

/// <summary>What happened to a pair of accounts: a transfer, or the end of a promise that nobody kept.</summary>
/// <param name="Number">Its place in the journal.</param>
/// <param name="Transfer">The transfer; of an expiry the one that has expired.</param>
/// <param name="Resolved">The pending transfer that it has ended, if any.</param>
/// <param name="Debit">What it did to the debit account.</param>
/// <param name="Credit">What it did to the credit account.</param>
internal sealed record Happening(long Number, Transfer Transfer, Transfer? Resolved, AccountEntry Debit, AccountEntry Credit)
{
    /// <summary>Whether nobody asked for it.</summary>
    public bool IsExpiry => Transfer == Resolved;
}

/// <param name="Before">The number of the entry before it; 0 when it is the account's first.</param>
/// <param name="After">The account as it left it.</param>
internal readonly record struct AccountEntry(long Before, Account After);

/// <summary>
/// The accounts and transfers that a batch names, as they become while it is decided, one transfer after another. A chain that fails leaves them as it found
/// them.
/// </summary>
/// <param name="accounts">Those that the batch names and that there are, by id.</param>
/// <param name="transfers">Those that there are of the batch's own ids and of those that it posts or voids, by id.</param>
/// <param name="promises">What became of those that are pending, by id.</param>
/// <param name="failed">Ids that were refused for what the accounts were then.</param>
/// <param name="newNumber">Makes the next place in the journal; one that is not used leaves a gap.</param>
internal sealed class Books(
    Dictionary<string, Account> accounts, Dictionary<string, Transfer> transfers, Dictionary<string, PendingState> promises, HashSet<string> failed,
    DateTimeOffset now, Func<long> newNumber)
{
    private readonly List<Happening> _happened = [];
    private readonly List<string> _failed = [];

    // What the chain in hand has replaced, so that it can be put back.
    private readonly List<(Account Debit, Account Credit)> _before = [];
    private readonly List<(string Id, PendingState? Before)> _promisesBefore = [];

    /// <summary>What has happened, in its order.</summary>
    public IReadOnlyList<Happening> Happened => _happened;

    /// <summary>Ids that are refused from now on.</summary>
    public IReadOnlyList<string> Failed => _failed;

    public Account AccountOf(string id) => accounts[id];

    /// <summary>Decides a batch. The places of the statuses are those of the transfers.</summary>
    public TransferStatus[] Decide(IReadOnlyList<NewTransfer> batch)
    {
        var statuses = new TransferStatus[batch.Count];
        for (var first = 0; first < batch.Count;)
        {
            var end = EndOfChain(batch, first);
            DecideChain(batch, first, end, statuses);
            first = end;
        }
        return statuses;
    }

    private static int EndOfChain(IReadOnlyList<NewTransfer> batch, int first)
    {
        var last = first;
        while (batch[last].Linked && last < batch.Count - 1)
            last++;
        return last + 1;
    }

    private void DecideChain(IReadOnlyList<NewTransfer> batch, int first, int end, TransferStatus[] statuses)
    {
        _before.Clear();
        _promisesBefore.Clear();
        var happenedBefore = _happened.Count;
        var broken = false;
        for (var i = first; i < end; i++)
        {
            statuses[i] = batch[i].Linked && i == batch.Count - 1 ? TransferStatus.LinkedEventChainOpen
                : broken ? TransferStatus.LinkedEventFailed
                : Decide(batch[i]);
            if (broken || statuses[i] == TransferStatus.Created)
                continue;
            broken = true;
            statuses.AsSpan(first, i - first).Fill(TransferStatus.LinkedEventFailed);
            Undo(happenedBefore);
            if (DependsOnAccounts(statuses[i]) && failed.Add(batch[i].Id))
                _failed.Add(batch[i].Id);
        }
    }

    /// <summary>Whether the same request could be right at another time.</summary>
    private static bool DependsOnAccounts(TransferStatus refusal) => refusal
        is TransferStatus.DebitAccountNotFound or TransferStatus.CreditAccountNotFound or TransferStatus.PendingTransferNotFound
        or TransferStatus.DebitAccountAlreadyClosed or TransferStatus.CreditAccountAlreadyClosed
        or TransferStatus.ExceedsCredits or TransferStatus.ExceedsDebits;

    private void Undo(int happenedBefore)
    {
        foreach (var (debit, credit) in Enumerable.Reverse(_before))
            (accounts[debit.Id], accounts[credit.Id]) = (debit, credit);
        foreach (var (id, before) in Enumerable.Reverse(_promisesBefore))
        {
            if (before is { } promise)
                promises[id] = promise;
            else
                promises.Remove(id);
        }
        foreach (var undone in CollectionsMarshal.AsSpan(_happened)[happenedBefore..])
            transfers.Remove(undone.Transfer.Id);
        _happened.RemoveRange(happenedBefore, _happened.Count - happenedBefore);
    }

    private TransferStatus Decide(NewTransfer asked) =>
        transfers.TryGetValue(asked.Id, out var existing) ? existing.Compare(asked, Find(asked.PendingId))
        : failed.Contains(asked.Id) ? TransferStatus.IdAlreadyFailed
        : WhyMalformed(asked) is { } malformed ? malformed
        : asked.Resolves ? Resolve(asked)
        : Move(asked);

    private static TransferStatus? WhyMalformed(NewTransfer asked) => asked switch
    {
        { Resolves: true } and ({ IsBalancing: true } or { IsClosing: true }) => TransferStatus.FlagsAreMutuallyExclusive,
        { Resolves: false, Debit: null } => TransferStatus.DebitAccountMustBeGiven,
        { Resolves: false, Credit: null } => TransferStatus.CreditAccountMustBeGiven,
        _ when asked.Debit is not null && asked.Debit == asked.Credit => TransferStatus.AccountsMustBeDifferent,
        { Resolves: false, PendingId: not null } => TransferStatus.PendingIdMustNotBeGiven,
        { Resolves: true, PendingId: null } => TransferStatus.PendingIdMustBeGiven,
        _ when asked.PendingId == asked.Id => TransferStatus.PendingIdMustBeDifferent,
        { Kind: not TransferKind.Pending, TimeoutSeconds: not null } => TransferStatus.TimeoutReservedForPendingTransfer,
        { Kind: not TransferKind.Pending, IsClosing: true } => TransferStatus.ClosingTransferMustBePending,
        { Resolves: false, IsBalancing: false, Amount: null } => TransferStatus.AmountMustBeGiven,
        { Resolves: false, Currency: null } => TransferStatus.CurrencyMustBeGiven,
        { Resolves: false, Code: null } => TransferStatus.CodeMustBeGiven,
        _ => null,
    };

    private TransferStatus Move(NewTransfer asked)
    {
        if (!accounts.TryGetValue(asked.Debit!, out var debit))
            return TransferStatus.DebitAccountNotFound;
        if (!accounts.TryGetValue(asked.Credit!, out var credit))
            return TransferStatus.CreditAccountNotFound;
        if (debit.Currency != credit.Currency)
            return TransferStatus.AccountsMustHaveTheSameCurrency;
        if (asked.Currency != debit.Currency)
            return TransferStatus.TransferMustHaveTheSameCurrencyAsAccounts;
        var amount = AmountOf(asked, debit, credit);
        if (WhyNotMoved(asked.Kind, amount, debit, credit) is { } refused)
            return refused;
        var transfer = new Transfer(
            newNumber(), asked.Id, debit.Id, credit.Id, amount, debit.Currency, asked.Code!, asked.Kind, asked.Flags, null, asked.TimeoutSeconds, asked.Reference,
            TimeOf(debit, credit));
        if (asked.Kind == TransferKind.Pending)
        {
            Book(transfer, (debit, credit), (
                debit.Close(asked.ClosingDebit) with { Debits = debit.Debits.Promise(amount) },
                credit.Close(asked.ClosingCredit) with { Credits = credit.Credits.Promise(amount) }));
            Set(asked.Id, PendingState.Waiting);
        }
        else
        {
            Book(transfer, (debit, credit), (
                debit with { Debits = debit.Debits.Post(amount) },
                credit with { Credits = credit.Credits.Post(amount) }));
        }
        return TransferStatus.Created;
    }

    /// <summary>A balancing transfer moves as much as one side has left, at most what it was asked to.</summary>
    private static long AmountOf(NewTransfer asked, Account debit, Account credit)
    {
        var amount = asked.Amount ?? Account.MaxAmount;
        if (asked.BalancingDebit)
            amount = Math.Min(amount, debit.Credits.Posted - debit.Debits.Total);
        if (asked.BalancingCredit)
            amount = Math.Min(amount, credit.Debits.Posted - credit.Credits.Total);
        return Math.Max(amount, 0);
    }

    private static TransferStatus? WhyNotMoved(TransferKind kind, long amount, Account debit, Account credit)
    {
        if (debit.IsClosed)
            return TransferStatus.DebitAccountAlreadyClosed;
        if (credit.IsClosed)
            return TransferStatus.CreditAccountAlreadyClosed;
        var room = Account.MaxAmount - amount;
        return kind switch
        {
            TransferKind.Pending when debit.Debits.Pending > room => TransferStatus.OverflowsDebitsPending,
            TransferKind.Pending when credit.Credits.Pending > room => TransferStatus.OverflowsCreditsPending,
            _ when debit.Debits.Posted > room => TransferStatus.OverflowsDebitsPosted,
            _ when credit.Credits.Posted > room => TransferStatus.OverflowsCreditsPosted,
            _ when debit.Debits.Total > room => TransferStatus.OverflowsDebits,
            _ when credit.Credits.Total > room => TransferStatus.OverflowsCredits,
            _ when amount > debit.DebitsLeft => TransferStatus.ExceedsCredits,
            _ when amount > credit.CreditsLeft => TransferStatus.ExceedsDebits,
            _ => null,
        };
    }

    private TransferStatus Resolve(NewTransfer asked)
    {
        if (Find(asked.PendingId) is not { } pending)
            return TransferStatus.PendingTransferNotFound;
        if (WhyNotResolved(asked, pending) is { } refused)
            return refused;
        var (debit, credit) = (accounts[pending.Debit], accounts[pending.Credit]);
        var posts = asked.Kind == TransferKind.Post;
        if (posts && debit.IsClosed)
            return TransferStatus.DebitAccountAlreadyClosed;
        if (posts && credit.IsClosed)
            return TransferStatus.CreditAccountAlreadyClosed;
        var amount = asked.Amount ?? pending.Amount;
        var transfer = pending with
        {
            Number = newNumber(),
            Id = asked.Id,
            Amount = amount,
            Kind = asked.Kind,
            Flags = asked.Flags,
            PendingId = pending.Id,
            TimeoutSeconds = null,
            Reference = asked.Reference ?? pending.Reference,
            At = TimeOf(debit, credit),
        };
        var released = Released(pending, debit, credit);
        Book(transfer, (debit, credit), !posts ? released : (
            released.Debit with { Debits = released.Debit.Debits.Post(amount) },
            released.Credit with { Credits = released.Credit.Credits.Post(amount) }), resolved: pending);
        Set(pending.Id, posts ? PendingState.Posted : PendingState.Voided);
        return TransferStatus.Created;
    }

    private TransferStatus? WhyNotResolved(NewTransfer asked, Transfer pending) => asked switch
    {
        _ when pending.Kind != TransferKind.Pending => TransferStatus.PendingTransferNotPending,
        _ when asked.Debit is { } debit && debit != pending.Debit => TransferStatus.PendingTransferHasDifferentDebitAccount,
        _ when asked.Credit is { } credit && credit != pending.Credit => TransferStatus.PendingTransferHasDifferentCreditAccount,
        _ when asked.Currency is { } currency && currency != pending.Currency => TransferStatus.PendingTransferHasDifferentCurrency,
        _ when asked.Code is { } code && code != pending.Code => TransferStatus.PendingTransferHasDifferentCode,
        { Amount: { } part } when part > pending.Amount => TransferStatus.ExceedsPendingTransferAmount,
        { Kind: TransferKind.Void, Amount: { } all } when all != pending.Amount => TransferStatus.PendingTransferHasDifferentAmount,
        _ => promises[pending.Id] switch
        {
            PendingState.Posted => TransferStatus.PendingTransferAlreadyPosted,
            PendingState.Voided => TransferStatus.PendingTransferAlreadyVoided,
            PendingState.Expired => TransferStatus.PendingTransferExpired,
            // Nobody has come to release it yet.
            _ when pending.ExpiresAt <= now => TransferStatus.PendingTransferExpired,
            _ => null,
        },
    };

    /// <summary>Releases a promise whose time is over.</summary>
    public void Expire(string id)
    {
        var pending = transfers[id];
        Transaction.Invariant(promises[id] == PendingState.Waiting && pending.ExpiresAt <= now, $"{id} waits and its time is over");
        var (debit, credit) = Released(pending, accounts[pending.Debit], accounts[pending.Credit]);
        Enter(newNumber(), pending, debit, credit, TimeOf(debit, credit), resolved: pending);
        promises[id] = PendingState.Expired;
    }

    /// <summary>The accounts without what was promised, open again where the promise had closed them and is not kept.</summary>
    private static (Account Debit, Account Credit) Released(Transfer pending, Account debit, Account credit) => (
        debit.Reopen(pending.Has(TransferFlags.ClosingDebit)) with { Debits = debit.Debits.Release(pending.Amount) },
        credit.Reopen(pending.Has(TransferFlags.ClosingCredit)) with { Credits = credit.Credits.Release(pending.Amount) });

    private Transfer? Find(string? id) => id is not null && transfers.TryGetValue(id, out var found) ? found : null;

    /// <summary>Time goes on in every account, also where this machine's clock is behind that of another.</summary>
    private DateTimeOffset TimeOf(Account debit, Account credit)
    {
        var latest = debit.ChangedAt > credit.ChangedAt ? debit.ChangedAt : credit.ChangedAt;
        return latest > now ? latest : now;
    }

    private void Book(
        Transfer transfer, (Account Debit, Account Credit) before, (Account Debit, Account Credit) after, Transfer? resolved = null)
    {
        _before.Add(before);
        transfers.Add(transfer.Id, transfer);
        Enter(transfer.Number, transfer, after.Debit, after.Credit, transfer.At, resolved);
    }

    private void Enter(long number, Transfer transfer, Account debit, Account credit, DateTimeOffset at, Transfer? resolved)
    {
        var (entered, other) = (debit.Enter(number, at), credit.Enter(number, at));
        (accounts[debit.Id], accounts[credit.Id]) = (entered, other);
        _happened.Add(new Happening(number, transfer, resolved, new(debit.Newest, entered), new(credit.Newest, other)));
    }

    private void Set(string pendingId, PendingState state)
    {
        _promisesBefore.Add((pendingId, promises.TryGetValue(pendingId, out var before) ? before : null));
        promises[pendingId] = state;
    }
}
