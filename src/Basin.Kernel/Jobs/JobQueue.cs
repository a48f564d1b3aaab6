using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Jobs;

/// <summary>
/// The jobs of one shard by due time. Those due first are in memory, up to a limit; everything beyond the horizon is only in the store and is
/// loaded when the memory has run dry.
/// </summary>
internal sealed class JobQueue(Shard shard, int maxKept = JobQueue.DefaultMaxKept)
{
    private const int DefaultMaxKept = 16_384;

    private readonly int _pageSize = maxKept / 2;
    private readonly Lock _lock = new();

    // All jobs of the store up to the horizon, except those in hand.
    private readonly PriorityQueue<JobRecord, Place> _waiting = new();
    private readonly HashSet<long> _waitingIds = [];

    // Taken and not yet ended, by id, with the tries before this one.
    private readonly Dictionary<long, int> _inHand = [];

    // Those in hand that do not run: they wait for a due time that only this queue knows.
    private readonly PriorityQueue<JobRecord, Place> _returned = new();
    private readonly List<JobRecord> _appendedWhileLoading = [];
    private Place _horizon = Place.Start;
    private bool _loading;
    private bool _mustReload;
    private TaskCompletionSource _changed = NewSignal();

    private readonly record struct Place(long DueMs, long Id) : IComparable<Place>
    {
        public static readonly Place Start = new(long.MinValue, 0);
        public static readonly Place End = new(long.MaxValue, long.MaxValue);

        public static Place Of(JobRecord job) => new(job.DueAt.ToUnixTimeMilliseconds(), job.Id);

        public int CompareTo(Place other) => DueMs != other.DueMs ? DueMs.CompareTo(other.DueMs) : Id.CompareTo(other.Id);
    }

    /// <summary>How many are in memory; the store may hold more.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Called by the shard after each commit.</summary>
    public void Append(IReadOnlyList<JobRecord> scheduled)
    {
        if (scheduled.Count == 0)
            return;
        lock (_lock)
        {
            foreach (var job in scheduled)
            {
                // A page may have been loaded between the commit and this call, and the job been taken from it.
                if (_inHand.TryGetValue(job.Id, out var tries) && tries == job.Attempts)
                    continue;
                // Otherwise a job in hand that is here again has asked for another run.
                _inHand.Remove(job.Id);
                Add(job);
            }
            if (_waiting.Count > maxKept && !_loading)
                LowerHorizon();
            Signal();
        }
    }

    /// <summary>Puts a job back that ran without an end, to run again at <paramref name="due"/>.</summary>
    public void Return(JobRecord job, DateTimeOffset due)
    {
        lock (_lock)
        {
            // The record goes on naming the time that the store knows: that is where the job is found.
            _returned.Enqueue(job with { Work = null }, new Place(due.ToUnixTimeMilliseconds(), job.Id));
            Signal();
        }
    }

    /// <summary>Forgets a job that has ended, unless an operator has revived it and it runs again already.</summary>
    public void Release(JobRecord job)
    {
        lock (_lock)
        {
            if (_inHand.TryGetValue(job.Id, out var tries) && tries == job.Attempts)
                _inHand.Remove(job.Id);
        }
    }

