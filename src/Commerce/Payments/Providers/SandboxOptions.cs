using System.ComponentModel.DataAnnotations;

namespace Basin.Payments.Providers;

/// <summary>Section <c>Basin:Sandbox</c>: how badly the sandbox provider behaves. Latency, errors and slowness follow <c>appsettings.json</c> from the next call on.</summary>
public class SandboxOptions
{
    /// <summary>Time that every call takes. Default none.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan Latency { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// Part of the calls whose connection breaks, 0 to 1; half of them before anything has happened, half of them after. Default 0.
    /// </summary>
    [Range(0.0, 1.0)]
    public double ErrorRate { get; set; }

    /// <summary>Time that an authorization of <c>tok_slow</c> takes. Default 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan SlowAnswer { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Where customers find this host, for the page on which they prove who they are. Default the first address that it listens on.</summary>
    [Url, MaxLength(200)]
    public string? PublicUrl { get; set; }

    /// <summary>What it keeps of each capture, in thousandths. Default 29.</summary>
    [Range(0, 1000)]
    public int FeePerMille { get; set; } = 29;

    /// <summary>What it keeps besides, in the currency's minor unit. Default 30.</summary>
    [Range(0, 100_000)]
    public long FeeMinor { get; set; } = 30;

    /// <summary>Behaves from now on as another says.</summary>
    internal void Follow(SandboxOptions changed) => (Latency, ErrorRate, SlowAnswer) = (changed.Latency, changed.ErrorRate, changed.SlowAnswer);
}

/// <summary>Section <c>Basin:Reserve</c>: the same for the second sandbox, which is asked where the first is not to be reached.</summary>
public sealed class ReserveOptions : SandboxOptions;
