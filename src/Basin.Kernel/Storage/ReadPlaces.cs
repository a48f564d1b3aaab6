namespace Basin.Kernel.Storage;

/// <summary>Counts the reads of a shard that run or wait for a connection: of too many the last is told at once, before it waits for all the others.</summary>
internal sealed class ReadPlaces(string shard, int readers, StoreOptions options)
{
    private readonly int _most = readers + options.MaxQueuedReads;
    private int _taken;

    /// <exception cref="StoreUnavailableException">So many wait already.</exception>
    public Place Take()
    {
        if (Interlocked.Increment(ref _taken) <= _most)
            return new Place(this);
        Interlocked.Decrement(ref _taken);
        throw new StoreUnavailableException(StoreUnavailableException.Reasons.Busy, $"Too many reads wait for shard {shard}.");
    }

    public readonly struct Place(ReadPlaces places) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref places._taken);
    }
}
