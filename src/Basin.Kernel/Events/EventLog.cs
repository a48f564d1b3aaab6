using Basin.Kernel.Storage;

namespace Basin.Kernel.Events;

/// <summary>
/// The events of one shard in order: the newest in memory, the older ones in the outbox. Consumers that keep up never read the disk.
/// </summary>
public sealed class EventLog
{
    private const int MaxKept = 16_384;

    private readonly Lock _lock = new();
    private readonly EventRecord[] _newest = new EventRecord[MaxKept];
    private readonly Dictionary<long, List<Watch>> _watches = [];
    private long _appended;
    private long _floor;
    private TaskCompletionSource _changed = NewSignal();

    internal EventLog(long lastSequence) => (_floor, LastSequence) = (lastSequence, lastSequence);

    /// <summary>The sequence of the newest committed event.</summary>
    public long LastSequence { get; private set; }

    /// <summary>Called by the shard after each commit, in order.</summary>
    internal void Append(IReadOnlyList<EventRecord> published)
    {
        if (published.Count == 0)
            return;
        Transaction.Invariant(published[0].Sequence > LastSequence, $"event {published[0].Sequence} comes behind {LastSequence}");
        TaskCompletionSource changed;
        lock (_lock)
        {
            foreach (var record in published)
            {
                ref var place = ref _newest[_appended++ % MaxKept];
                _floor = place?.Sequence ?? _floor;
                place = record;
                LastSequence = record.Sequence;
                if (_watches.TryGetValue(record.Key, out var watches))
                    watches.ForEach(watch => watch.Signal());
            }
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    /// <summary>Goes on behind so many events of another process that nobody wants them all in memory.</summary>
    internal void SkipTo(long sequence)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            Array.Clear(_newest);
            (_appended, _floor, LastSequence) = (0, sequence, sequence);
            foreach (var watch in _watches.Values.SelectMany(watches => watches))
                watch.Signal();
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.SetResult();
    }

    /// <summary>The next events after <paramref name="sequence"/>, oldest first; empty when there are none yet.</summary>
    public async ValueTask<IReadOnlyList<EventRecord>> ReadAfterAsync(Shard shard, long sequence, int limit, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (sequence >= LastSequence)
                return [];
            if (sequence >= _floor)
                return NewestAfter(sequence, limit);
        }
        return await shard.ReadAsync(snapshot => EventSegment.ReadAfterAsync(snapshot, sequence, limit), cancellation);
    }

    /// <summary>All events after <paramref name="sequence"/>, oldest first, or null when they are no longer all in memory.</summary>
    public IReadOnlyList<EventRecord>? TryReadAfter(long sequence)
    {
        lock (_lock)
            return sequence >= _floor ? NewestAfter(sequence, MaxKept) : null;
    }

    private EventRecord[] NewestAfter(long sequence, int limit)
    {
        // Binary search for the first place whose sequence is greater.
        var (low, high) = (Math.Max(0, _appended - MaxKept), _appended);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_newest[middle % MaxKept].Sequence <= sequence)
                low = middle + 1;
            else
                high = middle;
        }
        var found = new EventRecord[Math.Min(limit, _appended - low)];
        for (var i = 0; i < found.Length; i++)
            found[i] = _newest[(low + i) % MaxKept];
        return found;
    }

    /// <summary>Returns when there is an event after <paramref name="sequence"/>.</summary>
    public async Task WaitBeyondAsync(long sequence, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (LastSequence > sequence)
                    return;
                changed = _changed.Task;
            }
            await changed.WaitAsync(cancellation);
        }
    }

    /// <summary>Tells a live page when something about an entity was published.</summary>
    public Watch WatchKey(long key)
    {
        var watch = new Watch(this, key);
        lock (_lock)
        {
            if (!_watches.TryGetValue(key, out var watches))
                _watches.Add(key, watches = []);
            watches.Add(watch);
        }
        return watch;
    }

    internal void Forget(Watch watch)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(watch.Key, out var watches) && watches.Remove(watch) && watches.Count == 0)
                _watches.Remove(watch.Key);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
