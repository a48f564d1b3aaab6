using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Notifications;

/// <summary>What pages of other systems ask of Notifications, wherever it runs.</summary>
public interface INotifications
{
    /// <summary>The newest notifications of an inbox of the shop, and how many are not read.</summary>
    /// <param name="owner">What <see cref="Shopper.Owner"/> says.</param>
    /// <exception cref="ProblemException"><c>system_unavailable</c>: Notifications runs elsewhere and does not answer.</exception>
    ValueTask<InboxGlance> GlanceAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation);
}

/// <param name="Unread">At most <see cref="NotificationsApi.MaxUnread"/>.</param>
/// <param name="Newest">A few, the newest first.</param>
public sealed record InboxGlance(int Unread, IReadOnlyList<NotificationView> Newest)
{
    public static readonly InboxGlance Empty = new(0, []);
}

internal sealed record GlanceQuestion(Id<Tenant> Tenant, string Owner);

internal static class NotificationsCalls
{
    public static readonly Call<GlanceQuestion, InboxGlance> Glance = new(NotificationsSystem.Name, "glance", MayRepeat: true);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapCall<NotificationsApi, GlanceQuestion, InboxGlance>(
        Glance, (notifications, asked, cancellation) => notifications.GlanceAsync(asked.Tenant, asked.Owner, cancellation));
}

internal sealed class RemoteNotifications(Peers peers) : INotifications
{
    public ValueTask<InboxGlance> GlanceAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        peers.AskAsync(NotificationsCalls.Glance, new GlanceQuestion(tenant, owner), cancellation);
}
