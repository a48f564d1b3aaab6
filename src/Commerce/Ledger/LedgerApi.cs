using Microsoft.Extensions.DependencyInjection;

namespace Basin.Ledger;

/// <summary>The use cases of the ledger, for its endpoints, for other systems, and alone.</summary>
public sealed class LedgerApi([FromKeyedServices(LedgerSystem.Name)] Store store) : ILedger
{
    private const int MaxExpiredAtOnce = 200;
    private const int MaxErrorsTold = 5;

    /// <summary>Opens accounts. Each succeeds or fails alone; one that there is already, and is the same, stays as it is.</summary>
    /// <exception cref="ProblemException">Something has no shape.</exception>
    public Task<IReadOnlyList<AccountResult>> OpenAsync(Id<Tenant> tenant, IReadOnlyList<NewAccount> accounts, CancellationToken cancellation)
    {
        Check(new OpenAccounts(accounts));
        return store.WriteAsync(ShardKey.First, tx => OpenAsync(tx, tenant, accounts), cancellation);
    }

    /// <summary>Moves money, one transfer after another. Each succeeds or fails alone, or with its chain; one that was done already is not done again.</summary>
    /// <exception cref="ProblemException">Something has no shape.</exception>
    public Task<IReadOnlyList<TransferResult>> TransferAsync(Id<Tenant> tenant, IReadOnlyList<NewTransfer> transfers, CancellationToken cancellation)
    {
        Check(new MakeTransfers(transfers));
        return store.WriteAsync(ShardKey.First, tx => TransferAsync(tx, tenant, transfers), cancellation);
    }

    internal static void Check(IChecked request)
    {
        var checks = new Checks();
        request.Check(checks);
        if (checks.Problem is { } problem)
            throw problem.With(string.Join(' ', problem.Errors.Take(MaxErrorsTold).Select(error => $"{error.Key}: {error.Value[0]}"))).Refusal();
    }

    internal Task<Answer<AccountResults>> OpenAsync(Caller caller, OpenAccounts request, Once once, CancellationToken cancellation) => once.WriteAsync(
        store,
        ShardKey.First,
        request,
        async tx => Answer.Ok(new AccountResults(await OpenAsync(tx, caller.Tenant, request.Accounts))),
        cancellation);

    internal Task<Answer<TransferResults>> TransferAsync(Caller caller, MakeTransfers request, Once once, CancellationToken cancellation) => once.WriteAsync(
        store,
        ShardKey.First,
        request,
        async tx => Answer.Ok(new TransferResults(await TransferAsync(tx, caller.Tenant, request.Transfers))),
        cancellation);

    internal static async ValueTask<IReadOnlyList<AccountResult>> OpenAsync(Transaction tx, Id<Tenant> tenant, IReadOnlyList<NewAccount> asked)
    {
        var known = await LedgerStore.FindAccountsAsync(tx, tenant, asked.Select(one => one.Id).ToHashSet());
        var results = new List<AccountResult>(asked.Count);
        foreach (var one in asked)
        {
            var status = one.Decide(known.GetValueOrDefault(one.Id));
            if (status == AccountStatus.Created)
                await LedgerStore.InsertAccountAsync(tx, tenant, known[one.Id] = one.OpenAt(tx.Now));
            results.Add(new AccountResult(one.Id, status));
        }
        return results;
    }

    /// <param name="areNew">Whether their ids were never used, as far as the caller knows; one that was ends the whole piece of work.</param>
    internal static async ValueTask<IReadOnlyList<TransferResult>> TransferAsync(
        Transaction tx, Id<Tenant> tenant, IReadOnlyList<NewTransfer> asked, bool areNew = false)
    {
        if (asked.Count == 0)
            return [];
        var named = await ReadAsync(tx, tenant, asked, areNew);
        var books = named.Open(tx);
        var statuses = books.Decide(asked);
        await WriteAsync(tx, tenant, books, named.Accounts);
        return [.. asked.Select((one, i) => new TransferResult(one.Id, statuses[i]))];
    }

