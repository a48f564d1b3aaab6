namespace Basin.Bench;

/// <summary>A shop as its customers know it: over HTTP, or by the use cases in this process.</summary>
internal interface IShop
{
    /// <summary>Orders on their way at the same time, at most; null where nobody tells when one ends.</summary>
    int? MaxOnTheirWay { get; }

    /// <returns>The id of the order; the first one again for a key that was used.</returns>
    Task<long> PlaceAsync(PlannedOrder order, string key, CancellationToken cancellation);

    /// <returns>Whether it was accepted.</returns>
    Task<bool> CancelAsync(long order, string key, CancellationToken cancellation);

    /// <summary>Says what becomes of orders until it is cancelled.</summary>
    Task FollowAsync(IFollower follower, CancellationToken cancellation);
}

internal interface IFollower
{
    /// <summary>Orders that were acknowledged so far.</summary>
    long Placed { get; }

    /// <summary>As many more have come to their last state.</summary>
    void End(int orders);

    /// <summary>An order's stock is held.</summary>
    void Reserve(double afterMilliseconds);
}
