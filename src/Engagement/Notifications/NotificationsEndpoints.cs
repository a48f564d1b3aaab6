using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Basin.Kernel.Load;
using Basin.Orders;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Basin.Notifications;

/// <summary>The routes of inboxes: <c>/v1/notifications</c> for programs, the others for the shop.</summary>
internal static class NotificationsEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var notifications = routes.MapGroup("/v1/notifications").WithTags("Notifications").WithChecks();
        notifications.MapGet("/", ListNotifications).RequireScope("notifications:read");
        notifications.MapPost("/{id}/read", MarkRead).RequireScope("notifications:write");
        notifications.MapPost("/read", MarkAllRead).RequireScope("notifications:write");

        var shop = routes.MapGroup("").ExcludeFromDescription();
        shop.MapGet("/inbox/live", WatchOwn).ServeAs(RequestClass.Browse, stays: true);
        shop.MapPost("/notifications/read", MarkAllOwnRead);
    }

    /// <summary>Lists an inbox, newest first.</summary>
    /// <param name="owner">A customer's account, or <c>mailto:ada@example.com</c> for orders that programs placed.</param>
    private static async Task<Answer<Page<NotificationView>>> ListNotifications(
        string owner, Caller caller, NotificationsApi api, int? limit, string? cursor, CancellationToken cancellation)
    {
        if (!ReadAll.IsOwner(owner))
            return KernelProblems.Invalid.At("owner", ReadAll.OwnerExpected);
        return await api.ListAsync(caller.Tenant, owner, Paging.Of(limit, cursor), cancellation);
    }

    /// <summary>Marks a notification as read.</summary>
    private static Task<Answer<Nothing>> MarkRead(
        Id<Notification> id, Caller caller, Once once, NotificationsApi api, CancellationToken cancellation) =>
        api.MarkReadAsync(caller.Tenant, id, once, cancellation);

    /// <summary>Marks all that is in an inbox as read.</summary>
    private static Task<Answer<Nothing>> MarkAllRead(
        ReadAll request, Caller caller, Once once, NotificationsApi api, CancellationToken cancellation) =>
        api.MarkAllReadAsync(caller.Tenant, request.Owner, once, cancellation);

    private static ServerSentEventsResult<NotificationNews> WatchOwn(HttpRequest request, Shopper shopper, NotificationsApi api)
    {
        Id<Notification>? after = Id<Notification>.TryParse(request.Headers["Last-Event-ID"].ToString(), null, out var id) ? id : null;
        return TypedResults.ServerSentEvents(NewsOf(api, shopper, after, request.HttpContext.RequestAborted));
    }

    private static async IAsyncEnumerable<SseItem<NotificationNews>> NewsOf(
        NotificationsApi api, Shopper shopper, Id<Notification>? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var news in api.WatchAsync(shopper.Tenant, shopper.Owner, after, cancellation))
        {
            yield return news is null
                ? new SseItem<NotificationNews>(NotificationNews.None, "heartbeat")
                : new SseItem<NotificationNews>(news, "notification") { EventId = news.Id.ToString() };
        }
    }

    /// <param name="form">Binding it checks the form's token.</param>
    private static async Task<SeeOther> MarkAllOwnRead(
        IFormCollection form, Shopper shopper, OnceRegistry registry, NotificationsApi api, CancellationToken cancellation)
    {
        await api.MarkAllReadAsync(shopper.Tenant, shopper.Owner, registry.For(shopper.Caller, key: null, "read"), cancellation);
        return new SeeOther("/notifications");
    }
}

/// <param name="Owner">Whose inbox.</param>
public sealed record ReadAll(string Owner) : IChecked
{
    internal const string OwnerExpected = "An account's id, or mailto: and an e-mail address, is expected.";
    private const int MaxOwnerLength = 300;

    public void Check(Checks checks) => checks.That(IsOwner(Owner), "owner", OwnerExpected);

    internal static bool IsOwner(string owner) => owner.Length is > 0 and <= MaxOwnerLength && !owner.Any(char.IsControl);
}

/// <param name="Href">Where the order is: a page of the shop, or the API's resource.</param>
/// <param name="Read">Whether it was marked as read.</param>
public sealed record NotificationView(
    Id<Notification> Id, NotificationKind Kind, Id<Order> Order, string Title, string Body, string Href, DateTimeOffset At, bool Read)
{
    internal static NotificationView Of(Notification notification)
    {
        var text = NotificationText.Of(notification.Kind, notification.Order, notification.Detail);
        var shop = !notification.Recipient.StartsWith("mailto:", StringComparison.Ordinal);
        return new NotificationView(
            notification.Id, notification.Kind, notification.Order, text.Title, text.Body,
            $"{(shop ? "" : "/v1")}/orders/{notification.Order}", notification.Id.CreatedAt, notification.Read);
    }
}

/// <summary>What a bell is told.</summary>
/// <param name="Unread">How many in the inbox are not read.</param>
public sealed record NotificationNews(Id<Notification> Id, string Title, string Body, string Href, DateTimeOffset At, int Unread)
{
    internal static readonly NotificationNews None = new(default, "", "", "", default, 0);

    internal static NotificationNews Of(Notification notification, int unread)
    {
        var view = NotificationView.Of(notification);
        return new NotificationNews(view.Id, view.Title, view.Body, view.Href, view.At, unread);
    }
}
