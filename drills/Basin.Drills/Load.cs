using Basin.Kernel.Hosting;

namespace Basin.Drills;

/// <summary>What a customer wants; latency and errors are counted for each kind by itself.</summary>
internal enum Kind
{
    /// <summary>Looks at products.</summary>
    Browse,

    /// <summary>Makes a cart.</summary>
    Cart,

    /// <summary>Orders.</summary>
    Checkout,

    /// <summary>Pays through Stripe's API, at once.</summary>
    Payment,
}

/// <summary>Customers of one kind, who come at random moments whatever the host does (an open loop, so that a slow host does not slow down its load).</summary>
/// <param name="PerSecond">On average; the moments are those of a Poisson process.</param>
internal sealed record Traffic(Kind Kind, double PerSecond)
{
    /// <summary>Second of the load.</summary>
    public double From { get; init; }

    /// <inheritdoc cref="From"/>
    public double Until { get; init; } = double.PositiveInfinity;

    /// <summary>What all of them buy; null for any of what is for sale.</summary>
    public string? Sku { get; init; }

    /// <summary>A test card, such as <c>visa</c>.</summary>
    public string Card { get; init; } = "visa";
}

/// <summary>How customers take it when they are not answered.</summary>
internal sealed record Manners
{
    /// <summary>So long they wait for one answer. Default 5 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>So long they wait before they ask again. Default 200 ms.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>So long they ask again in all; zero for once only. Default 60 s.</summary>
    public TimeSpan GivesUpAfter { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>So often each asks at the same time, under the same key. Default once.</summary>
    public int Copies { get; init; } = 1;
}

/// <summary>Somebody who comes.</summary>
/// <param name="Number">Of all who come; part of the customer's address and key.</param>
/// <param name="At">Second of the load.</param>
internal sealed record Arrival(int Number, double At, Kind Kind, string Sku, string Card)
{
    /// <summary>The <c>Idempotency-Key</c> of whatever they ask.</summary>
    public string Key => $"drill-{Number}";

    public string Email => $"c{Number}@example.com";
}

/// <summary>Who comes within some seconds; decided by the seed alone.</summary>
/// <param name="Seconds">At least so long; customers go on coming until the last fault is mended, and for a while after it.</param>
internal sealed record Load(double Seconds, params IReadOnlyList<Traffic> Traffic)
{
    /// <summary>How long customers come after the last fault is mended.</summary>
    public const double SecondsAfterFaults = 4;

    /// <summary>A drill ends by itself, whatever its faults do.</summary>
    public const double MaxSeconds = 90;

    public Manners Manners { get; init; } = new();

    /// <summary>All arrivals in their order.</summary>
    /// <param name="skus">What is for sale.</param>
    /// <param name="seconds">How far the plan goes; one that goes further begins in the same way.</param>
    public IReadOnlyList<Arrival> PlanOf(int seed, IReadOnlyList<string> skus, double seconds) =>
    [
        .. Traffic.SelectMany((traffic, index) => ArrivalsOf(traffic, new Randomness(unchecked((seed * 31) + index)), skus, seconds))
            .OrderBy(arrival => arrival.At)
            .Select((arrival, index) => arrival with { Number = index + 1 }),
    ];

    private static IEnumerable<Arrival> ArrivalsOf(Traffic traffic, Randomness chance, IReadOnlyList<string> skus, double seconds)
    {
        var until = Math.Min(traffic.Until, seconds);
        for (var at = traffic.From + Gap(); at < until; at += Gap())
            yield return new Arrival(0, at, traffic.Kind, traffic.Sku ?? skus[chance.Next(skus.Count)], traffic.Card);

        double Gap() => -Math.Log(1 - chance.NextDouble()) / traffic.PerSecond;
    }
}

/// <summary>What the shops of drills sell.</summary>
internal static class Goods
{
    public const long PriceMinor = 450;

    public static IReadOnlyDictionary<string, long> Plenty { get; } = Enumerable.Range(1, 8).ToDictionary(number => $"DRILL-{number}", _ => 1_000_000L);

    /// <summary>What everybody wants, and of which there is little, among the others.</summary>
    public const string Hot = "DRILL-HOT";

    public static IReadOnlyDictionary<string, long> WithHot(long onHand) => new Dictionary<string, long>(Plenty) { [Hot] = onHand };
}
