namespace Basin.Ledger;

/// <summary>All SQL of the ledger.</summary>
internal static class LedgerStore
{
    private const string AccountColumns =
        "id, currency, code, flags, debits_pending, debits_posted, credits_pending, credits_posted, reference, opened_at, entries, changed_at";

    private const string TransferColumns =
        "t.id, t.debit, t.credit, t.amount, t.currency, t.code, t.kind, t.flags, t.pending_id, t.timeout_seconds, t.reference, t.at, p.state";

    private const string JoinPromise = "LEFT JOIN promise p ON p.tenant = t.tenant AND p.id = t.id";

    private static readonly Entities<string, Account> Accounts = new(ReadAccountAsync, SaveAccountAsync);

    public static ValueTask<Account?> FindAccountAsync(Snapshot snapshot, Id<Tenant> tenant, string id) => snapshot.FindAsync(Accounts, tenant, id);

    private static ValueTask<Account?> ReadAccountAsync(Snapshot snapshot, Id<Tenant> tenant, string id) => snapshot.FindAsync(
        $"SELECT {AccountColumns} FROM account WHERE tenant = $1 AND id = $2", ReadAccount, tenant.Value, id);

    /// <summary>By id.</summary>
    public static ValueTask<List<Account>> ListAccountsAsync(Snapshot snapshot, Id<Tenant> tenant, string after, int limit) => snapshot.ListAsync(
        $"SELECT {AccountColumns} FROM account WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3", ReadAccount, tenant.Value, after, limit);

    public static async ValueTask InsertAccountAsync(Transaction tx, Id<Tenant> tenant, Account account)
    {
        await tx.SendAsync(
            $"INSERT INTO account (tenant, {AccountColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            tenant.Value, account.Id, account.Currency, account.Code, (int)account.Flags, account.Debits.Pending, account.Debits.Posted,
            account.Credits.Pending, account.Credits.Posted, account.Reference, account.OpenedAt, account.Entries,
            account.ChangedAt);
        tx.Keep(Accounts, tenant, account.Id, account);
    }

    /// <summary>Changes balance and flags; written once, however many transfers of a piece of work name the account.</summary>
    public static void ChangeAccount(Transaction tx, Id<Tenant> tenant, Account before, Account after) =>
        tx.Put(Accounts, tenant, after.Id, before, after);

    /// <summary>It finds the row as it was read, or somebody has written past it.</summary>
    private static async ValueTask SaveAccountAsync(Transaction tx, Id<Tenant> tenant, string id, Account before, Account after)
    {
        var changed = await tx.ExecuteAsync(
            """
            UPDATE account SET flags = $3, debits_pending = $4, debits_posted = $5, credits_pending = $6, credits_posted = $7, entries = $8, changed_at = $9
            WHERE tenant = $1 AND id = $2 AND entries = $10
            """,
            tenant.Value, id, (int)after.Flags, after.Debits.Pending, after.Debits.Posted, after.Credits.Pending, after.Credits.Posted, after.Entries,
            after.ChangedAt, before.Entries);
        Transaction.Invariant(changed == 1, $"{before} is what is stored");
    }

    public static ValueTask<StoredTransfer?> FindTransferAsync(Snapshot snapshot, Id<Tenant> tenant, string id) => snapshot.FindAsync(
        $"SELECT {TransferColumns} FROM transfer t {JoinPromise} WHERE t.tenant = $1 AND t.id = $2", ReadTransfer, tenant.Value, id);

    public static async ValueTask<bool> HasFailedAsync(Snapshot snapshot, Id<Tenant> tenant, string id) =>
        await snapshot.NumberAsync("SELECT 1 FROM failed WHERE tenant = $1 AND id = $2", tenant.Value, id) is not null;

    public static ValueTask InsertFailedAsync(Transaction tx, Id<Tenant> tenant, string id) =>
        tx.SendAsync("INSERT INTO failed (tenant, id) VALUES ($1, $2)", tenant.Value, id);

