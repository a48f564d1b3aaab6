using System.Collections.Concurrent;

namespace Basin.Bench;

/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
internal sealed record Quantiles(double P50, double P99)
{
    public static Quantiles Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length == 0 ? new(0, 0) : new(sorted[sorted.Length / 2], sorted[sorted.Length * 99 / 100]);
    }
}

/// <summary>Customers that come: for so many seconds, or so many orders.</summary>
/// <param name="PerSecond">How many come; null for as many as are served.</param>
internal sealed record Load(string Doing, int? Seconds = null, long? Orders = null, double? PerSecond = null);

/// <param name="PerSecond">Orders, until the last of them had ended.</param>
/// <param name="TakenPerSecond">Orders acknowledged, while customers came.</param>
/// <param name="Accepted">From the question to the acknowledgement.</param>
/// <param name="Reserved">From the transaction that places an order to that which learns that its stock is held; without values where nobody tells.</param>
/// <param name="Cost">Of all orders.</param>
internal sealed record Visit(long Orders, double PerSecond, double TakenPerSecond, Quantiles Accepted, Quantiles Reserved, Cost Cost);

/// <summary>Those who order, and remember what they were told.</summary>
/// <param name="oneOf">Of so many orders the id and the time are remembered of one.</param>
internal sealed class Customers(IShop shop, TimeProvider time, int callers, int oneOf = 1) : IFollower, IDisposable
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(60);

    /// <summary>Where nobody tells of each.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentBag<List<long>> _ids = [];
    private readonly List<double> _reserved = [];
    private readonly SemaphoreSlim _room = new(shop.MaxOnTheirWay ?? int.MaxValue);
    private string _doing = "";
    private long _placed;
    private long _ended;
    private long _declined;
    private long _soldOut;
    private long _cancelled;
    private long _units;
    private long _reservations;
    private int _visits;

    public void Dispose() => _room.Dispose();

    public Promises Promises => new(_placed, [.. _ids.SelectMany(ids => ids)], _declined, _soldOut, _cancelled, _units);

    public long Placed => Volatile.Read(ref _placed);

    public long Ended => Volatile.Read(ref _ended);

    public void End(int orders)
    {
        Interlocked.Add(ref _ended, orders);
        if (shop.MaxOnTheirWay is not null)
            _room.Release(orders);
    }

    public void Reserve(double afterMilliseconds)
    {
        if (_reservations++ % oneOf == 0)
            _reserved.Add(afterMilliseconds);
    }

    /// <summary>Says what goes on until it is disposed.</summary>
    public IDisposable Tell(Action<string> tell)
    {
        var last = (At: time.GetTimestamp(), Ended: Volatile.Read(ref _ended));
        return time.CreateTimer(
            _ =>
            {
                var (at, ended) = (time.GetTimestamp(), Volatile.Read(ref _ended));
                var perMinute = (ended - last.Ended) / time.GetElapsedTime(last.At, at).TotalMinutes;
                last = (at, ended);
                tell($"{_doing}, {Volatile.Read(ref _placed):N0} orders taken, {ended:N0} at their end, {perMinute:N0} per minute");
            },
            state: null, TellEvery, TellEvery);
    }

    public async Task<Visit> ComeAsync(Load load, CancellationToken cancellation)
    {
        _doing = load.Doing;
        var visit = Interlocked.Increment(ref _visits);
        var (placedBefore, costBefore, began) = (_placed, Cost.Now(), time.GetTimestamp());
        var accepted = new ConcurrentBag<List<double>>();
        _reserved.Clear();
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var follow = shop.FollowAsync(this, following.Token);
        var numbers = -1L;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller), cancellation)));
        var orders = _placed - placedBefore;
        var takenPerSecond = orders / time.GetElapsedTime(began).TotalSeconds;
        var (ended, endedAt) = (Ended, time.GetTimestamp());
        while (Ended < _placed)
        {
            if (follow.IsFaulted)
                await follow;
            if (Ended > ended)
                (ended, endedAt) = (Ended, time.GetTimestamp());
            else if (time.GetElapsedTime(endedAt) > (shop.MaxOnTheirWay is null ? LongestDrain : SettleLimit))
                throw new BenchmarkException($"{_placed - ended} orders do not come to their end.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellation);
        }
        var took = time.GetElapsedTime(began).TotalSeconds;
        var cost = Cost.Now() - costBefore;
        await following.CancelAsync();
        await follow;
        return new Visit(orders, orders / took, takenPerSecond, Quantiles.Of(accepted.SelectMany(some => some)), Quantiles.Of(_reserved), cost);

        async Task UntilAsync(TimeSpan afterBegin)
        {
            if (afterBegin - time.GetElapsedTime(began) is { Ticks: > 0 } wait)
                await Task.Delay(wait, time, cancellation);
        }

        async Task CallAsync(int caller)
        {
            var (mix, latencies, ids) = (new OrderMix((visit * callers) + caller), new List<double>(), new List<long>());
            for (var n = 0; !(time.GetElapsedTime(began).TotalSeconds >= load.Seconds); n++)
            {
                var number = Interlocked.Increment(ref numbers);
                if (number >= load.Orders)
                    break;
                if (load.PerSecond is { } rate)
                    await UntilAsync(TimeSpan.FromSeconds(number / rate));
                await _room.WaitAsync(cancellation);
                var asked = time.GetTimestamp();
                var order = mix.Next();
                var key = $"{visit}-{number:0000000000}";
                var id = await shop.PlaceAsync(order, key, cancellation);
                Interlocked.Increment(ref _placed);
                if (n % oneOf == 0)
                {
                    latencies.Add(time.GetElapsedTime(asked).TotalMilliseconds);
                    ids.Add(id);
                }
                await FollowAsync(order, id, key, cancellation);
            }
            accepted.Add(latencies);
            _ids.Add(ids);
        }
    }

    /// <summary>The last captures and notifications may come a moment after the last delivery.</summary>
    /// <param name="findDifference">Between what customers were told and what the systems say; null when there is none.</param>
    /// <exception cref="BenchmarkException">The books do not agree: the rate would be that of something broken.</exception>
    public async Task AuditAsync(Func<Promises, Task<string?>> findDifference, CancellationToken cancellation)
    {
        for (var began = time.GetTimestamp(); await findDifference(Promises) is { } difference;)
        {
            if (time.GetElapsedTime(began) > SettleLimit)
                throw new BenchmarkException($"The books do not agree: {difference}.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    /// <summary>What the customer does next.</summary>
    private async Task FollowAsync(PlannedOrder order, long id, string key, CancellationToken cancellation)
    {
        if (order.IsSentAgain && await shop.PlaceAsync(order, key, cancellation) is var again && again != id)
            throw new BenchmarkException($"The same key gave {id} and {again}.");
        var isCancelled = order.Fate == Fate.Cancelled && await shop.CancelAsync(id, $"{key}-cancel", cancellation);
        if (order.Fate == Fate.Declined)
            Interlocked.Increment(ref _declined);
        else if (order.Fate == Fate.OutOfStock)
            Interlocked.Increment(ref _soldOut);
        else if (isCancelled)
            Interlocked.Increment(ref _cancelled);
        else
            Interlocked.Add(ref _units, order.Units);
    }
}
