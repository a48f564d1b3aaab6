using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Basin.Host;

/// <summary>Section <c>Basin:Http</c>: the limits of the web server. A route may set a larger body for itself.</summary>
internal sealed class HttpOptions : IValidatableObject
{
    /// <summary>Largest request body in bytes. Default 1048576 (1 MiB).</summary>
    [Range(1024, 1_073_741_824)]
    public long MaxBodyBytes { get; set; } = 1024 * 1024;

    /// <summary>Largest size of all request headers together in bytes. Default 32768.</summary>
    [Range(4096, 1_048_576)]
    public int MaxHeaderBytes { get; set; } = 32 * 1024;

    /// <summary>Request headers at most. Default 100.</summary>
    [Range(10, 1000)]
    public int MaxHeaders { get; set; } = 100;

    /// <summary>Seconds within which the headers of a request must have arrived. Default 15.</summary>
    [Range(1, 600)]
    public int HeaderSeconds { get; set; } = 15;

    /// <summary>Seconds for which an idle connection is kept. Default 120.</summary>
    [Range(1, 3600)]
    public int KeepAliveSeconds { get; set; } = 120;

    /// <summary>Open connections at most; more are closed at once. Default 10000.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 10_000;

    /// <summary>
    /// Networks of proxies, such as 10.0.0.0/8, whose word on who asks is believed (<c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c>), besides those on
    /// this machine. Default none.
    /// </summary>
    public List<string> TrustedProxies { get; set; } = [];

    /// <summary>
    /// Seconds between the moment when /health/ready turns to 503 and the one when the host stops listening, so that a load balancer can notice.
    /// Default 0.
    /// </summary>
    [Range(0, 600)]
    public int ReadinessSeconds { get; set; }

    /// <summary>Seconds that running requests and background work may take to finish on shutdown. Default 30.</summary>
    [Range(1, 3600)]
    public int DrainSeconds { get; set; } = 30;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => TrustedProxies
        .Where(proxy => !IPNetwork.TryParse(proxy, out _))
        .Select(proxy => new ValidationResult($"'{proxy}' is not a network such as 10.0.0.0/8.", [nameof(TrustedProxies)]));
}
