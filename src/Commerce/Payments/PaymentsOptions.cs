using System.ComponentModel.DataAnnotations;

namespace Basin.Payments;

/// <summary>Section <c>Basin:Payments</c>: which provider is asked, and how patiently.</summary>
public sealed class PaymentsOptions
{
    /// <summary>How long a call may take before its outcome counts as unknown. Default 5 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:02:00")]
    public TimeSpan ProviderTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Calls of one provider at the same time. Default 256: together with those that wait they leave some of <c>Basin:Events:MaxConcurrentJobs</c> to the
    /// other provider and to other jobs of a shard.
    /// </summary>
    [Range(1, 10_000)]
    public int ProviderConcurrent { get; set; } = 256;

    /// <summary>Calls of one provider that wait for a place, for a second at most. Default 128.</summary>
    [Range(0, 10_000)]
    public int ProviderWaiting { get; set; } = 128;

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

    /// <summary>How long a request of Stripe's API waits for the provider before it answers that the payment is being processed. Default 20 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan AnswerPatience { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Requests of Stripe's API that wait for a provider at the same time; others are answered at once that it is being processed. Default 1024.</summary>
    [Range(1, 100_000)]
    public int MaxAnswersAwaited { get; set; } = 1024;

    /// <summary>Part of a provider's calls that fail before it is not asked for a while, 0 to 1. Default 0.8.</summary>
    [Range(0.01, 1.0)]
    public double BreakerRatio { get; set; } = 0.8;

    /// <summary>Calls in the window below which no failure counts. Default 20.</summary>
    [Range(2, 100_000)]
    public int BreakerCalls { get; set; } = 20;

    /// <summary>The time that failures are counted over. Default 30 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan BreakerWindow { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long it is not asked. Default 15 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Who is asked first, and who in their place. The first route that fits decides; without one all providers, in their order.</summary>
    [MaxLength(100)]
    public IList<PaymentRoute> Routes { get; } = [];

    internal CallLimits ProviderLimits => new()
    {
        Timeout = ProviderTimeout,
        Concurrent = ProviderConcurrent,
        Waiting = ProviderWaiting,
        Breaker = new BreakerLimits(BreakerRatio, BreakerCalls, BreakerWindow, BreakerPause),
    };

    internal Backoff Backoff => new(FirstWait, LongestWait);
}

/// <summary>Which payments go to which providers. What is not said fits all.</summary>
public sealed class PaymentRoute
{
    /// <summary>ISO 4217.</summary>
    public string? Currency { get; set; }

    /// <summary>From this amount on, in the currency's minor unit.</summary>
    public long? FromMinor { get; set; }

    /// <summary>Below this amount.</summary>
    public long? BelowMinor { get; set; }

    /// <summary>Of the card, such as <c>visa</c>.</summary>
    public string? Brand { get; set; }

    /// <summary>The first is asked; the next where that one is not to be reached.</summary>
    [MinLength(1)]
    public IList<string> Providers { get; } = [];

    internal bool Fits(Money amount, string? brand) =>
        (Currency is null || string.Equals(Currency, amount.Currency, StringComparison.OrdinalIgnoreCase))
        && amount.Minor >= (FromMinor ?? long.MinValue)
        && amount.Minor < (BelowMinor ?? long.MaxValue)
        && (Brand is null || string.Equals(Brand, brand, StringComparison.OrdinalIgnoreCase));
}
