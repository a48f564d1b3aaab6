using System.ComponentModel.DataAnnotations;
using System.Net.Mail;

namespace Basin.Notifications;

/// <summary>Section <c>Basin:Notifications</c>.</summary>
public sealed class NotificationsOptions : IValidatableObject
{
    /// <summary>Days for which a notification stays in its inbox. Default 180.</summary>
    [Range(1, 36_500)]
    public int KeepDays { get; set; } = 180;

    /// <summary>Whether e-mail is sent. Default true: by SMTP when <c>SmtpHost</c> is set, otherwise into files below the data directory.</summary>
    public bool Email { get; set; } = true;

    /// <summary>The sender of e-mail. Default <c>Basin &lt;shop@basin.invalid&gt;</c>.</summary>
    [Required]
    public string From { get; set; } = "Basin <shop@basin.invalid>";

    /// <summary>Where the shop is for those who read an e-mail, such as <c>https://shop.example</c>; not set, e-mail has no links.</summary>
    public Uri? ShopAddress { get; set; }

    /// <summary>The SMTP server that e-mail is handed to.</summary>
    public string? SmtpHost { get; set; }

    /// <summary>Default 587.</summary>
    [Range(1, 65_535)]
    public int SmtpPort { get; set; } = 587;

    /// <summary>Whether STARTTLS is required. Default true. TLS from the first byte (port 465) is not supported.</summary>
    public bool SmtpTls { get; set; } = true;

    /// <summary>Set together with the password when the server asks for them.</summary>
    public string? SmtpUser { get; set; }

    /// <summary>A secret.</summary>
    public string? SmtpPassword { get; set; }

    /// <summary>Connections to the SMTP server at the same time. Default 4.</summary>
    [Range(1, 128)]
    public int SmtpConnections { get; set; } = 4;

    /// <summary>Seconds that handing over one e-mail may take. Default 30.</summary>
    [Range(1, 600)]
    public int SmtpSeconds { get; set; } = 30;

    /// <summary>How long an SMTP server that fails most of the time is left alone. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.5", "01:00:00")]
    public TimeSpan SmtpBreak { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>E-mails kept as files per tenant; the oldest go first. Default 1000.</summary>
    [Range(1, 100_000)]
    public int MaxDroppedMails { get; set; } = 1000;

    internal CallLimits SmtpLimits => new()
    {
        Timeout = TimeSpan.FromSeconds(SmtpSeconds),
        Concurrent = SmtpConnections,
        Waiting = WaitingMails,
        Patience = TimeSpan.FromSeconds(SmtpSeconds),
        // A server that hangs fails seldom, because each failure takes so long.
        Breaker = new BreakerLimits { MinimumCalls = 4, Window = TimeSpan.FromSeconds(4 * SmtpSeconds), Pause = SmtpBreak },
    };

    /// <summary>Half of the jobs that run at the same time.</summary>
    private const int WaitingMails = 256;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!MailAddress.TryCreate(From, out _))
            yield return new ValidationResult("An e-mail address is expected, with or without a name.", [nameof(From)]);
        if (ShopAddress is { } shop && !(shop.IsAbsoluteUri && shop.Scheme is "http" or "https"))
            yield return new ValidationResult("An address that begins with http:// or https:// is expected.", [nameof(ShopAddress)]);
        if (SmtpUser is null != SmtpPassword is null)
            yield return new ValidationResult("User and password are set together.", [nameof(SmtpUser), nameof(SmtpPassword)]);
    }
}