    /// <summary>Promises whose time is over, of all tenants, the oldest first.</summary>
    public static ValueTask<List<DuePromise>> ListDueAsync(Snapshot snapshot, DateTimeOffset now, int limit) => snapshot.ListAsync(
        "SELECT tenant, id FROM promise WHERE state = 0 AND expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        row => new DuePromise(new Id<Tenant>(row.Integer(0)), row.Text(1)), now, limit);

    /// <summary>Writes what has happened: the transfer, an entry for each side, and what became of a promise.</summary>
    public static async ValueTask InsertAsync(Transaction tx, Id<Tenant> tenant, Happening happened)
    {
        var transfer = happened.Transfer;
        var number = happened.IsExpiry ? await FindNumberAsync(tx, tenant, transfer.Id) : tx.NewId<Transfer>().Value;
        if (!happened.IsExpiry)
            await InsertTransferAsync(tx, tenant, transfer, number);
        await InsertEntryAsync(tx, tenant, happened.Debit, number, happened.IsExpiry);
        await InsertEntryAsync(tx, tenant, happened.Credit, number, happened.IsExpiry);
        if (happened.IsExpiry)
            await EndPromiseAsync(tx, tenant, transfer.Id, PendingState.Expired);
        else if (transfer.Kind == TransferKind.Pending)
            await InsertPromiseAsync(tx, tenant, transfer);
        else if (transfer.PendingId is { } pending)
            await EndPromiseAsync(tx, tenant, pending, transfer.Kind == TransferKind.Post ? PendingState.Posted : PendingState.Voided);
    }

    private static async ValueTask<long> FindNumberAsync(Transaction tx, Id<Tenant> tenant, string id) =>
        (await tx.NumberAsync("SELECT number FROM transfer WHERE tenant = $1 AND id = $2", tenant.Value, id))!.Value;

    private static ValueTask InsertTransferAsync(Transaction tx, Id<Tenant> tenant, Transfer transfer, long number) => tx.SendAsync(
        """
        INSERT INTO transfer (
            number, tenant, id, debit, credit, amount, currency, code, kind, flags, pending_id, timeout_seconds, reference, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        number, tenant.Value, transfer.Id, transfer.Debit, transfer.Credit, transfer.Amount, transfer.Currency, transfer.Code, (int)transfer.Kind,
        (int)transfer.Flags, transfer.PendingId, (long?)transfer.TimeoutSeconds, transfer.Reference, transfer.At);

    private static ValueTask InsertEntryAsync(Transaction tx, Id<Tenant> tenant, Account after, long transfer, bool isExpiry)
    {
        return tx.SendAsync(
            """
            INSERT INTO entry (
                tenant, account, at, number, transfer, is_expiry, debits_pending, debits_posted, credits_pending, credits_posted)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            tenant.Value, after.Id, after.ChangedAt, after.Entries, transfer, isExpiry, Kept(after.Debits.Pending), Kept(after.Debits.Posted),
            Kept(after.Credits.Pending), Kept(after.Credits.Posted));

        SqlValue Kept(long amount) => after.Flags.HasFlag(AccountFlags.History) ? amount : default(SqlValue);
    }

    private static ValueTask InsertPromiseAsync(Transaction tx, Id<Tenant> tenant, Transfer pending) => tx.SendAsync(
        "INSERT INTO promise (tenant, id, state, expires_at) VALUES ($1, $2, $3, $4)",
        tenant.Value, pending.Id, (int)PendingState.Waiting, pending.ExpiresAt);

    private static async ValueTask EndPromiseAsync(Transaction tx, Id<Tenant> tenant, string id, PendingState end)
    {
        var ended = await tx.ExecuteAsync(
            "UPDATE promise SET state = $3 WHERE tenant = $1 AND id = $2 AND state = 0", tenant.Value, id, (int)end);
        Transaction.Invariant(ended == 1, $"the promise {id} ends once");
    }

