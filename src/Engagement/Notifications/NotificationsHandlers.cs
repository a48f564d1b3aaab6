using Basin.Kernel.Load;
using Basin.Orders;

namespace Basin.Notifications;

/// <summary>
/// Tells customers what happens to their orders. Each handler runs in the transaction that moves the checkpoint, so every event makes one notification
/// and one e-mail, whatever crashes. An order that a program has placed costs one insert; one of the shop also wakes the pages of its owner.
/// </summary>
internal sealed class NotificationsHandlers(NotificationsOptions options, HostLoad load)
{
    private const string VisitorPrefix = "visitor_";
    private const int TrimStep = 500;

    /// <summary>How long an event in a visitor's name may be under way after the visitor has signed in, and much more.</summary>
    private static readonly TimeSpan KeepSignedIn = TimeSpan.FromDays(30);

    public ValueTask OnAsync(Transaction tx, OrderPlaced e, EventContext context) => NotifyAsync(
        tx, context.Tenant, e.Owner, e.Email, NotificationKind.OrderPlaced, e.Order, new Money(e.TotalMinor, e.Currency).ToString());

    public ValueTask OnAsync(Transaction tx, OrderShipped e, EventContext context) =>
        NotifyAsync(tx, context.Tenant, e.Owner, e.Email, NotificationKind.OrderShipped, e.Order, e.Note ?? "");

    public ValueTask OnAsync(Transaction tx, OrderDelivered e, EventContext context) =>
        NotifyAsync(tx, context.Tenant, e.Owner, e.Email, NotificationKind.OrderDelivered, e.Order, "");

    public ValueTask OnAsync(Transaction tx, OrderEnded e, EventContext context) => NotifyAsync(
        tx, context.Tenant, e.Owner, e.Email,
        e.State == OrderState.Declined ? NotificationKind.OrderDeclined : NotificationKind.OrderCancelled, e.Order, e.Reason.ToString());

    public static ValueTask OnAsync(Transaction tx, VisitorSignedIn e, EventContext context) =>
        NotificationsStore.ChangeRecipientAsync(tx, context.Tenant, e.VisitorOwner, e.CustomerOwner);

    /// <summary>Deletes what is older than it is kept.</summary>
    public ValueTask<bool> TrimAsync(Transaction tx) => NotificationsStore.TrimAsync(
        tx, Snowflake.FirstAt(tx.Now - TimeSpan.FromDays(options.KeepDays)), tx.Now - KeepSignedIn, TrimStep);

    private async ValueTask NotifyAsync(
        Transaction tx, Id<Tenant> tenant, string? owner, string email, NotificationKind kind, Id<Order> order, string detail)
    {
        var recipient = Inbox.Of(owner, email);
        if (recipient.StartsWith(VisitorPrefix, StringComparison.Ordinal))
            recipient = await NotificationsStore.FindCustomerAsync(tx, tenant, recipient) ?? recipient;
        var added = new Notification(tx.NewId<Notification>(), tenant, recipient, kind, order, detail, Read: false);
        await NotificationsStore.InsertAsync(tx, added);
        if (owner is not null)
            await tx.PublishAsync(tenant, new NotificationAdded(Inbox.KeyOf(tenant, recipient), added.Id));
        if (options.Email)
            await tx.ScheduleAsync(tenant, new SendMail(added.Id, email, kind, order, detail, OfShop: owner is not null), DueOf(added.Id, tx.Now));
    }

    /// <summary>The lowest bits of an id count what happens in one millisecond, those above count milliseconds: they spread what is put off.</summary>
    private DateTimeOffset DueOf(Id<Notification> added, DateTimeOffset now) => load.IsOn(NotificationsModes.EmailLater)
        ? now + NotificationsModes.Later + (NotificationsModes.Later * (added.Value % 1021 / 1021.0))
        : now;
}
