using Basin.Engines.Tests.Limits.Shedding;
using Basin.Limits;

namespace Basin.Bench;

/// <summary>No limit but a number that somebody has chosen.</summary>
internal sealed class FixedLimit(double limit) : ISimulatedLimit
{
    public double Limit => limit;

    public void Answered(double seconds, int inFlight)
    {
    }

    public void Look(LoadWindow seen)
    {
    }
}

/// <summary>
/// TCP Vegas (L. Brakmo, S. O'Malley, L. Peterson, SIGCOMM 1994) with the thresholds of Netflix's concurrency-limits: the share of the time that is more
/// than the shortest ever seen is taken for a queue.
/// </summary>
internal sealed class VegasLimit(double most) : ISimulatedLimit
{
    private double _shortest = double.MaxValue;

    public double Limit { get; private set; } = 20;

    public void Answered(double seconds, int inFlight)
    {
        _shortest = Math.Min(_shortest, seconds);
        // Where the limit is not used it says nothing.
        if (inFlight * 2 < Limit)
            return;
        var queue = Math.Ceiling(Limit * (1 - (_shortest / seconds)));
        var log = Math.Max(1, Math.Log10(Limit));
        var (alpha, beta) = (3 * log, 6 * log);
        Limit = Math.Clamp(queue <= log ? Limit + beta : queue < alpha ? Limit + log : queue > beta ? Limit - log : Limit, 1, most);
    }

    public void Look(LoadWindow seen)
    {
    }
}

/// <summary>Gradient2 of Netflix's concurrency-limits: what requests take now against what they took over a longer time.</summary>
internal sealed class Gradient2Limit(double most) : ISimulatedLimit
{
    private const double Tolerance = 1.5;
    private const double Smoothing = 0.2;
    private const double LongWeight = 2.0 / (600 + 1);
    private const double Queue = 4;

    private double? _long;

    public double Limit { get; private set; } = 20;

    public void Answered(double seconds, int inFlight)
    {
        _long = _long is { } known ? known + (LongWeight * (seconds - known)) : seconds;
        // After a long time of load it drifts away; this lets it come back.
        if (_long / seconds > 2)
            _long *= 0.95;
        if (inFlight < Limit / 2)
            return;
        var gradient = Math.Clamp(Tolerance * _long.Value / seconds, 0.5, 1);
        var next = (Limit * gradient) + Queue;
        Limit = Math.Clamp((Limit * (1 - Smoothing)) + (next * Smoothing), 20, most);
    }

    public void Look(LoadWindow seen)
    {
    }
}

/// <summary>One more after each answer in time, a tenth less after one that is late.</summary>
internal sealed class TimeoutLimit(double timeout, double most) : ISimulatedLimit
{
    public double Limit { get; private set; } = 20;

    public void Answered(double seconds, int inFlight)
    {
        if (seconds > timeout)
            Limit *= 0.9;
        else if (inFlight * 2 >= Limit)
            Limit++;
        Limit = Math.Clamp(Limit, 20, most);
    }

    public void Look(LoadWindow seen)
    {
    }
}
