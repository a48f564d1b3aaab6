using System.Text.Json.Serialization;
using Basin.Orders;

namespace Basin.Notifications;

/// <summary>Sends the e-mail of a notification, at least once: a repeat carries the same <c>Message-ID</c>, by which it is recognised.</summary>
/// <param name="OfShop">Whether the order can be seen in the shop.</param>
internal sealed record SendMail(
    Id<Notification> Notification,
    string To,
    [property: JsonConverter(typeof(SnakeCaseEnumConverter<NotificationKind>))] NotificationKind Kind,
    Id<Order> Order,
    string Detail,
    bool OfShop) : IJob<SendMail>
{
    public static JobType<SendMail> Type { get; } = new("notifications.send-mail.v1", "ntf", NotificationsJson.Default.SendMail);

    public long Key => Notification.Value;
}

/// <summary>Hands e-mail to the SMTP server or, when there is none, to the drop folder.</summary>
internal sealed class MailSender(NotificationsOptions options, SmtpRelay smtp, DropFolder folder)
{
    public async Task SendAsync(SendMail job, JobRun run, CancellationToken cancellation)
    {
        using var message = Mail.Of(job, options.ShopAddress).ToMessage(options.From);
        if (options.SmtpHost is not null)
            await smtp.SendAsync(message, cancellation);
        else
            await folder.DropAsync(run.Tenant, job.Notification, message, cancellation);
        await run.CompleteAsync(cancellation);
    }
}
