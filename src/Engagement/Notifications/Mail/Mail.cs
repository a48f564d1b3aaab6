using System.Globalization;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using System.Text.Encodings.Web;

namespace Basin.Notifications;

/// <summary>An e-mail before it is a message: plain text, and the same as simple HTML.</summary>
internal sealed record Mail(Id<Notification> Id, string To, string Subject, string Text, string Html)
{
    /// <param name="shop">Where links lead; null for none.</param>
    public static Mail Of(SendMail job, Uri? shop)
    {
        var (title, body) = NotificationText.Of(job.Kind, job.Order, job.Detail);
        var link = shop is not null && job.OfShop ? new Uri(shop, $"/orders/{job.Order}").AbsoluteUri : null;
        return new Mail(job.Notification, job.To, $"{title}: {job.Order}", TextOf(body, link), HtmlOf(title, body, link));
    }

    /// <exception cref="FormatException">The address is none.</exception>
    /// <exception cref="ArgumentException">A header would get a second line.</exception>
    public MailMessage ToMessage(string from)
    {
        RefuseControls(To);
        RefuseControls(Subject);
        var sender = new MailAddress(from);
        var message = new MailMessage { From = sender, Subject = Subject, SubjectEncoding = Encoding.UTF8, HeadersEncoding = Encoding.UTF8 };
        // The framework takes a list here and mails all of it.
        if (!MailAddress.TryCreate(To, out var recipient) || recipient.Address != To)
            throw new FormatException("One e-mail address is expected.");
        message.To.Add(recipient);
        message.Headers.Add("Message-ID", $"<{Id}@{sender.Host}>");
        message.Headers.Add("Date", Id.CreatedAt.ToString("ddd, dd MMM yyyy HH:mm:ss +0000", CultureInfo.InvariantCulture));
        // RFC 3834: no robot answers a robot.
        message.Headers.Add("Auto-Submitted", "auto-generated");
        message.AlternateViews.Add(ViewOf(Text, MediaTypeNames.Text.Plain));
        message.AlternateViews.Add(ViewOf(Html, MediaTypeNames.Text.Html));
        return message;
    }

    private static string TextOf(string body, string? link) => link is null ? $"{body}\r\n" : $"{body}\r\n\r\n{link}\r\n";

    private static string HtmlOf(string title, string body, string? link)
    {
        var html = HtmlEncoder.Default;
        var follow = link is null ? "" : $"<p><a href=\"{html.Encode(link)}\">Follow your order</a></p>";
        return $"<!doctype html><html lang=\"en\"><body><h1>{html.Encode(title)}</h1><p>{html.Encode(body)}</p>{follow}</body></html>";
    }

    private static AlternateView ViewOf(string content, string type)
    {
        var view = AlternateView.CreateAlternateViewFromString(content, Encoding.UTF8, type);
        view.TransferEncoding = TransferEncoding.Base64;
        return view;
    }

    private static void RefuseControls(string header)
    {
        if (header.Any(char.IsControl))
            throw new ArgumentException("A header of an e-mail is one line of text.", nameof(header));
    }
}
