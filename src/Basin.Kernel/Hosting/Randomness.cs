namespace Basin.Kernel.Hosting;

#pragma warning disable RS0030 // This is the seeded source that everybody else is told to take.

/// <summary>The one source of chance, so that a run can be replayed from its seed. Never for secrets: see <c>SecretToken</c>.</summary>
public sealed class Randomness(int seed)
{
    private readonly Lock _lock = new();
    private readonly Random _random = new(seed);

    public int Seed => seed;

    /// <summary>A number from 0, included, to 1, excluded.</summary>
    public double NextDouble()
    {
        lock (_lock)
            return _random.NextDouble();
    }

    /// <summary>A number from 0, included, to <paramref name="maximum"/>, excluded.</summary>
    public int Next(int maximum)
    {
        lock (_lock)
            return _random.Next(maximum);
    }
}

#pragma warning restore RS0030

/// <summary>
/// Exponential back-off with jitter: a random part, at least half, of the growing limit, so that what failed together does not come back together.
/// Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
/// </summary>
public sealed record Backoff(TimeSpan First, TimeSpan Longest)
{
    /// <param name="attempt">1 for the wait after the first failure.</param>
    /// <param name="chance">Decides the part.</param>
    public TimeSpan After(int attempt, Randomness chance)
    {
        var limit = Math.Min(First.TotalMilliseconds * Math.Pow(2, Math.Min(attempt - 1, 40)), Longest.TotalMilliseconds);
        return TimeSpan.FromMilliseconds(limit * (0.5 + (chance.NextDouble() / 2)));
    }
}
