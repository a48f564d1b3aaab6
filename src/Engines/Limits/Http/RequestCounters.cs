using Basin.Limits.Shared;

namespace Basin.Limits;

/// <summary>Counts requests by one rule, in this process or in all.</summary>
internal interface IRequestCounter
{
    LimitRule Rule { get; }

    ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost, CancellationToken cancellation);

    ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost);

    void Sweep();
}

internal sealed class LocalCounter(Limiter limiter) : IRequestCounter
{
    public LimitRule Rule => limiter.Rule;

    public ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost, CancellationToken cancellation) =>
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

    public ValueTask<Decision> TakeAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost, CancellationToken cancellation) =>
        limiter.TakeAsync(key.TextOf(per), cost, cancellation);

    public ValueTask GiveBackAsync(RequestKey key, IReadOnlyList<LimitPartition> per, int cost) => limiter.GiveBackAsync(key.TextOf(per), cost);

    public void Sweep() => limiter.Sweep();
}
