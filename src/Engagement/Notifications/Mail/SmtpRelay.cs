using System.Net;
using System.Net.Mail;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Notifications;

/// <summary>Hands messages to an SMTP server, a few at a time, each over a connection of its own.</summary>
internal sealed class SmtpRelay(NotificationsOptions options, [FromKeyedServices(SmtpRelay.Dependency)] CalledDependency server)
{
    internal const string Dependency = "notifications/smtp";

    /// <exception cref="DependencyException">The server cannot be reached, or takes no mail now; worth another try.</exception>
    /// <exception cref="SmtpException">The server does not take this one.</exception>
    public ValueTask SendAsync(MailMessage message, CancellationToken cancellation) => server.CallAsync(
        async token =>
        {
            using var client = new SmtpClient(options.SmtpHost, options.SmtpPort) { EnableSsl = options.SmtpTls };
            if (options.SmtpUser is not null)
                client.Credentials = new NetworkCredential(options.SmtpUser, options.SmtpPassword);
            await client.SendMailAsync(message, token);
        },
        cancellation);

    /// <summary>A server that knows the mailbox and refuses it works (RFC 5321, 4.2.3).</summary>
    internal static bool IsAnswer(Exception failure) => failure is SmtpException
    {
        StatusCode: SmtpStatusCode.MailboxUnavailable or SmtpStatusCode.UserNotLocalTryAlternatePath or SmtpStatusCode.ExceededStorageAllocation
            or SmtpStatusCode.MailboxNameNotAllowed,
    };
}
