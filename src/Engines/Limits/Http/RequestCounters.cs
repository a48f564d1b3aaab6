using Basin.Limits.Regions;
using Basin.Limits.Shared;

namespace Basin.Limits;

/// <summary>Counts requests by one rule, in this process or in all.</summary>
internal interface IRequestCounter
{
    LimitRule Rule { get; }

    /// <summary>The most that one request may cost.</summary>
    long MaxCost => Rule.Capacity;

    /// <summary>Is not left early: what was taken could not be given back.</summary>
    ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost);

    ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost);

    void Sweep();
}

internal sealed class LocalCounter(Limiter limiter) : IRequestCounter
{
    public LimitRule Rule => limiter.Rule;

    public ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost) =>
        ValueTask.FromResult(limiter.Take(key.Of(per), cost));

    public ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost)
    {
        limiter.GiveBack(key.Of(per), cost);
        return ValueTask.CompletedTask;
    }

    public void Sweep() => limiter.Sweep();
}

internal sealed class SharedCounter(SharedLimiter limiter) : IRequestCounter
{
    public LimitRule Rule => limiter.Rule;

    public ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost) =>
        limiter.TakeAsync(key.TextOf(per), cost, CancellationToken.None);

    public ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost) => limiter.GiveBackAsync(key.TextOf(per), cost);

    public void Sweep() => limiter.Sweep();
}

/// <param name="Name">What the other regions know the limit by.</param>
internal sealed record RegionalCounter(string Name, RegionalLimiter Limiter) : IRequestCounter
{
    public LimitRule Rule => Limiter.Terms.Rule;

    public long MaxCost => Limiter.Terms.Unsettled;

    public ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost) =>
        ValueTask.FromResult(Limiter.Take(key.TextOf(per), cost));

    public ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost)
    {
        Limiter.GiveBack(key.TextOf(per), cost);
        return ValueTask.CompletedTask;
    }

    /// <summary>The region does, which knows what the others have not heard.</summary>
    public void Sweep()
    {
    }
}
