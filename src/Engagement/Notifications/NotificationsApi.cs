using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Notifications;

/// <summary>The use cases of inboxes, for endpoints and pages; pages of other systems ask <see cref="INotifications"/>.</summary>
public sealed class NotificationsApi(
    [FromKeyedServices(NotificationsSystem.Name)] Store store, TimeProvider time, IHostApplicationLifetime lifetime) : INotifications
{
    /// <summary>More unread notifications than this are counted as this many: a bell says 99+ anyway.</summary>
    public const int MaxUnread = 100;

    private const int MaxCaughtUp = 100;
    private const int Begun = 19;
    private const int Glanced = 5;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public async ValueTask<InboxGlance> GlanceAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) => new(
        await CountUnreadAsync(tenant, owner, cancellation),
        (await ListAsync(tenant, owner, Paging.Of(Glanced, cursor: null), cancellation)).Items);

    /// <summary>An inbox, newest first.</summary>
    /// <param name="recipient">A shopper's <see cref="Shopper.Owner"/>, or <c>mailto:</c> and an address.</param>
    public async ValueTask<Page<NotificationView>> ListAsync(Id<Tenant> tenant, string recipient, Paging paging, CancellationToken cancellation)
    {
        Id<Notification>? before = paging.After is null ? null : new(paging.AfterNumber(start: 0));
        var found = await store.ReadAsync(
            ShardKey.First, snapshot => NotificationsStore.ListAsync(snapshot, tenant, recipient, before, paging.Limit + 1), cancellation);
        return paging.PageOf(found.ConvertAll(NotificationView.Of), notification => notification.Id.Value.ToString());
    }

    /// <summary>How many are not read, at most <see cref="MaxUnread"/>.</summary>
    public ValueTask<int> CountUnreadAsync(Id<Tenant> tenant, string recipient, CancellationToken cancellation) => store.ReadAsync(
        ShardKey.First, snapshot => NotificationsStore.CountUnreadAsync(snapshot, tenant, recipient, MaxUnread), cancellation);

    public Task<Answer<Nothing>> MarkReadAsync(Id<Tenant> tenant, Id<Notification> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync<Id<Notification>, Nothing>(
            store,
            ShardKey.First,
            id,
            async tx => await NotificationsStore.MarkReadAsync(tx, tenant, id) > 0 ? Answer.NoContent() : KernelProblems.NotFound,
            cancellation);

    public Task<Answer<Nothing>> MarkAllReadAsync(Id<Tenant> tenant, string recipient, Once once, CancellationToken cancellation) =>
        once.WriteAsync(
            store,
            ShardKey.First,
            recipient,
            async tx =>
            {
                await NotificationsStore.MarkAllReadAsync(tx, tenant, recipient);
                return Answer.NoContent();
            },
            cancellation);

    /// <summary>
    /// What comes into an inbox of the shop after a notification, oldest first, with the number of those unread, until the host shuts down. Null is a
    /// heartbeat. Whoever has missed more than a hundred gets the newest of them; the inbox has all.
    /// </summary>
    /// <param name="after">The last that is known; null begins a few before the newest.</param>
    internal async IAsyncEnumerable<NotificationNews?> WatchAsync(
        Id<Tenant> tenant, string recipient, Id<Notification>? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, lifetime.ApplicationStopping);
        var shard = store.ShardOf(ShardKey.First);
        using var watch = shard.Events.WatchKey(Inbox.KeyOf(tenant, recipient));
        var last = after?.Value;
        while (!ending.IsCancellationRequested)
        {
            var (news, unread) = await shard.ReadAsync(snapshot => ReadNewsAsync(snapshot, tenant, recipient, last), cancellation);
            foreach (var notification in news)
                yield return NotificationNews.Of(notification, unread);
            last = news.Count > 0 ? news[^1].Id.Value : last ?? 0;
            if (news.Count < MaxCaughtUp && !await WaitAsync(watch, ending.Token))
                yield return null;
        }
    }

    /// <returns>False when it is time for a heartbeat.</returns>
    private async Task<bool> WaitAsync(Watch watch, CancellationToken ending)
    {
        try
        {
            return await watch.WaitAsync(Heartbeat, time, ending);
        }
        catch (OperationCanceledException)
        {
            // The stream ends as if it had nothing more to say: whoever still listens comes back to the next host.
            return true;
        }
    }

    private static async ValueTask<(List<Notification> News, int Unread)> ReadNewsAsync(Snapshot snapshot, Id<Tenant> tenant, string recipient, long? after)
    {
        var news = after is { } last
            ? await NotificationsStore.ListAfterAsync(snapshot, tenant, recipient, new Id<Notification>(last), MaxCaughtUp)
            : null;
        if (news is null)
        {
            news = await NotificationsStore.ListAsync(snapshot, tenant, recipient, before: null, Begun);
            news.Reverse();
        }
        return (news, await NotificationsStore.CountUnreadAsync(snapshot, tenant, recipient, MaxUnread));
    }
}
