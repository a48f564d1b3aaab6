using System.Text.Json;

namespace Basin.Ledger;

/// <summary>All SQL of the ledger.</summary>
internal static class LedgerStore
{
    /// <summary>So many entries of an account are from one milestone to the next: whoever looks for a time takes at most as many steps.</summary>
    public const int MilestoneEvery = 256;

    private const string AccountColumns =
        "id, currency, code, flags, debits_pending, debits_posted, credits_pending, credits_posted, reference, opened_at, entries, changed_at, newest";

    private const string TransferColumns =
        "t.number, t.id, t.debit, t.credit, t.amount, t.currency, t.code, t.kind, t.flags, t.pending_id, t.timeout_seconds, t.reference, t.at, p.state";

    private const string SelectAccounts = $"SELECT {AccountColumns} FROM account WHERE tenant = $1";

    private const string SelectTransfers = $"SELECT {TransferColumns} FROM journal AS t LEFT JOIN promise AS p ON p.number = t.number WHERE t.tenant = $1";

    /// <summary>The texts of a JSON array, in the words of each engine.</summary>
    private const string SqliteIds = "(SELECT value FROM json_each($2))";

    private const string PostgresIds = "(SELECT jsonb_array_elements_text(CAST($2 AS JSONB)))";

    /// <summary>The entry before this one, of account $2.</summary>
    private const string Previous = "CASE debit WHEN $2 THEN debit_before ELSE credit_before END";

    private static readonly Entities<string, Account> Accounts = new(ReadAccountAsync, SaveAccountAsync, ReadAccountsAsync);

    public static ValueTask<Account?> FindAccountAsync(Snapshot snapshot, Id<Tenant> tenant, string id) => snapshot.FindAsync(Accounts, tenant, id);

