using System.ComponentModel.DataAnnotations;
using System.Net;
using Basin.Webhooks.Sending;

namespace Basin.Webhooks;

/// <summary>Section <c>Basin:Webhooks</c>: whom endpoints may be, how patiently they are told, and how long that is remembered.</summary>
public sealed class WebhooksOptions : IValidatableObject
{
    /// <summary>Source: Standard Webhooks 1.0.0, "Deliverability and reliability".</summary>
    private static readonly TimeSpan[] Recommended =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>How long an endpoint may take to answer. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Waits before the second try and each one after it; then the delivery has failed. Not set, those that Standard Webhooks suggests: 5 s, 5 min,
    /// 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, three days together.
    /// </summary>
    public List<TimeSpan> Retries { get; set; } = [];

    /// <summary>An endpoint that has done nothing but fail for so long is disabled when it fails once more. Default 5 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>
    /// Requests that one endpoint gets at the same time, so that a slow one does not take the places of others; one that has done nothing but fail for a
    /// minute gets one until it answers. Default 8.
    /// </summary>
    [Range(1, 256)]
    public int ConcurrentPerEndpoint { get; set; } = 8;

    /// <summary>Requests to all endpoints at the same time; as many wait for a place. Default 256.</summary>
    [Range(1, 10_000)]
    public int Concurrent { get; set; } = 256;

    /// <summary>Endpoints of a tenant. Default 16.</summary>
    [Range(1, 100)]
    public int MaxEndpointsPerTenant { get; set; } = 16;

    /// <summary>How long a secret signs on after it was replaced. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan KeepFormerSecret { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Days for which messages that have reached their end are kept, with their tries. Default 30.</summary>
    [Range(1, 3650)]
    public int KeepDays { get; set; } = 30;

    /// <summary>Whether endpoints may be at <c>http://</c>. Default false: only on this machine, where private targets are allowed.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>Networks such as <c>127.0.0.0/8</c> or <c>fd00::/8</c> that endpoints may be in although they are not public. Default none.</summary>
    public List<string> AllowPrivateTargets { get; set; } = [];

    /// <summary>Endpoints are strangers to each other, so that no breaker stands before all of them; each is let alone by its own waits.</summary>
    internal CallLimits Limits => new()
    {
        Timeout = Timeout + WebhookClient.LongestBody,
        Concurrent = Concurrent,
        Waiting = Concurrent,
        Patience = Timeout + WebhookClient.LongestBody,
        Breaker = null,
    };

    internal IReadOnlyList<TimeSpan> Schedule => Retries.Count > 0 ? Retries : Recommended;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Retries.Count > 100 || Retries.Exists(wait => wait <= TimeSpan.Zero || wait > TimeSpan.FromDays(30)))
            yield return new ValidationResult("At most 100 waits of up to 30 days are expected.", [nameof(Retries)]);
        foreach (var network in AllowPrivateTargets.Where(network => !IPNetwork.TryParse(network, out _)))
            yield return new ValidationResult($"'{network}' is not a network such as 127.0.0.0/8.", [nameof(AllowPrivateTargets)]);
    }
}
