using Basin.Orders;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Notifications;

/// <summary>
/// Tells customers what happens, in the shop and by e-mail. Stands on the events of Orders. It keeps its data in one shard: an inbox is one list in one
/// order, and the orders that it is about come from all shards.
/// </summary>
public static class NotificationsSystem
{
    public const string Name = "notifications";

    private static readonly TimeSpan TrimPeriod = TimeSpan.FromMinutes(10);

    private static readonly DependencyInfo Smtp = new(
        SmtpRelay.Dependency,
        "Takes e-mail to customers, where Basin:Notifications:SmtpHost is set.",
        "Customers read what happens in the shop; e-mail comes later, each once the server takes it.")
    {
        ComesAgain = "by jobs, up to a minute apart, for Basin:Events:LongestOutage",
    };

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddNotifications()
        {
            builder.AddSystem(Name, typeof(NotificationsSystem).Assembly)
                .Options<NotificationsOptions>("Notifications")
                .Publishes<NotificationAdded>()
                .On<OrderPlaced, NotificationsHandlers>(handlers => handlers.OnAsync)
                .On<OrderShipped, NotificationsHandlers>(handlers => handlers.OnAsync)
                .On<OrderDelivered, NotificationsHandlers>(handlers => handlers.OnAsync)
                .On<OrderEnded, NotificationsHandlers>(handlers => handlers.OnAsync)
                .On<VisitorSignedIn>(NotificationsHandlers.OnAsync)
                .Runs<SendMail, MailSender>(sender => sender.SendAsync)
                .Calls<NotificationsOptions>(Smtp, options => options.SmtpLimits, SmtpRelay.IsAnswer, options => options.SmtpHost is not null)
                .Every<NotificationsHandlers>(TrimPeriod, handlers => handlers.TrimAsync)
                .Degrades(NotificationsModes.EmailLater)
                .Offers<INotifications, NotificationsApi, RemoteNotifications>()
                .Shows("Mail", "/console/mail", "mail");
            var services = builder.Services;
            services.AddSingleton<NotificationsApi>();
            services.AddSingleton<NotificationsHandlers>();
            services.AddSingleton<MailSender>();
            services.AddSingleton<SmtpRelay>();
            services.AddSingleton<DropFolder>();
            services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, NotificationsJson.Default));
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapNotifications()
        {
            NotificationsEndpoints.Map(routes);
            NotificationsCalls.Map(routes);
            return routes;
        }
    }
}