    /// <summary>Those that there are, by id.</summary>
    public static ValueTask<Dictionary<string, Account>> FindAccountsAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlySet<string> ids) =>
        snapshot.FindManyAsync(Accounts, tenant, ids);

    private static ValueTask<Account?> ReadAccountAsync(Snapshot snapshot, Id<Tenant> tenant, string id) =>
        snapshot.FindAsync($"{SelectAccounts} AND id = $2", ReadAccount, tenant.Value, id);

    private static ValueTask<List<KeyValuePair<string, Account>>> ReadAccountsAsync(
        Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<string> ids) => snapshot.ListAsync(
        snapshot.Dialect == SqlDialect.Sqlite ? $"{SelectAccounts} AND id IN {SqliteIds}" : $"{SelectAccounts} AND id IN {PostgresIds}",
        row => KeyValuePair.Create(row.Text(0), ReadAccount(row)), tenant.Value, Json(ids));

    private static SqlValue Json(IReadOnlyCollection<string> ids) =>
        SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(ids, LedgerJson.Default.IReadOnlyCollectionString));

    /// <summary>By id.</summary>
    public static ValueTask<List<Account>> ListAccountsAsync(Snapshot snapshot, Id<Tenant> tenant, string after, int limit) =>
        snapshot.ListAsync($"{SelectAccounts} AND id > $2 ORDER BY id LIMIT $3", ReadAccount, tenant.Value, after, limit);

    public static async ValueTask InsertAccountAsync(Transaction tx, Id<Tenant> tenant, Account account)
    {
        await tx.SendAsync(
            $"INSERT INTO account (tenant, {AccountColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            tenant.Value, account.Id, account.Currency, account.Code, (int)account.Flags, account.Debits.Pending, account.Debits.Posted,
            account.Credits.Pending, account.Credits.Posted, account.Reference, account.OpenedAt, account.Entries, account.ChangedAt, account.Newest);
        tx.Keep(Accounts, tenant, account.Id, account);
    }

    /// <summary>Changes balance and flags; written once, however many transfers of a piece of work name the account.</summary>
    public static void ChangeAccount(Transaction tx, Id<Tenant> tenant, Account before, Account after) =>
        tx.Put(Accounts, tenant, after.Id, before, after);

    /// <summary>It finds the row as it was read, or somebody has written past it.</summary>
    private static ValueTask SaveAccountAsync(Transaction tx, Id<Tenant> tenant, string id, Account before, Account after) => tx.SendOneAsync(
        """
        UPDATE account SET flags = $3, debits_pending = $4, debits_posted = $5, credits_pending = $6, credits_posted = $7, entries = $8, changed_at = $9,
            newest = $10
        WHERE tenant = $1 AND id = $2 AND entries = $11
        """,
        tenant.Value, id, (int)after.Flags, after.Debits.Pending, after.Debits.Posted, after.Credits.Pending, after.Credits.Posted, after.Entries,
        after.ChangedAt, after.Newest, before.Entries);

    public static ValueTask<StoredTransfer?> FindTransferAsync(Snapshot snapshot, Id<Tenant> tenant, string id) =>
        snapshot.FindAsync($"{SelectTransfers} AND t.id = $2", ReadTransfer, tenant.Value, id);

    /// <summary>Those that there are, in no order.</summary>
    public static ValueTask<List<StoredTransfer>> ListTransfersAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<string> ids) =>
        snapshot.ListAsync(
            snapshot.Dialect == SqlDialect.Sqlite ? $"{SelectTransfers} AND t.id IN {SqliteIds}" : $"{SelectTransfers} AND t.id IN {PostgresIds}",
            ReadTransfer, tenant.Value, Json(ids));

    /// <summary>Whether there is an id, of a transfer or one that failed, from one to another: most batches are numbered, and this one look tells that
    /// none of them is known.</summary>
    public static async ValueTask<bool> KnowsIdsAsync(Snapshot snapshot, Id<Tenant> tenant, string first, string last) =>
        await snapshot.NumberAsync(
            """
            SELECT 1 WHERE EXISTS (SELECT 1 FROM journal WHERE tenant = $1 AND id BETWEEN $2 AND $3)
                OR EXISTS (SELECT 1 FROM failed WHERE tenant = $1 AND id BETWEEN $2 AND $3)
            """,
            tenant.Value, first, last) is not null;

    /// <summary>Whether any transfer has failed.</summary>
    public static async ValueTask<bool> HasFailedAsync(Snapshot snapshot, Id<Tenant> tenant) =>
        await snapshot.NumberAsync("SELECT 1 FROM failed WHERE tenant = $1 LIMIT 1", tenant.Value) is not null;

    /// <summary>Those of some ids that have failed.</summary>
    public static ValueTask<List<string>> ListFailedAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyCollection<string> ids) => snapshot.ListAsync(
        snapshot.Dialect == SqlDialect.Sqlite
            ? $"SELECT id FROM failed WHERE tenant = $1 AND id IN {SqliteIds}"
            : $"SELECT id FROM failed WHERE tenant = $1 AND id IN {PostgresIds}",
        row => row.Text(0), tenant.Value, Json(ids));

    public static ValueTask InsertFailedAsync(Transaction tx, Id<Tenant> tenant, string id) =>
        tx.SendAsync("INSERT INTO failed (tenant, id) VALUES ($1, $2)", tenant.Value, id);

    /// <summary>Promises whose time is over, of all tenants, the oldest first.</summary>
    public static ValueTask<List<DuePromise>> ListDueAsync(Snapshot snapshot, DateTimeOffset now, int limit) => snapshot.ListAsync(
        "SELECT tenant, id FROM promise WHERE state = 0 AND expires_at IS NOT NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
        row => new DuePromise(new Id<Tenant>(row.Integer(0)), row.Text(1)), now, limit);

    /// <summary>Writes what has happened into the journal, and what became of promises.</summary>
    public static async ValueTask InsertAsync(Transaction tx, Id<Tenant> tenant, Happening happened)
    {
        var (number, transfer) = (happened.Number, happened.Transfer);
        if (happened.IsExpiry)
            await InsertExpiryAsync(tx, tenant, happened);
        else
            await InsertTransferAsync(tx, tenant, happened);
        await InsertEntryAsync(tx, tenant, number, happened.Debit.After);
        await InsertEntryAsync(tx, tenant, number, happened.Credit.After);
        if (happened.Resolved is { } resolved)
            await EndPromiseAsync(tx, tenant, resolved.Number, happened.IsExpiry ? PendingState.Expired : EndBy(transfer.Kind));
        else if (transfer.Kind == TransferKind.Pending)
            await InsertPromiseAsync(tx, tenant, transfer);
    }

    private static PendingState EndBy(TransferKind kind) => kind == TransferKind.Post ? PendingState.Posted : PendingState.Voided;

    private static ValueTask InsertTransferAsync(Transaction tx, Id<Tenant> tenant, Happening happened)
    {
        var (transfer, debit, credit) = (happened.Transfer, happened.Debit, happened.Credit);
        return tx.SendAsync(
            """
            INSERT INTO journal (
                number, tenant, id, debit, credit, amount, currency, code, kind, flags, pending_id, timeout_seconds, reference, at,
                debit_entry, debit_before, credit_entry, credit_before)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
            """,
            happened.Number, tenant.Value, transfer.Id, transfer.Debit, transfer.Credit, transfer.Amount, transfer.Currency, transfer.Code,
            (int)transfer.Kind, (int)transfer.Flags, transfer.PendingId, (long?)transfer.TimeoutSeconds, transfer.Reference, transfer.At,
            debit.After.Entries, debit.Before, credit.After.Entries, credit.Before);
    }

    private static ValueTask InsertExpiryAsync(Transaction tx, Id<Tenant> tenant, Happening happened)
    {
        var (expired, debit, credit) = (happened.Transfer, happened.Debit, happened.Credit);
        return tx.SendAsync(
            """
            INSERT INTO journal (
                number, tenant, expired, debit, credit, amount, currency, code, kind, flags, at, debit_entry, debit_before, credit_entry, credit_before)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            happened.Number, tenant.Value, expired.Number, expired.Debit, expired.Credit, expired.Amount, expired.Currency, expired.Code,
            (int)expired.Kind, (int)expired.Flags, debit.After.ChangedAt, debit.After.Entries, debit.Before, credit.After.Entries, credit.Before);
    }

    /// <summary>What is written of an entry beside the journal: little of most.</summary>
    private static async ValueTask InsertEntryAsync(Transaction tx, Id<Tenant> tenant, long number, Account after)
    {
        if (after.Entries % MilestoneEvery == 0)
        {
            await tx.SendAsync(
                "INSERT INTO milestone (tenant, account, at, entry, number) VALUES ($1, $2, $3, $4, $5)",
                tenant.Value, after.Id, after.ChangedAt, after.Entries, number);
        }
        if (after.Flags.HasFlag(AccountFlags.History))
        {
            await tx.SendAsync(
                """
                INSERT INTO history (number, account, debits_pending, debits_posted, credits_pending, credits_posted) VALUES ($1, $2, $3, $4, $5, $6)
                """,
                number, after.Id, after.Debits.Pending, after.Debits.Posted, after.Credits.Pending, after.Credits.Posted);
        }
    }

    private static ValueTask InsertPromiseAsync(Transaction tx, Id<Tenant> tenant, Transfer pending) => tx.SendAsync(
        "INSERT INTO promise (number, tenant, id, state, expires_at) VALUES ($1, $2, $3, $4, $5)",
        pending.Number, tenant.Value, pending.Id, (int)PendingState.Waiting, pending.ExpiresAt);

    /// <summary>A promise ends once.</summary>
    private static ValueTask EndPromiseAsync(Transaction tx, Id<Tenant> tenant, long number, PendingState end) =>
        tx.SendOneAsync("UPDATE promise SET state = $3 WHERE number = $1 AND tenant = $2 AND state = 0", number, tenant.Value, (int)end);

    /// <summary>The newest entry of an account before a time, by its number; 0 when there is none.</summary>
    /// <param name="beforeMs">In Unix milliseconds.</param>
    public static async ValueTask<long> FindEntryAsync(Snapshot snapshot, Id<Tenant> tenant, Account account, long beforeMs)
    {
        var start = account.ChangedAt.ToUnixTimeMilliseconds() < beforeMs
            ? null
            : await snapshot.NumberAsync(
                "SELECT number FROM milestone WHERE tenant = $1 AND account = $2 AND at >= $3 ORDER BY at, entry LIMIT 1",
                tenant.Value, account.Id, beforeMs);
        return await snapshot.NumberAsync(
            $"""
            WITH RECURSIVE chain (number, at, previous) AS (
                SELECT number, at, {Previous} FROM journal WHERE tenant = $1 AND number = $3
                UNION ALL
                SELECT j.number, j.at, {Previous} FROM chain JOIN journal AS j ON j.number = chain.previous WHERE chain.at >= $4)
            SELECT number FROM chain WHERE at < $4
            """,
            tenant.Value, account.Id, start ?? account.Newest, beforeMs) ?? 0;
    }

    /// <summary>The entry of an account before another one of it, by their numbers; 0 when there is none.</summary>
    public static async ValueTask<long> FindEntryBeforeAsync(Snapshot snapshot, Id<Tenant> tenant, string account, long number) =>
        await snapshot.NumberAsync(
            $"SELECT {Previous} FROM journal WHERE tenant = $1 AND $2 IN (debit, credit) AND number = $3", tenant.Value, account, number) ?? 0;

    /// <summary>What happened to an account, the newest first.</summary>
    /// <param name="first">The number of the newest.</param>
    /// <param name="from">The oldest.</param>
    public static ValueTask<List<LedgerEntry>> ListEntriesAsync(
        Snapshot snapshot, Id<Tenant> tenant, string account, long first, DateTimeOffset from, int limit) => snapshot.ListAsync(
        $"""
        WITH RECURSIVE chain (step, number, entry, previous) AS (
            SELECT 1, number, CASE debit WHEN $2 THEN debit_entry ELSE credit_entry END, {Previous}
            FROM journal WHERE tenant = $1 AND number = $3 AND at >= $4
            UNION ALL
            SELECT step + 1, j.number, CASE debit WHEN $2 THEN debit_entry ELSE credit_entry END, {Previous}
            FROM chain JOIN journal AS j ON j.number = chain.previous WHERE step < $5 AND j.at >= $4)
        SELECT {TransferColumns}, e.number, chain.entry, e.at, e.expired, h.debits_pending, h.debits_posted, h.credits_pending, h.credits_posted
        FROM chain JOIN journal AS e ON e.number = chain.number
            JOIN journal AS t ON t.number = COALESCE(e.expired, e.number)
            LEFT JOIN promise AS p ON p.number = t.number
            LEFT JOIN history AS h ON h.number = e.number AND h.account = $2
        ORDER BY step
        """,
        ReadEntry, tenant.Value, account, first, from, limit);

    /// <summary>The sums of all accounts, by currency. Halves are added, because a thousand full accounts are more than 64 bits hold.</summary>
    public static ValueTask<List<TrialBalance>> SumAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        """
        SELECT currency, COUNT(*),
            CAST(SUM(debits_pending >> 32) AS BIGINT), CAST(SUM(debits_pending & 4294967295) AS BIGINT),
            CAST(SUM(debits_posted >> 32) AS BIGINT), CAST(SUM(debits_posted & 4294967295) AS BIGINT),
            CAST(SUM(credits_pending >> 32) AS BIGINT), CAST(SUM(credits_pending & 4294967295) AS BIGINT),
            CAST(SUM(credits_posted >> 32) AS BIGINT), CAST(SUM(credits_posted & 4294967295) AS BIGINT)
        FROM account WHERE tenant = $1 GROUP BY currency ORDER BY currency
        """,
        row => new TrialBalance(row.Text(0), row.Integer(1), new(Whole(row, 2), Whole(row, 4)), new(Whole(row, 6), Whole(row, 8))),
        tenant.Value);

    private static decimal Whole(Row row, int upper) => (row.Integer(upper) * (decimal)(1L << 32)) + row.Integer(upper + 1);

    private static Account ReadAccount(Row row) => new(
        row.Text(0), row.Text(1), row.Text(2), (AccountFlags)row.Int(3), new Side(row.Integer(4), row.Integer(5)),
        new Side(row.Integer(6), row.Integer(7)), row.TextOrNull(8), row.Time(9), row.Integer(10), row.Time(11), row.Integer(12));

    private static StoredTransfer ReadTransfer(Row row) => new(
        new Transfer(
            row.Integer(0), row.Text(1), row.Text(2), row.Text(3), row.Integer(4), row.Text(5), row.Text(6), (TransferKind)row.Int(7),
            (TransferFlags)row.Int(8), row.TextOrNull(9), (int?)row.IntegerOrNull(10), row.TextOrNull(11), row.Time(12)),
        (PendingState?)row.IntegerOrNull(13));

    private static LedgerEntry ReadEntry(Row row)
    {
        var stored = ReadTransfer(row);
        return new LedgerEntry(
            row.Integer(15),
            row.IsNull(17) ? (EntryKind)stored.Transfer.Kind : EntryKind.Expiry,
            row.Time(16),
            TransferView.Of(stored),
            row.IntegerOrNull(18) is { } debitsPending
                ? new Balance(new Side(debitsPending, row.Integer(19)), new Side(row.Integer(20), row.Integer(21)))
                : null)
        {
            Place = row.Integer(14),
        };
    }
}

/// <param name="State">What became of it; null when it promises nothing.</param>
internal sealed record StoredTransfer(Transfer Transfer, PendingState? State);

internal readonly record struct DuePromise(Id<Tenant> Tenant, string Id);
