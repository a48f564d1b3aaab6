using Microsoft.Extensions.DependencyInjection;

namespace Basin.Ledger;

/// <summary>The use cases of the ledger, for its endpoints, for other systems, and alone.</summary>
public sealed class LedgerApi([FromKeyedServices(LedgerSystem.Name)] Store store)
{
    private const int MaxExpiredAtOnce = 200;

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

    private static void Check(IChecked request)
    {
        var checks = new Checks();
        request.Check(checks);
        if (checks.Problem is { } problem)
            throw problem.Refusal();
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
        var results = new List<AccountResult>(asked.Count);
        foreach (var one in asked)
        {
            var status = one.Decide(await LedgerStore.FindAccountAsync(tx, tenant, one.Id));
            if (status == AccountStatus.Created)
                await LedgerStore.InsertAccountAsync(tx, tenant, one.OpenAt(tx.Now));
            results.Add(new AccountResult(one.Id, status));
        }
        return results;
    }

    internal static async ValueTask<IReadOnlyList<TransferResult>> TransferAsync(Transaction tx, Id<Tenant> tenant, IReadOnlyList<NewTransfer> asked)
    {
        var lookup = new Lookup(tx, tenant);
        foreach (var one in asked)
            await lookup.ReadAsync(one);
        var books = lookup.Open();
        var statuses = books.Decide(asked);
        await WriteAsync(tx, tenant, books, lookup.Accounts);
        return [.. asked.Select((one, i) => new TransferResult(one.Id, statuses[i]))];
    }

    /// <summary>Releases promises whose time is over.</summary>
    /// <returns>Whether there may be more.</returns>
    internal static async ValueTask<bool> ExpireAsync(Transaction tx)
    {
        var due = await LedgerStore.ListDueAsync(tx, tx.Now, MaxExpiredAtOnce);
        foreach (var ofTenant in due.GroupBy(promise => promise.Tenant, promise => promise.Id))
        {
            var lookup = new Lookup(tx, ofTenant.Key);
            foreach (var id in ofTenant)
                await lookup.ReadTransferAsync(id);
            var books = lookup.Open();
            foreach (var id in ofTenant)
                books.Expire(id);
            await WriteAsync(tx, ofTenant.Key, books, lookup.Accounts);
        }
        return due.Count == MaxExpiredAtOnce;
    }

    /// <summary>Reads all that a batch names, each once, before anything is written.</summary>
    private sealed class Lookup(Transaction tx, Id<Tenant> tenant)
    {
        private readonly Dictionary<string, Account> _accounts = [];
        private readonly Dictionary<string, Transfer> _transfers = [];
        private readonly Dictionary<string, PendingState> _promises = [];
        private readonly HashSet<string> _failed = [];
        private readonly HashSet<string> _accountsRead = [];
        private readonly HashSet<string> _transfersRead = [];

        public IReadOnlyDictionary<string, Account> Accounts => _accounts;

        public Books Open() => new(new(_accounts), _transfers, _promises, _failed, tx.Now);

        public async ValueTask ReadAsync(NewTransfer asked)
        {
            if (!await ReadTransferAsync(asked.Id) && await LedgerStore.HasFailedAsync(tx, tenant, asked.Id))
                _failed.Add(asked.Id);
            if (asked.PendingId is { } pending)
                await ReadTransferAsync(pending);
            await ReadAccountAsync(asked.Debit);
            await ReadAccountAsync(asked.Credit);
        }

        /// <returns>Whether there is one.</returns>
        public async ValueTask<bool> ReadTransferAsync(string id)
        {
            if (!_transfersRead.Add(id) || await LedgerStore.FindTransferAsync(tx, tenant, id) is not { } found)
                return _transfers.ContainsKey(id);
            _transfers.Add(id, found.Transfer);
            if (found.State is { } state)
                _promises.Add(id, state);
            await ReadAccountAsync(found.Transfer.Debit);
            await ReadAccountAsync(found.Transfer.Credit);
            return true;
        }

        private async ValueTask ReadAccountAsync(string? id)
        {
            if (id is not null && _accountsRead.Add(id) && await LedgerStore.FindAccountAsync(tx, tenant, id) is { } found)
                _accounts.Add(id, found);
        }
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
        var before = paging.After is { } cursor ? EntryPlace.Parse(cursor) : EntryPlace.Before(until ?? DateTimeOffset.MaxValue);
        var entries = await store.ReadAsync(
            ShardKey.First,
            async snapshot => await LedgerStore.FindAccountAsync(snapshot, tenant, account) is null
                ? null
                : await LedgerStore.ListEntriesAsync(snapshot, tenant, account, from ?? DateTimeOffset.MinValue, before, paging.Limit + 1),
            cancellation);
        return entries is null ? null : paging.PageOf(entries, entry => entry.Place.ToString());
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
            var last = await LedgerStore.ListEntriesAsync(snapshot, tenant, id, DateTimeOffset.MinValue, EntryPlace.After(at), limit: 1);
            return last is [{ Balance: { } balance }] ? balance : default(Balance);
        },
        cancellation);
}
