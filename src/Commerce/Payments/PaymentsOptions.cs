using System.ComponentModel.DataAnnotations;

namespace Basin.Payments;

/// <summary>Section <c>Basin:Payments</c>: how patiently the provider is asked.</summary>
public sealed class PaymentsOptions
{
    /// <summary>How long a call may take before its outcome counts as unknown. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:02:00")]
    public TimeSpan ProviderTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait before a provider that did not answer is asked for the first time again; it doubles each time. Default 1 second.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "01:00:00")]
    public TimeSpan FirstWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between two times. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")]
    public TimeSpan LongestWait { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Tries before the call becomes a dead letter, which an operator can replay. With the waits above, the default of 150 is about a day.
    /// </summary>
    [Range(2, 10_000)]
    public int MaxTries { get; set; } = 150;

    internal Backoff Backoff => new(FirstWait, LongestWait);
}
