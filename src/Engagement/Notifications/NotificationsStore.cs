using Basin.Orders;

namespace Basin.Notifications;

/// <summary>All SQL of Notifications.</summary>
internal static class NotificationsStore
{
    private static readonly Entities<string, InboxState> Inboxes = new(ReadInboxAsync, SaveInboxAsync);

    public static async ValueTask InsertAsync(Transaction tx, Notification added)
    {
        var inbox = await FindInboxAsync(tx, added.Tenant, added.Recipient);
        await tx.SendAsync(
            "INSERT INTO notification (id, tenant, recipient, kind, order_id, detail, previous) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            added.Id.Value, added.Tenant.Value, added.Recipient, (int)added.Kind, added.Order.Value, added.Detail, inbox.Newest);
        tx.Put(Inboxes, added.Tenant, added.Recipient, inbox, inbox with { Newest = added.Id.Value });
    }

    private static async ValueTask<InboxState> FindInboxAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient) =>
        await snapshot.FindAsync(Inboxes, tenant, recipient) ?? InboxState.Empty;

    private static ValueTask<InboxState?> ReadInboxAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient) => snapshot.FindAsync(
        "SELECT newest, read_up_to FROM inbox WHERE tenant = $1 AND recipient = $2",
        row => new InboxState(row.Integer(0), row.Integer(1)), tenant.Value, recipient);

    private static ValueTask SaveInboxAsync(Transaction tx, Id<Tenant> tenant, string recipient, InboxState before, InboxState after) =>
        SaveNewestAsync(tx, tenant, recipient, after.Newest);

    private static ValueTask SaveNewestAsync(Transaction tx, Id<Tenant> tenant, string recipient, long newest) => tx.SendAsync(
        """
        INSERT INTO inbox (tenant, recipient, newest) VALUES ($1, $2, $3)
        ON CONFLICT (tenant, recipient) DO UPDATE SET newest = excluded.newest
        """,
        tenant.Value, recipient, newest);

    /// <summary>Newest first.</summary>
    /// <param name="before">The notification that was listed last; null to begin.</param>
    public static async ValueTask<List<Notification>> ListAsync(
        Snapshot snapshot, Id<Tenant> tenant, string recipient, Id<Notification>? before, int limit)
    {
        var inbox = await FindInboxAsync(snapshot, tenant, recipient);
        var first = before is null
            ? inbox.Newest
            : await snapshot.NumberAsync(
                "SELECT previous FROM notification WHERE id = $1 AND tenant = $2 AND recipient = $3", before.Value.Value, tenant.Value, recipient);
        return await ListChainAsync(snapshot, inbox, first ?? 0, after: 0, limit);
    }

    /// <summary>The newest of those that came after one, oldest first.</summary>
    public static async ValueTask<List<Notification>> ListAfterAsync(
        Snapshot snapshot, Id<Tenant> tenant, string recipient, Id<Notification> after, int limit)
    {
        var inbox = await FindInboxAsync(snapshot, tenant, recipient);
        var found = await ListChainAsync(snapshot, inbox, inbox.Newest, after.Value, limit);
        found.Reverse();
        return found;
    }

    /// <summary>From one notification to the one before it, and on.</summary>
    /// <param name="after">Where it ends, without this one; 0 for the end of the inbox.</param>
    private static ValueTask<List<Notification>> ListChainAsync(Snapshot snapshot, InboxState inbox, long first, long after, int limit) =>
        snapshot.ListAsync(
            """
            WITH RECURSIVE chain AS (
                SELECT 1 AS place, id, previous FROM notification WHERE id = $1 AND id <> $2
                UNION ALL
                SELECT place + 1, n.id, n.previous FROM chain JOIN notification AS n ON n.id = chain.previous WHERE place < $3 AND n.id <> $2)
            SELECT n.id, tenant, recipient, kind, order_id, detail, read FROM chain JOIN notification AS n ON n.id = chain.id ORDER BY place
            """,
            row => Read(row, inbox.ReadUpTo), first, after, limit);

    /// <summary>How many of the newest <paramref name="limit"/> are not read.</summary>
    public static async ValueTask<int> CountUnreadAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, int limit)
    {
        var inbox = await FindInboxAsync(snapshot, tenant, recipient);
        return (await ListChainAsync(snapshot, inbox, inbox.Newest, after: 0, limit)).Count(notification => !notification.Read);
    }

    public static ValueTask<int> MarkReadAsync(Transaction tx, Id<Tenant> tenant, Id<Notification> id) =>
        tx.ExecuteAsync("UPDATE notification SET read = 1 WHERE id = $1 AND tenant = $2", id.Value, tenant.Value);

    /// <summary>Everything that is in the inbox now counts as read.</summary>
    public static async ValueTask MarkAllReadAsync(Transaction tx, Id<Tenant> tenant, string recipient)
    {
        await tx.ExecuteAsync("UPDATE inbox SET read_up_to = newest WHERE tenant = $1 AND recipient = $2", tenant.Value, recipient);
        tx.Forget(Inboxes);
    }

    public static ValueTask<string?> FindCustomerAsync(Snapshot snapshot, Id<Tenant> tenant, string visitor) => snapshot.FindAsync(
        "SELECT customer FROM signed_in WHERE tenant = $1 AND visitor = $2", row => row.Text(0), tenant.Value, visitor);

    /// <summary>Gives a visitor's notifications to the customer, those read as read.</summary>
    public static async ValueTask ChangeRecipientAsync(Transaction tx, Id<Tenant> tenant, string visitor, string customer)
    {
        await tx.ExecuteAsync(
            "INSERT INTO signed_in (tenant, visitor, customer, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, visitor) DO UPDATE SET customer = $3, at = $4",
            tenant.Value, visitor, customer, tx.Now);
        var (theirs, own) = (await FindInboxAsync(tx, tenant, visitor), await FindInboxAsync(tx, tenant, customer));
        if (theirs.Newest == 0)
            return;
        var moved = await ListIdsAsync(tx, theirs.Newest, downTo: 0);
        foreach (var id in moved)
        {
            await tx.SendAsync(
                "UPDATE notification SET recipient = $2, read = CASE WHEN id <= $3 THEN 1 ELSE read END WHERE id = $1", id, customer, theirs.ReadUpTo);
        }
        await LinkAsync(tx, tenant, customer, moved, await ListIdsAsync(tx, own.Newest, downTo: moved[^1]));
        await tx.ExecuteAsync("DELETE FROM inbox WHERE tenant = $1 AND recipient = $2", tenant.Value, visitor);
        tx.Forget(Inboxes);
    }

    /// <summary>A chain, the newest first, to the first id below a bound, which is with it.</summary>
    private static ValueTask<List<long>> ListIdsAsync(Snapshot snapshot, long newest, long downTo) => snapshot.ListAsync(
        """
        WITH RECURSIVE chain AS (
            SELECT 1 AS place, id, previous FROM notification WHERE id = $1
            UNION ALL
            SELECT place + 1, n.id, n.previous FROM chain JOIN notification AS n ON n.id = chain.previous WHERE chain.id >= $2)
        SELECT id FROM chain ORDER BY place
        """,
        row => row.Integer(0), newest, downTo);

    /// <summary>Makes one inbox of two chains; what follows the last of both stays behind it.</summary>
    private static async ValueTask LinkAsync(Transaction tx, Id<Tenant> tenant, string recipient, List<long> moved, List<long> own)
    {
        long[] linked = [.. moved.Concat(own).OrderDescending()];
        foreach (var (id, previous) in linked.Zip(linked.Skip(1)))
            await tx.SendAsync("UPDATE notification SET previous = $2 WHERE id = $1", id, previous);
        await SaveNewestAsync(tx, tenant, recipient, linked[0]);
    }

    /// <summary>Deletes notifications before an id and the names of visitors who signed in long ago.</summary>
    public static async ValueTask<bool> TrimAsync(Transaction tx, long before, DateTimeOffset signedInBefore, int limit)
    {
        await tx.ExecuteAsync(
            """
            DELETE FROM inbox WHERE newest < $1 AND (tenant, recipient) IN
                (SELECT tenant, recipient FROM notification WHERE id < $1 ORDER BY id LIMIT $2)
            """,
            before, limit);
        tx.Forget(Inboxes);
        var old = await tx.ExecuteAsync(
            "DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE id < $1 ORDER BY id LIMIT $2)", before, limit);
        var names = await tx.ExecuteAsync(
            "DELETE FROM signed_in WHERE (tenant, visitor) IN (SELECT tenant, visitor FROM signed_in WHERE at < $1 ORDER BY at LIMIT $2)",
            signedInBefore, limit);
        return old == limit || names == limit;
    }

    private static Notification Read(Row row, long readUpTo) => new(
        new Id<Notification>(row.Integer(0)), new Id<Tenant>(row.Integer(1)), row.Text(2), (NotificationKind)row.Int(3), new Id<Order>(row.Integer(4)),
        row.Text(5), row.Flag(6) || row.Integer(0) <= readUpTo);
}

/// <summary>What an inbox says about its notifications, which are a chain.</summary>
/// <param name="Newest">The last one that came; 0 when none did.</param>
/// <param name="ReadUpTo">Those up to this id count as read.</param>
internal sealed record InboxState(long Newest, long ReadUpTo)
{
    public static readonly InboxState Empty = new(0, 0);
}