    /// <summary>Releases promises whose time is over.</summary>
    /// <returns>Whether there may be more.</returns>
    internal static async ValueTask<bool> ExpireAsync(Transaction tx)
    {
        var due = await LedgerStore.ListDueAsync(tx, tx.Now, MaxExpiredAtOnce);
        foreach (var ofTenant in due.GroupBy(promise => promise.Tenant, promise => promise.Id))
        {
            var transfers = await LedgerStore.ListTransfersAsync(tx, ofTenant.Key, [.. ofTenant]);
            var named = new Named(transfers, Failed: [], await ReadAccountsAsync(tx, ofTenant.Key, [], transfers));
            var books = named.Open(tx);
            foreach (var id in ofTenant)
                books.Expire(id);
            await WriteAsync(tx, ofTenant.Key, books, named.Accounts);
        }
        return due.Count == MaxExpiredAtOnce;
    }

    /// <summary>All that a batch names and that there is.</summary>
    private sealed record Named(List<StoredTransfer> Transfers, List<string> Failed, Dictionary<string, Account> Accounts)
    {
        public Books Open(Transaction tx) => new(
            new(Accounts),
            Transfers.ToDictionary(stored => stored.Transfer.Id, stored => stored.Transfer),
            Transfers.Where(stored => stored.State is not null).ToDictionary(stored => stored.Transfer.Id, stored => stored.State!.Value),
            [.. Failed],
            tx.Now,
            () => tx.NewId<Transfer>().Value);
    }

    private static async ValueTask<Named> ReadAsync(Transaction tx, Id<Tenant> tenant, IReadOnlyList<NewTransfer> asked, bool areNew)
    {
        var ids = asked.Select(one => one.Id).ToHashSet();
        var areKnown = !areNew && await LedgerStore.KnowsIdsAsync(tx, tenant, ids.Min(StringComparer.Ordinal)!, ids.Max(StringComparer.Ordinal)!);
        // Of a transfer that has failed there is nothing in the journal that would refuse another of its id.
        List<string> failed = areKnown || (areNew && await LedgerStore.HasFailedAsync(tx, tenant))
            ? await LedgerStore.ListFailedAsync(tx, tenant, ids)
            : [];
        if (!areKnown)
            ids.Clear();
        ids.UnionWith(asked.Select(one => one.PendingId).OfType<string>());
        List<StoredTransfer> transfers = ids.Count == 0 ? [] : await LedgerStore.ListTransfersAsync(tx, tenant, ids);
        return new Named(transfers, failed, await ReadAccountsAsync(tx, tenant, asked, transfers));
    }

    private static ValueTask<Dictionary<string, Account>> ReadAccountsAsync(
        Transaction tx, Id<Tenant> tenant, IReadOnlyList<NewTransfer> asked, List<StoredTransfer> known)
    {
        var ids = new HashSet<string>();
        foreach (var one in asked)
        {
            if (one.Debit is not null)
                ids.Add(one.Debit);
            if (one.Credit is not null)
                ids.Add(one.Credit);
        }
        foreach (var (transfer, _) in known)
        {
            ids.Add(transfer.Debit);
            ids.Add(transfer.Credit);
        }
        return LedgerStore.FindAccountsAsync(tx, tenant, ids);
    }

    private static async ValueTask WriteAsync(Transaction tx, Id<Tenant> tenant, Books books, IReadOnlyDictionary<string, Account> before)
    {
        foreach (var happened in books.Happened)
            await LedgerStore.InsertAsync(tx, tenant, happened);
        foreach (var id in books.Failed)
            await LedgerStore.InsertFailedAsync(tx, tenant, id);
        var changes = before.Values.Select(was => (Before: was, After: books.AccountOf(was.Id))).Where(change => change.Before != change.After).ToList();
        foreach (var ofCurrency in changes.GroupBy(change => change.Before.Currency))
        {
            Transaction.Invariant(
                ofCurrency.Sum(change => change.After.Debits.Posted - change.Before.Debits.Posted)
                    == ofCurrency.Sum(change => change.After.Credits.Posted - change.Before.Credits.Posted)
                && ofCurrency.Sum(change => change.After.Debits.Pending - change.Before.Debits.Pending)
                    == ofCurrency.Sum(change => change.After.Credits.Pending - change.Before.Credits.Pending),
                $"debits are credits in {ofCurrency.Key}");
        }
        foreach (var (was, now) in changes)
            LedgerStore.ChangeAccount(tx, tenant, was, now);
    }

