namespace Basin.Limits;

/// <summary>What becomes of a request at the gate.</summary>
internal enum Admission
{
    In,

    /// <summary>Its turn may come: see <see cref="Gate.Waiter.Turn"/>.</summary>
    Waits,

    Refused,
}

/// <summary>
/// Lets so many requests in at the same time. The lower the class, the smaller the part of the limit that it may fill; when a place is free, the highest
/// class that waits comes first. Whoever cannot be let in within the time of its class is refused at once, as far as that is known.
/// </summary>
internal sealed class Gate(SheddingOptions options, TimeProvider time)
{
    /// <summary>Parts of the limit, by class. What is left above a class is free at once for those above it.</summary>
    private static readonly double[] Shares = [0.4, 0.65, 0.75, 1];

    /// <summary>How much of the rate is that of the last interval: a pause of the machine does not look like the end of all service.</summary>
    private const double Newest = 0.1;

    private const double WaitAfterRefusals = 0.3;

    private readonly Lock _lock = new();
    private readonly ClassCounts[] _counts = [.. Shares.Select(_ => new ClassCounts())];
    private readonly Queue<Waiter>[] _queues = [.. Shares.Select(_ => new Queue<Waiter>())];

    /// <summary>By class, when somebody was refused last.</summary>
    private readonly long?[] _refusedAt = new long?[Shares.Length];
    private double _limit = options.FirstInFlight;
    private int _inFlight;
    private int _staying;
    private int _peak;
    private bool _isReached;
    private long _left;

    /// <summary>How many leave in a second while the limit is reached; null when it was not, and nobody knows.</summary>
    private double? _leftPerSecond;

    /// <summary>A request that waits.</summary>
    internal sealed class Waiter(RequestClass requestClass, long since)
    {
        private readonly TaskCompletionSource<bool> _turn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public RequestClass Class => requestClass;

        public long Since => since;

        /// <summary>True when it is let in, false when it is refused.</summary>
        public Task<bool> Turn => _turn.Task;

        /// <summary>Changed under the gate's lock only; null while it waits.</summary>
        public bool? IsIn { get; private set; }

        /// <returns>False when it has ended already.</returns>
        public bool End(bool isIn)
        {
            if (IsIn is not null)
                return false;
            IsIn = isIn;
            _turn.SetResult(isIn);
            return true;
        }
    }

    /// <summary>How things stand.</summary>
    public GateState State
    {
        get
        {
            lock (_lock)
            {
                return new GateState((int)_limit, _inFlight, _queues.Sum(queue => queue.Count), _staying,
                    [.. _counts.Select((counts, each) => new ClassState((RequestClass)each, counts.Served, counts.Refused, counts.Gone, _queues[each].Count))]);
            }
        }
    }

    /// <summary>Takes a place, or a place to wait, or nothing.</summary>
    /// <param name="waiter">What the request waits for, when it <see cref="Admission.Waits"/>.</param>
    public Admission Enter(RequestClass requestClass, out Waiter? waiter)
    {
        waiter = null;
        lock (_lock)
        {
            if (HasRoom(requestClass) && AheadOf(requestClass) == 0)
            {
                TakePlace();
                return Admission.In;
            }
            // Who stays outside for the sake of others says nothing about the limit.
            _isReached |= !IsRefusedAbove(requestClass);
            if (!IsWorthWaiting(requestClass))
            {
                CountRefused(requestClass);
                return Admission.Refused;
            }
            _queues[(int)requestClass].Enqueue(waiter = new Waiter(requestClass, time.GetTimestamp()));
            return Admission.Waits;
        }
    }

    /// <summary>Gives a place back, and lets in whoever is next.</summary>
    public void Leave(RequestClass requestClass)
    {
        lock (_lock)
        {
            _inFlight--;
            _left++;
            _counts[(int)requestClass].Served++;
            LetIn();
        }
    }

    /// <summary>Takes a waiter out whose client has gone.</summary>
    /// <returns>False when it has a place by now, which is to be given back.</returns>
    public bool GiveUp(Waiter waiter)
    {
        lock (_lock)
        {
            if (waiter.End(isIn: false))
                _counts[(int)waiter.Class].Gone++;
            return waiter.IsIn == false;
        }
    }

    /// <summary>Lets in an answer that stays, when there is room for one that does not.</summary>
    public bool Stay(RequestClass requestClass)
    {
        lock (_lock)
        {
            if (_staying < options.MostStaying && HasRoom(requestClass) && AheadOf(requestClass) == 0)
            {
                _staying++;
                return true;
            }
            _counts[(int)requestClass].Refused++;
            return false;
        }
    }

    public void EndStay(RequestClass requestClass)
    {
        lock (_lock)
        {
            _staying--;
            _counts[(int)requestClass].Served++;
        }
    }

