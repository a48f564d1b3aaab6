using System.Net;
using System.Net.Mail;

namespace Basin.Notifications;

/// <summary>Hands messages to an SMTP server, a few at a time, each over a connection of its own.</summary>
internal sealed class SmtpRelay(NotificationsOptions options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _connections = new(options.SmtpConnections);

    /// <exception cref="SmtpException">The server cannot be reached or refuses; worth another try.</exception>
    public async Task SendAsync(MailMessage message, CancellationToken cancellation)
    {
        await _connections.WaitAsync(cancellation);
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(options.SmtpSeconds), time);
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
            using var client = new SmtpClient(options.SmtpHost, options.SmtpPort) { EnableSsl = options.SmtpTls };
            if (options.SmtpUser is not null)
                client.Credentials = new NetworkCredential(options.SmtpUser, options.SmtpPassword);
            await client.SendMailAsync(message, ending.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"The SMTP server took longer than {options.SmtpSeconds} seconds.", late);
        }
        finally
        {
            _connections.Release();
        }
    }

    public void Dispose() => _connections.Dispose();
}
