using Basin.Orders;

namespace Basin.Notifications;

/// <summary>All SQL of Notifications.</summary>
internal static class NotificationsStore
{
    /// <summary>A sign-in puts what a visitor was told at most so far down the customer's inbox.</summary>
    private const int MaxRelinked = 1000;

    private static readonly Entities<string, InboxState> Inboxes = new(ReadInboxAsync, SaveInboxAsync);

    public static async ValueTask InsertAsync(Transaction tx, Notification added)
    {
        var before = await FindInboxAsync(tx, added.Tenant, added.Recipient);
        var after = before with { Newest = added.Id.Value, Place = before.Place + 1 };
        await tx.SendAsync(
            "INSERT INTO notification (id, tenant, recipient, kind, order_id, detail, previous, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            added.Id.Value, added.Tenant.Value, added.Recipient, (int)added.Kind, added.Order.Value, added.Detail, before.Newest, after.Place);
        tx.Put(Inboxes, added.Tenant, added.Recipient, before, after);
    }

    private static async ValueTask<InboxState> FindInboxAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient) =>
        await snapshot.FindAsync(Inboxes, tenant, recipient) ?? InboxState.Empty;

    private static ValueTask<InboxState?> ReadInboxAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient) => snapshot.FindAsync(
        "SELECT newest, place, read_up_to FROM inbox WHERE tenant = $1 AND recipient = $2",
        row => new InboxState(row.Integer(0), row.Integer(1), row.Integer(2)), tenant.Value, recipient);

    /// <summary>Many notifications of one inbox in a piece of work are one write.</summary>
    private static ValueTask SaveInboxAsync(Transaction tx, Id<Tenant> tenant, string recipient, InboxState before, InboxState after) => tx.SendAsync(
        """
        INSERT INTO inbox (tenant, recipient, newest, place, read_up_to) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant, recipient) DO UPDATE SET newest = excluded.newest, place = excluded.place, read_up_to = excluded.read_up_to
        """,
        tenant.Value, recipient, after.Newest, after.Place, after.ReadUpTo);

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
        return await ListChainAsync(snapshot, inbox, first ?? 0, above: 0, limit);
    }

    /// <summary>The newest of those that came after one, oldest first; null when that one is not in the inbox.</summary>
    public static async ValueTask<List<Notification>?> ListAfterAsync(
        Snapshot snapshot, Id<Tenant> tenant, string recipient, Id<Notification> after, int limit)
    {
        var place = await snapshot.NumberAsync(
            "SELECT place FROM notification WHERE id = $1 AND tenant = $2 AND recipient = $3", after.Value, tenant.Value, recipient);
        if (place is null)
            return null;
        var inbox = await FindInboxAsync(snapshot, tenant, recipient);
        var found = await ListChainAsync(snapshot, inbox, inbox.Newest, place.Value, limit);
        found.Reverse();
        return found;
    }

    /// <summary>From one notification to the one before it, and on.</summary>
    /// <param name="above">The place at which it ends.</param>
    private static ValueTask<List<Notification>> ListChainAsync(Snapshot snapshot, InboxState inbox, long first, long above, int limit) =>
        snapshot.ListAsync(
            """
            WITH RECURSIVE chain AS (
                SELECT 1 AS step, id, previous FROM notification WHERE id = $1 AND place > $2
                UNION ALL
                SELECT step + 1, n.id, n.previous FROM chain JOIN notification AS n ON n.id = chain.previous WHERE step < $3 AND n.place > $2)
            SELECT n.id, tenant, recipient, kind, order_id, detail, read, place FROM chain JOIN notification AS n ON n.id = chain.id ORDER BY step
            """,
            row => Read(row, inbox.ReadUpTo), first, above, limit);

    /// <summary>How many of the newest <paramref name="limit"/> are not read.</summary>
    public static async ValueTask<int> CountUnreadAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, int limit)
    {
        var inbox = await FindInboxAsync(snapshot, tenant, recipient);
        return (int)(await snapshot.NumberAsync(
            """
            WITH RECURSIVE chain AS (
                SELECT 1 AS step, previous, read FROM notification WHERE id = $1 AND place > $2
                UNION ALL
                SELECT step + 1, n.previous, n.read FROM chain JOIN notification AS n ON n.id = chain.previous WHERE step < $3 AND n.place > $2)
            SELECT COUNT(*) FROM chain WHERE read = 0
            """,
            inbox.Newest, inbox.ReadUpTo, limit))!.Value;
    }

    public static ValueTask<int> MarkReadAsync(Transaction tx, Id<Tenant> tenant, Id<Notification> id) =>
        tx.ExecuteAsync("UPDATE notification SET read = 1 WHERE id = $1 AND tenant = $2", id.Value, tenant.Value);

    /// <summary>Everything that is in the inbox now counts as read.</summary>
    public static async ValueTask MarkAllReadAsync(Transaction tx, Id<Tenant> tenant, string recipient)
    {
        await tx.ExecuteAsync("UPDATE inbox SET read_up_to = place WHERE tenant = $1 AND recipient = $2", tenant.Value, recipient);
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
        var moved = await ListLinksAsync(tx, theirs, downTo: 0, int.MaxValue);
        if (moved.Count == 0)
            return;
        var newer = await ListLinksAsync(tx, own, moved.Min(link => link.Id), MaxRelinked);
        var behind = newer is [.., var last] ? own with { Newest = last.Previous, Place = last.Place - 1 } : own;
        var joined = behind with { ReadUpTo = Math.Min(own.ReadUpTo, behind.Place) };
        foreach (var link in moved.Concat(newer).OrderBy(link => link.Id))
        {
            await tx.SendAsync(
                "UPDATE notification SET recipient = $2, previous = $3, place = $4, read = $5 WHERE id = $1",
                link.Id, customer, joined.Newest, joined.Place + 1, link.Read);
            joined = joined with { Newest = link.Id, Place = joined.Place + 1 };
        }
        tx.Put(Inboxes, tenant, customer, own, joined);
        await tx.ExecuteAsync("DELETE FROM inbox WHERE tenant = $1 AND recipient = $2", tenant.Value, visitor);
        tx.Forget(Inboxes);
    }

    /// <summary>The newest of an inbox, the newest first, to the last above an id.</summary>
    private static ValueTask<List<InboxLink>> ListLinksAsync(Snapshot snapshot, InboxState inbox, long downTo, int limit) => snapshot.ListAsync(
        """
        WITH RECURSIVE chain AS (
            SELECT 1 AS step, id, previous, place, read FROM notification WHERE id = $1 AND id > $2
            UNION ALL
            SELECT step + 1, n.id, n.previous, n.place, n.read FROM chain JOIN notification AS n ON n.id = chain.previous
            WHERE step < $3 AND n.id > $2)
        SELECT id, previous, place, read FROM chain ORDER BY step
        """,
        row => new InboxLink(row.Integer(0), row.Integer(1), row.Integer(2), row.Flag(3) || row.Integer(2) <= inbox.ReadUpTo), inbox.Newest, downTo, limit);

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
        row.Text(5), row.Flag(6) || row.Integer(7) <= readUpTo);
}

/// <summary>What an inbox says about its notifications, which are a chain.</summary>
/// <param name="Newest">The last one that came; 0 when none did.</param>
/// <param name="Place">Of the newest: grows by one with each.</param>
/// <param name="ReadUpTo">The place up to which all count as read.</param>
internal sealed record InboxState(long Newest, long Place, long ReadUpTo)
{
    public static readonly InboxState Empty = new(0, 0, 0);
}

internal readonly record struct InboxLink(long Id, long Previous, long Place, bool Read);