    /// <summary>Refuses those who have waited for too long.</summary>
    public void Expire()
    {
        lock (_lock)
        {
            foreach (var queue in _queues)
            {
                while (queue.TryPeek(out var first) && (first.IsIn is not null || HasWaitedTooLong(first)))
                    Refuse(queue.Dequeue());
            }
        }
    }

    /// <summary>Sets the limit anew by what was seen since the last call.</summary>
    public LoadWindow Adapt(AdaptiveLimit limit, TimeSpan queueTime, TimeSpan elapsed)
    {
        lock (_lock)
        {
            var seen = new LoadWindow(queueTime, _peak, _inFlight, _isReached);
            _limit = limit.Next(_limit, seen);
            if (!_isReached)
                _leftPerSecond = null;
            else if (elapsed > TimeSpan.Zero && (_left > 0 || _leftPerSecond is not null))
                _leftPerSecond = Smooth(_leftPerSecond, _left / elapsed.TotalSeconds);
            (_peak, _isReached, _left) = (_inFlight, false, 0);
            LetIn();
            return seen;
        }
    }

    private static double Smooth(double? before, double now) => before is { } known ? known + (Newest * (now - known)) : now;

    private bool HasRoom(RequestClass requestClass) =>
        _inFlight < Math.Max(1, Math.Floor(_limit * Shares[(int)requestClass])) && !IsRefusedAbove(requestClass);

    private int AheadOf(RequestClass requestClass)
    {
        var ahead = 0;
        for (var each = (int)requestClass; each < _queues.Length; each++)
            ahead += _queues[each].Count;
        return ahead;
    }

    private void TakePlace() => _peak = Math.Max(_peak, ++_inFlight);

    /// <summary>By Little's law the wait is the number ahead over those who leave in a second.</summary>
    private bool IsWorthWaiting(RequestClass requestClass)
    {
        var longest = LongestWait(requestClass).TotalSeconds;
        return longest > 0 && _queues[(int)requestClass].Count < options.MostWaiting
            && (_leftPerSecond is not { } leaving || AheadOf(requestClass) <= Math.Max(_limit, leaving * longest));
    }

    private bool HasWaitedTooLong(Waiter waiter) => time.GetElapsedTime(waiter.Since) > LongestWait(waiter.Class);

    /// <summary>
    /// Waiting is for a burst, which ends before anybody is refused. A queue that stands makes everybody late and serves nobody more, so that it is cut short
    /// until nobody was refused for as long as the class may wait (after B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015).
    /// </summary>
    private TimeSpan LongestWait(RequestClass requestClass) =>
        IsRefusedAbove(requestClass) ? TimeSpan.Zero
        : WasRefused((int)requestClass) ? options.LongestWait(requestClass) * WaitAfterRefusals
        : options.LongestWait(requestClass);

    /// <summary>Whether somebody of a higher class was refused a moment ago: then nobody of this one takes what those need.</summary>
    private bool IsRefusedAbove(RequestClass requestClass)
    {
        for (var each = (int)requestClass + 1; each < _refusedAt.Length; each++)
        {
            if (WasRefused(each))
                return true;
        }
        return false;
    }

    /// <summary>Within the time that the class may wait.</summary>
    private bool WasRefused(int requestClass) =>
        _refusedAt[requestClass] is { } refusedAt && time.GetElapsedTime(refusedAt) < options.LongestWait((RequestClass)requestClass);

    private void LetIn()
    {
        for (var each = _queues.Length - 1; each >= 0; each--)
        {
            while (HasRoom((RequestClass)each) && _queues[each].TryDequeue(out var first))
            {
                if (HasWaitedTooLong(first))
                    Refuse(first);
                else if (first.End(isIn: true))
                    TakePlace();
            }
        }
    }

    private void Refuse(Waiter waiter)
    {
        if (waiter.End(isIn: false))
            CountRefused(waiter.Class);
    }

    private void CountRefused(RequestClass requestClass)
    {
        _counts[(int)requestClass].Refused++;
        _refusedAt[(int)requestClass] = time.GetTimestamp();
    }

    private sealed class ClassCounts
    {
        public long Served;
        public long Refused;
        public long Gone;
    }
}

/// <param name="InFlight">Requests that are worked on.</param>
/// <param name="Waiting">Requests that wait outside.</param>
/// <param name="Staying">Answers that go on for as long as their clients stay.</param>
internal sealed record GateState(int Limit, int InFlight, int Waiting, int Staying, IReadOnlyList<ClassState> Classes);

/// <param name="Served">Since the start.</param>
/// <param name="Refused">Since the start.</param>
/// <param name="Gone">Whose client has gone while they waited, since the start.</param>
internal sealed record ClassState(RequestClass Class, long Served, long Refused, long Gone, int Waiting);
