using Basin.Kernel.Hosting;
using Basin.Limits;

namespace Basin.Engines.Tests.Limits.Shedding;

/// <summary>What finds a limit, in the simulation.</summary>
public interface ISimulatedLimit
{
    double Limit { get; }

    /// <summary>A request was answered.</summary>
    /// <param name="seconds">Since it was let in.</param>
    /// <param name="inFlight">Requests at that moment, this one included.</param>
    void Answered(double seconds, int inFlight);

    /// <summary>An interval has passed.</summary>
    void Look(LoadWindow seen);
}

/// <summary>The product's own.</summary>
public sealed class StandingQueueLimit(AdaptiveLimit rule, double limit) : ISimulatedLimit
{
    public double Limit { get; private set; } = limit;

    public void Answered(double seconds, int inFlight)
    {
    }

    public void Look(LoadWindow seen) => Limit = rule.Next(Limit, seen);
}

/// <summary>What a simulated host is like.</summary>
/// <param name="Cores">Requests that are worked on at the same time; the others queue.</param>
/// <param name="WorkSeconds">Mean of an exponential distribution, of processor time.</param>
/// <param name="CommitSeconds">How long a commit takes that serves all who wait for it; 0 when requests do not write.</param>
public sealed record SimulatedShape(int Cores, double WorkSeconds, double CommitSeconds = 0)
{
    /// <summary>The part of the requests that take longer.</summary>
    public double LongShare { get; init; }

    /// <summary>How many times as long.</summary>
    public double LongTimes { get; init; } = 1;

    /// <summary>Requests per second that the processors can do.</summary>
    public double Capacity => Cores / (WorkSeconds * (1 + (LongShare * (LongTimes - 1))));
}

/// <summary>What became of the requests that arrived in one second.</summary>
public sealed class SimulatedSecond
{
    public int Arrived { get; set; }

    public int Refused { get; set; }

    public List<double> Seconds { get; } = [];

    /// <summary>Limits at the end of each interval.</summary>
    public List<double> Limits { get; } = [];

    public double Quantile(double share) => Seconds.Count == 0 ? 0 : Seconds.Order().ElementAt((int)(share * (Seconds.Count - 1)));
}

/// <summary>A host with processors that work first come, first served, and one writer that commits for all who wait: event by event, from a seed.</summary>
/// <param name="shape">By the second.</param>
/// <param name="arrivals">Per second, by the second; each by itself (a Poisson process).</param>
/// <param name="clients">How many ask again as soon as they have an answer, from the beginning.</param>
public sealed class SimulatedHost(
    int seed, Func<double, SimulatedShape> shape, Func<double, double> arrivals, ISimulatedLimit limit, int clients = 0)
{
    private const double Interval = 0.1;

    /// <summary>How long a client who was refused waits before it asks again.</summary>
    private const double RefusedWait = 0.05;

    private readonly Randomness _chance = new(seed);
    private readonly PriorityQueue<Action, (double At, long Order)> _events = new();
    private readonly Queue<Request> _queue = [];
    private readonly List<Request> _committing = [];
    private readonly List<Request> _waitingForCommit = [];
    private readonly List<SimulatedSecond> _seconds = [];
    private double _now;
    private long _order;
    private int _busy;
    private int _inFlight;
    private int _peak;
    private bool _isReached;
    private double? _shortestWait;

    private sealed record Request(double At, bool IsClients);

    public IReadOnlyList<SimulatedSecond> Run(int seconds)
    {
        _seconds.AddRange(Enumerable.Range(0, seconds + 1).Select(_ => new SimulatedSecond()));
        for (var client = 0; client < clients; client++)
            Arrive(isClients: true);
        At(NextArrival(), ArriveAndGoOn);
        At(Interval, Look);
        while (_events.TryDequeue(out var happens, out var key) && key.At < seconds)
        {
            _now = key.At;
            happens();
        }
        _seconds.RemoveAt(seconds);
        return _seconds;
    }

    private SimulatedShape Shape => shape(_now);

    private SimulatedSecond Second => _seconds[(int)_now];

    private void At(double delay, Action happens) => _events.Enqueue(happens, (_now + delay, _order++));

    private double NextArrival() => arrivals(_now) is > 0 and var rate ? Exponential(1 / rate) : Interval;

    private double Exponential(double mean) => -mean * Math.Log(1 - _chance.NextDouble());

    private void ArriveAndGoOn()
    {
        if (arrivals(_now) > 0)
            Arrive(isClients: false);
        At(NextArrival(), ArriveAndGoOn);
    }

    private void Arrive(bool isClients)
    {
        Second.Arrived++;
        if (_inFlight >= Math.Max(1, (int)limit.Limit))
        {
            _isReached = true;
            Second.Refused++;
            if (isClients)
                At(RefusedWait, () => Arrive(isClients: true));
            return;
        }
        _peak = Math.Max(_peak, ++_inFlight);
        _queue.Enqueue(new Request(_now, isClients));
        WorkOnNext();
    }

    private void WorkOnNext()
    {
        while (_busy < Shape.Cores && _queue.TryDequeue(out var request))
        {
            _busy++;
            _shortestWait = Math.Min(_shortestWait ?? double.MaxValue, _now - request.At);
            At(Exponential(NextMean()), () => EndWork(request));
        }
    }

    private double NextMean() => Shape.LongShare > 0 && _chance.NextDouble() < Shape.LongShare ? Shape.WorkSeconds * Shape.LongTimes : Shape.WorkSeconds;

    private void EndWork(Request request)
    {
        _busy--;
        if (Shape.CommitSeconds > 0)
        {
            _waitingForCommit.Add(request);
            CommitNext();
        }
        else
        {
            Answer(request);
        }
        WorkOnNext();
    }

    private void CommitNext()
    {
        if (_committing.Count > 0 || _waitingForCommit.Count == 0)
            return;
        _committing.AddRange(_waitingForCommit);
        _waitingForCommit.Clear();
        At(Shape.CommitSeconds, () =>
        {
            Request[] done = [.. _committing];
            _committing.Clear();
            foreach (var request in done)
                Answer(request);
            CommitNext();
        });
    }

    private void Answer(Request request)
    {
        limit.Answered(_now - request.At, _inFlight);
        _inFlight--;
        _seconds[(int)_now].Seconds.Add(_now - request.At);
        if (request.IsClients)
            Arrive(isClients: true);
    }

    /// <summary>What waits still counts where nothing has begun.</summary>
    private void Look()
    {
        var wait = _shortestWait ?? (_queue.TryPeek(out var oldest) ? _now - oldest.At : 0);
        limit.Look(new LoadWindow(TimeSpan.FromSeconds(wait), _peak, _inFlight, _isReached));
        Second.Limits.Add(limit.Limit);
        (_peak, _isReached, _shortestWait) = (_inFlight, false, null);
        At(Interval, Look);
    }
}