    /// <inheritdoc/>
    public ValueTask<LedgerExtract> FindAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> accounts, IReadOnlyCollection<string> transfers, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First,
        async snapshot =>
        {
            var found = await LedgerStore.FindAccountsAsync(snapshot, tenant, accounts.ToHashSet());
            var booked = transfers.Count == 0 ? [] : await LedgerStore.ListTransfersAsync(snapshot, tenant, transfers);
            return new LedgerExtract([.. found.Values], booked.ConvertAll(stored => new BookedTransfer(stored.Transfer.Number, TransferView.Of(stored))));
        },
        cancellation);

    public ValueTask<Account?> FindAccountAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => LedgerStore.FindAccountAsync(snapshot, tenant, id), cancellation);

    /// <summary>The sums of all accounts, by currency: on both sides they are the same.</summary>
    public ValueTask<List<TrialBalance>> SumAsync(Id<Tenant> tenant, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => LedgerStore.SumAsync(snapshot, tenant), cancellation);

    internal async ValueTask<Page<Account>> ListAccountsAsync(Id<Tenant> tenant, Paging paging, CancellationToken cancellation)
    {
        var accounts = await store.ReadAsync(
            ShardKey.First, snapshot => LedgerStore.ListAccountsAsync(snapshot, tenant, paging.After ?? "", paging.Limit + 1), cancellation);
        return paging.PageOf(accounts, account => account.Id);
    }

    internal ValueTask<TransferView?> FindTransferAsync(Id<Tenant> tenant, string id, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First,
        async snapshot => await LedgerStore.FindTransferAsync(snapshot, tenant, id) is { } found ? TransferView.Of(found) : null,
        cancellation);

    /// <summary>What happened to an account in a time, the newest first; null when there is no such account.</summary>
    internal async ValueTask<Page<LedgerEntry>?> ListEntriesAsync(
        Id<Tenant> tenant, string account, DateTimeOffset? from, DateTimeOffset? until, Paging paging, CancellationToken cancellation)
    {
        var after = paging.After is not { } cursor ? default(long?) : long.TryParse(cursor, out var number) ? number : throw Paging.BadCursor.Refusal();
        var beforeMs = (until ?? DateTimeOffset.MaxValue).ToUnixTimeMilliseconds();
        var entries = await store.ReadAsync(
            ShardKey.First,
            async snapshot =>
            {
                if (await LedgerStore.FindAccountAsync(snapshot, tenant, account) is not { } found)
                    return null;
                var first = after is { } last
                    ? await LedgerStore.FindEntryBeforeAsync(snapshot, tenant, account, last)
                    : await LedgerStore.FindEntryAsync(snapshot, tenant, found, beforeMs);
                return await LedgerStore.ListEntriesAsync(snapshot, tenant, account, first, from ?? DateTimeOffset.MinValue, paging.Limit + 1);
            },
            cancellation);
        return entries is null ? null : paging.PageOf(entries, entry => $"{entry.Place}");
    }

    /// <summary>The balance of an account as it was at a time.</summary>
    internal ValueTask<Answer<Balance>> FindBalanceAsync(Id<Tenant> tenant, string id, DateTimeOffset at, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First,
        async snapshot =>
        {
            if (await LedgerStore.FindAccountAsync(snapshot, tenant, id) is not { } account)
                return KernelProblems.NotFound;
            if (!account.Flags.HasFlag(AccountFlags.History))
                return (Answer<Balance>)LedgerProblems.NoHistory;
            var last = await LedgerStore.FindEntryAsync(snapshot, tenant, account, at.ToUnixTimeMilliseconds() + 1);
            var entries = await LedgerStore.ListEntriesAsync(snapshot, tenant, id, last, DateTimeOffset.MinValue, limit: 1);
            return entries is [{ Balance: { } balance }] ? balance : default(Balance);
        },
        cancellation);
}
