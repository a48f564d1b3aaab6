using System.Net.Http.Json;
using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Notifications;
using Basin.Orders;
using Basin.Testing;
using Basin.Testing.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Engagement.Tests.Notifications;

/// <summary>A host with notifications only: the events of orders come from a system of the test.</summary>
internal static class NotificationsHost
{
    public static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    public static Task<TestHost> StartAsync(params (string Key, string? Value)[] settings)
    {
        var options = new TestHostOptions();
        foreach (var (key, value) in settings)
            options.Settings[$"Basin:Notifications:{key}"] = value;
        return TestHost.StartAsync(
            builder =>
            {
                builder.AddSystem("shop", typeof(NotificationsHost).Assembly)
                    .Publishes<OrderPlaced>().Publishes<OrderShipped>().Publishes<OrderDelivered>().Publishes<OrderEnded>();
                builder.AddNotifications();
                builder.Services.AddRazorComponents();
            },
            app =>
            {
                app.MapNotifications();
                app.MapGet("/test/owner", (Shopper shopper) => shopper.Owner);
                app.MapTestPages(typeof(NotificationsApi).Assembly);
            },
            options);
    }

    public static async Task<T> TellAsync<T>(this TestHost host, T happened, Id<Tenant>? tenant = null)
        where T : class, IEvent<T>
    {
        await host.StoreOf("shop").PublishAsync(ShardKey.First, tenant ?? Tenant, happened);
        await host.SettleAsync();
        return happened;
    }

    public static Id<Order> NewOrder(this TestHost host) => host.StoreOf("shop").NewId<Order>(ShardKey.First);

    public static OrderPlaced Placed(this TestHost host, string? owner, string email = "ada@example.com") =>
        new(host.NewOrder(), email, owner, "EUR", 14840, 2);

    public static async Task<IReadOnlyList<NotificationView>> InboxAsync(this HttpClient client, string owner) =>
        (await client.GetFromJsonAsync<Page>($"/v1/notifications?owner={Uri.EscapeDataString(owner)}", Json))!.Items;

    private static readonly System.Text.Json.JsonSerializerOptions Json = new(System.Text.Json.JsonSerializerDefaults.Web)
    {
        Converters = { new SnakeCaseEnumConverter<NotificationKind>() },
    };

    public static string MailFolder(this TestHost host) => Path.Combine(host.DataDirectory, "data", "mail", Tenant.ToString());

    public static string[] Mails(this TestHost host) =>
        Directory.Exists(host.MailFolder()) ? [.. Directory.GetFiles(host.MailFolder(), "*.eml").Order(StringComparer.Ordinal)] : [];

    private sealed record Page(IReadOnlyList<NotificationView> Items, string? NextCursor);
}
