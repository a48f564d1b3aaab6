using System.Text.Json.Serialization;

namespace Basin.Notifications;

/// <summary>An inbox of the shop has something new; it wakes the pages that show it.</summary>
/// <param name="Inbox">Stands for the tenant and the recipient.</param>
public sealed record NotificationAdded(long Inbox, Id<Notification> Notification) : IEvent<NotificationAdded>
{
    public static EventType<NotificationAdded> Type { get; } =
        new("basin.notifications.notification-added.v1", "inb", NotificationsJson.Default.NotificationAdded);

    public long Key => Inbox;
}

[JsonSerializable(typeof(NotificationAdded))]
[JsonSerializable(typeof(SendMail))]
[JsonSerializable(typeof(NotificationView))]
[JsonSerializable(typeof(Page<NotificationView>))]
[JsonSerializable(typeof(NotificationNews))]
[JsonSerializable(typeof(ReadAll))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class NotificationsJson : JsonSerializerContext;