    /// <summary>Forgets everything; what the store holds is loaded again. Nobody takes or runs jobs meanwhile.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _inHand.Clear();
            _returned.Clear();
        }
        Reload();
    }

    /// <summary>Loads again what waits: another process has scheduled something.</summary>
    public void Reload()
    {
        lock (_lock)
        {
            _waiting.Clear();
            _waitingIds.Clear();
            _horizon = Place.Start;
            _mustReload = _loading;
            Signal();
        }
    }

    /// <summary>Makes whoever waits look again.</summary>
    public void Wake()
    {
        lock (_lock)
            Signal();
    }

    /// <summary>True when no job is due or runs.</summary>
    public bool IsQuiet(DateTimeOffset now)
    {
        lock (_lock)
            return _inHand.Count == _returned.Count && !MustLoad && (NextQueue() is not { } queue || FirstDue(queue) > now);
    }

    /// <summary>Takes the next due job, or says when to look again: at a time, or when <c>Changed</c> completes.</summary>
    public async ValueTask<(JobRecord? Job, DateTimeOffset? NextDue, Task Changed)> TakeAsync(DateTimeOffset now, CancellationToken cancellation)
    {
        while (true)
        {
            HashSet<long> inHand;
            lock (_lock)
            {
                if (!MustLoad)
                    return TakeFromMemory(now);
                _loading = true;
                inHand = [.. _inHand.Keys];
            }
            await LoadPageAsync(inHand, cancellation);
        }
    }

    /// <summary>Whether the store may hold a job that is due before all that are in memory.</summary>
    private bool MustLoad => _waiting.Count == 0 && _horizon != Place.End;

    private (JobRecord? Job, DateTimeOffset? NextDue, Task Changed) TakeFromMemory(DateTimeOffset now)
    {
        if (NextQueue() is not { } queue)
            return (null, null, _changed.Task);
        var due = FirstDue(queue);
        if (due > now)
            return (null, due, _changed.Task);
        var job = queue.Dequeue();
        _waitingIds.Remove(job.Id);
        _inHand[job.Id] = job.Attempts;
        return (job, null, _changed.Task);
    }

    /// <summary>The queue whose first job is due first, or null when both are empty.</summary>
    private PriorityQueue<JobRecord, Place>? NextQueue()
    {
        if (!_waiting.TryPeek(out _, out var waiting))
            return _returned.Count > 0 ? _returned : null;
        return _returned.TryPeek(out _, out var returned) && returned.CompareTo(waiting) < 0 ? _returned : _waiting;
    }

    private static DateTimeOffset FirstDue(PriorityQueue<JobRecord, Place> queue)
    {
        queue.TryPeek(out _, out var place);
        return DateTimeOffset.FromUnixTimeMilliseconds(place.DueMs);
    }

    private void Add(JobRecord job)
    {
        if (_loading)
            _appendedWhileLoading.Add(job);
        else if (Place.Of(job).CompareTo(_horizon) <= 0)
            Enqueue(job);
    }

    private void Enqueue(JobRecord job)
    {
        if (_waitingIds.Add(job.Id))
            _waiting.Enqueue(job, Place.Of(job));
    }

    private void LowerHorizon()
    {
        var kept = new List<JobRecord>(_pageSize);
        while (kept.Count < _pageSize)
            kept.Add(_waiting.Dequeue());
        _waiting.Clear();
        _waitingIds.Clear();
        kept.ForEach(Enqueue);
        _horizon = Place.Of(kept[^1]);
    }

    /// <param name="inHand">The page may show them as they were before they ended.</param>
    private async Task LoadPageAsync(HashSet<long> inHand, CancellationToken cancellation)
    {
        var page = new List<JobRecord>();
        var horizon = _horizon;
        try
        {
            page = await shard.ReadAsync(
                snapshot => snapshot.ListAsync(SelectAfter, ReadRecord, horizon.DueMs, horizon.Id, _pageSize), cancellation);
            horizon = page.Count < _pageSize ? Place.End : Place.Of(page[^1]);
        }
        finally
        {
            lock (_lock)
            {
                _loading = false;
                if (_mustReload)
                {
                    _mustReload = false;
                }
                else
                {
                    _horizon = horizon;
                    foreach (var job in page.Where(job => !inHand.Contains(job.Id)))
                        Enqueue(job);
                    // What was committed during the read may be in the page too.
                    _appendedWhileLoading.ForEach(Add);
                }
                _appendedWhileLoading.Clear();
            }
        }
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = NewSignal();
    }

    internal const string Insert =
        "INSERT INTO basin_job (id, type, key, tenant, due_at, trace_parent, data) VALUES ($1, $2, $3, $4, $5, $6, $7)";

    /// <summary>One job by <c>$1</c>, when it is due, and <c>$2</c>, its id.</summary>
    internal const string WhereAlive = "WHERE dead = 0 AND due_at = $1 AND id = $2";

    /// <inheritdoc cref="WhereAlive"/>
    internal const string WhereDead = "WHERE dead = 1 AND due_at = $1 AND id = $2";

    internal const string Select = "SELECT id, type, key, tenant, due_at, attempts, trace_parent, data FROM basin_job";

    internal const string SelectWithError = "SELECT id, type, key, tenant, due_at, attempts, trace_parent, data, error FROM basin_job";

    private const string SelectAfter = $"{Select} WHERE dead = 0 AND (due_at, id) > ($1, $2) ORDER BY due_at, id LIMIT $3";

    internal static JobRecord ReadRecord(Row row) => new(
        row.Integer(0), row.Text(1), row.Integer(2), new Id<Tenant>(row.Integer(3)), row.Time(4), row.Int(5), row.TextOrNull(6), row.Bytes(7).ToArray());

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
