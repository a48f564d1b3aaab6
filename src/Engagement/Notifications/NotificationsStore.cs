using Basin.Orders;

namespace Basin.Notifications;

/// <summary>All SQL of Notifications.</summary>
internal static class NotificationsStore
{
    public static ValueTask InsertAsync(Transaction tx, Notification added) => tx.SendAsync(
        "INSERT INTO notification (id, tenant, recipient, kind, order_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        added.Id.Value, added.Tenant.Value, added.Recipient, (int)added.Kind, added.Order.Value, added.Detail);

    /// <summary>Newest first.</summary>
    public static ValueTask<List<Notification>> ListAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, long before, int limit) =>
        snapshot.ListAsync(
            $"{Select} WHERE n.tenant = $1 AND n.recipient = $2 AND n.id < $3 ORDER BY n.id DESC LIMIT $4",
            Read, tenant.Value, recipient, before, limit);

    /// <summary>Oldest first.</summary>
    public static ValueTask<List<Notification>> ListAfterAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, long after, int limit) =>
        snapshot.ListAsync(
            $"{Select} WHERE n.tenant = $1 AND n.recipient = $2 AND n.id > $3 ORDER BY n.id LIMIT $4", Read, tenant.Value, recipient, after, limit);

    /// <summary>How many of the newest <paramref name="limit"/> are not read.</summary>
    public static async ValueTask<int> CountUnreadAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, int limit) =>
        (int)(await snapshot.NumberAsync(
            """
            SELECT count(*) FROM (
                SELECT id, read FROM notification WHERE tenant = $1 AND recipient = $2 ORDER BY id DESC LIMIT $3) AS newest
            WHERE read = 0 AND id > coalesce((SELECT read_up_to FROM inbox WHERE tenant = $1 AND recipient = $2), 0)
            """,
            tenant.Value, recipient, limit))!.Value;

    public static ValueTask<int> MarkReadAsync(Transaction tx, Id<Tenant> tenant, Id<Notification> id) =>
        tx.ExecuteAsync("UPDATE notification SET read = 1 WHERE id = $1 AND tenant = $2", id.Value, tenant.Value);

    /// <summary>Everything that is in the inbox now counts as read.</summary>
    public static ValueTask<int> MarkAllReadAsync(Transaction tx, Id<Tenant> tenant, string recipient) => tx.ExecuteAsync(
        """
        INSERT INTO inbox (tenant, recipient, read_up_to)
        SELECT $1, $2, max(id) FROM notification WHERE tenant = $1 AND recipient = $2 HAVING max(id) IS NOT NULL
        ON CONFLICT (tenant, recipient) DO UPDATE SET read_up_to = excluded.read_up_to
        """,
        tenant.Value, recipient);

    public static ValueTask<string?> FindCustomerAsync(Snapshot snapshot, Id<Tenant> tenant, string visitor) => snapshot.FindAsync(
        "SELECT customer FROM signed_in WHERE tenant = $1 AND visitor = $2", row => row.Text(0), tenant.Value, visitor);

    /// <summary>Gives a visitor's notifications to the customer, those read as read.</summary>
    public static async ValueTask ChangeRecipientAsync(Transaction tx, Id<Tenant> tenant, string visitor, string customer)
    {
        await tx.ExecuteAsync(
            "INSERT INTO signed_in (tenant, visitor, customer, at) VALUES ($1, $2, $3, $4) ON CONFLICT (tenant, visitor) DO UPDATE SET customer = $3, at = $4",
            tenant.Value, visitor, customer, tx.Now);
        await tx.ExecuteAsync(
            """
            UPDATE notification SET
                recipient = $3,
                read = CASE WHEN id <= coalesce((SELECT read_up_to FROM inbox WHERE tenant = $1 AND recipient = $2), 0) THEN 1 ELSE read END
            WHERE tenant = $1 AND recipient = $2
            """,
            tenant.Value, visitor, customer);
        await tx.ExecuteAsync("DELETE FROM inbox WHERE tenant = $1 AND recipient = $2", tenant.Value, visitor);
    }

    /// <summary>Deletes notifications before an id and the names of visitors who signed in long ago.</summary>
    public static async ValueTask<bool> TrimAsync(Transaction tx, long before, DateTimeOffset signedInBefore, int limit)
    {
        var old = await tx.ExecuteAsync(
            "DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE id < $1 ORDER BY id LIMIT $2)", before, limit);
        var names = await tx.ExecuteAsync(
            "DELETE FROM signed_in WHERE (tenant, visitor) IN (SELECT tenant, visitor FROM signed_in WHERE at < $1 ORDER BY at LIMIT $2)",
            signedInBefore, limit);
        return old == limit || names == limit;
    }

    private const string Select =
        """
        SELECT n.id, n.tenant, n.recipient, n.kind, n.order_id, n.detail, CASE WHEN n.id <= coalesce(i.read_up_to, 0) THEN 1 ELSE n.read END
        FROM notification n LEFT JOIN inbox i ON i.tenant = n.tenant AND i.recipient = n.recipient
        """;

    private static Notification Read(Row row) => new(
        new Id<Notification>(row.Integer(0)), new Id<Tenant>(row.Integer(1)), row.Text(2), (NotificationKind)row.Int(3), new Id<Order>(row.Integer(4)),
        row.Text(5), row.Flag(6));
}