    /// <summary>What happened to an account, the newest first.</summary>
    /// <param name="from">The oldest.</param>
    /// <param name="before">Above the newest.</param>
    public static ValueTask<List<LedgerEntry>> ListEntriesAsync(
        Snapshot snapshot, Id<Tenant> tenant, string account, DateTimeOffset from, EntryPlace before, int limit) => snapshot.ListAsync(
        $"""
        SELECT {TransferColumns}, e.number, e.at, e.is_expiry, e.debits_pending, e.debits_posted, e.credits_pending, e.credits_posted
        FROM entry e JOIN transfer t ON t.number = e.transfer {JoinPromise}
        WHERE e.tenant = $1 AND e.account = $2 AND e.at >= $3 AND (e.at, e.number) < ($4, $5)
        ORDER BY e.at DESC, e.number DESC LIMIT $6
        """,
        ReadEntry, tenant.Value, account, from, before.AtMs, before.Number, limit);

    /// <summary>The sums of all accounts, by currency.</summary>
    public static ValueTask<List<TrialBalance>> SumAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        """
        SELECT currency, COUNT(*), SUM(debits_pending), SUM(debits_posted), SUM(credits_pending), SUM(credits_posted)
        FROM account WHERE tenant = $1 GROUP BY currency ORDER BY currency
        """,
        row => new TrialBalance(row.Text(0), row.Integer(1), new Side(row.Integer(2), row.Integer(3)), new Side(row.Integer(4), row.Integer(5))),
        tenant.Value);

    private static Account ReadAccount(Row row) => new(
        row.Text(0), row.Text(1), row.Text(2), (AccountFlags)row.Int(3), new Side(row.Integer(4), row.Integer(5)),
        new Side(row.Integer(6), row.Integer(7)), row.TextOrNull(8), row.Time(9), row.Integer(10), row.Time(11));

    private static StoredTransfer ReadTransfer(Row row) => new(
        new Transfer(
            row.Text(0), row.Text(1), row.Text(2), row.Integer(3), row.Text(4), row.Text(5), (TransferKind)row.Int(6), (TransferFlags)row.Int(7),
            row.TextOrNull(8), (int?)row.IntegerOrNull(9), row.TextOrNull(10), row.Time(11)),
        (PendingState?)row.IntegerOrNull(12));

    private static LedgerEntry ReadEntry(Row row)
    {
        var stored = ReadTransfer(row);
        return new LedgerEntry(
            row.Integer(13),
            row.Flag(15) ? EntryKind.Expiry : (EntryKind)stored.Transfer.Kind,
            row.Time(14),
            TransferView.Of(stored),
            row.IntegerOrNull(16) is { } debitsPending
                ? new Balance(new Side(debitsPending, row.Integer(17)), new Side(row.Integer(18), row.Integer(19)))
                : null);
    }
}

/// <param name="State">What became of it; null when it promises nothing.</param>
internal sealed record StoredTransfer(Transfer Transfer, PendingState? State);

internal readonly record struct DuePromise(Id<Tenant> Tenant, string Id);

/// <summary>Where an entry is among those of its account.</summary>
internal readonly record struct EntryPlace(long AtMs, long Number)
{
    public static EntryPlace Before(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds(), 0);

    public static EntryPlace After(DateTimeOffset time) => new(time.ToUnixTimeMilliseconds(), long.MaxValue);

    /// <summary>Reads a cursor.</summary>
    /// <exception cref="ProblemException">It is none of a list of entries.</exception>
    public static EntryPlace Parse(string cursor) =>
        cursor.Split('.') is [var at, var number] && long.TryParse(at, out var atMs) && long.TryParse(number, out var n)
            ? new(atMs, n)
            : throw Paging.BadCursor.Refusal();

    public override string ToString() => $"{AtMs}.{Number}";
}
