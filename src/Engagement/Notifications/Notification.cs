using Basin.Orders;

namespace Basin.Notifications;

/// <summary>What a notification is about. The numbers are stored.</summary>
public enum NotificationKind
{
    OrderPlaced = 1,
    OrderShipped = 2,
    OrderDelivered = 3,
    OrderDeclined = 4,
    OrderCancelled = 5,
}

/// <summary>Something that was told to somebody. Its words are made when it is read, so it is small when it is written.</summary>
/// <param name="Recipient">Whose inbox it is in; see <see cref="Inbox"/>.</param>
/// <param name="Detail">The one thing that the words need beside the order: an amount, a parcel, a reason.</param>
public sealed record Notification(
    Id<Notification> Id, Id<Tenant> Tenant, string Recipient, NotificationKind Kind, Id<Order> Order, string Detail, bool Read) : IEntity
{
    public static string Prefix => "ntf";
}

/// <summary>
/// Inboxes. A shopper's is named by <see cref="Shopper.Owner"/>. An order that a program has placed has no owner, so its notifications are in the inbox
/// of its e-mail address, <c>mailto:ada@example.com</c>, which programs read; the shop never shows it, because an address that somebody types
/// into a form proves nothing.
/// </summary>
internal static class Inbox
{
    public static string Of(string? owner, string email) => owner ?? $"mailto:{email.ToLowerInvariant()}";

    /// <summary>What news of an inbox are published under.</summary>
    public static long KeyOf(Id<Tenant> tenant, string recipient) => ShardKey.Of($"{tenant.Value}/{recipient}").Value;
}
