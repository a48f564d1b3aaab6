using System.Collections.Concurrent;
using System.Diagnostics;
using Basin.Kernel.Ids;
using Basin.Orders;
using Basin.Shipping;

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

/// <param name="PerSecond">Orders, until the last of them had ended.</param>
/// <param name="Accepted">From the question to the acknowledgement.</param>
/// <param name="Reserved">From the transaction that places an order to that which learns that its stock is held.</param>
/// <param name="CpuMicroseconds">Per order.</param>
/// <param name="KilobytesWritten">Per order.</param>
internal sealed record Visit(double PerSecond, Quantiles Accepted, Quantiles Reserved, double CpuMicroseconds, double KilobytesWritten);

/// <summary>Those who order in this process, and remember what they were told.</summary>
internal sealed class Customers(ShopInProcess shop, TimeProvider time, int callers) : IDisposable
{
    /// <summary>Orders on their way at the same time: enough to keep every stage busy, few enough that none of them grows a queue.</summary>
    private const int MaxOnTheirWay = 10_000;

    private static readonly TimeSpan TellEvery = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentBag<List<long>> _ids = [];
    private readonly SemaphoreSlim _room = new(MaxOnTheirWay);
    private string _doing = "";
    private long _placed;
    private long _ended;
    private long _declined;
    private long _soldOut;
    private long _cancelled;
    private int _visits;

    public void Dispose() => _room.Dispose();

    public Promises Promises => new([.. _ids.SelectMany(ids => ids)], _declined, _soldOut, _cancelled);

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

    /// <param name="perSecond">How many orders come; null for as many as are served.</param>
    public async Task<Visit> ComeAsync(string doing, int seconds, double? perSecond, CancellationToken cancellation)
    {
        _doing = doing;
        var visit = Interlocked.Increment(ref _visits);
        var (placedBefore, costBefore, began) = (_placed, ProcessCost.Now(), time.GetTimestamp());
        var (accepted, reserved) = (new ConcurrentBag<List<double>>(), new List<double>());
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watch = WatchAsync(reserved, watching.Token);
        var numbers = -1;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller), cancellation)));
        while (Volatile.Read(ref _ended) < _placed)
            await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellation);
        var took = time.GetElapsedTime(began).TotalSeconds;
        await watching.CancelAsync();
        await watch;
        var (orders, cost) = (_placed - placedBefore, ProcessCost.Now() - costBefore);
        return new Visit(
            orders / took, Quantiles.Of(accepted.SelectMany(some => some)), Quantiles.Of(reserved), cost.CpuMicroseconds / orders,
            cost.BytesWritten / 1024.0 / orders);

        async Task UntilAsync(TimeSpan afterBegin)
        {
            if (afterBegin - time.GetElapsedTime(began) is { Ticks: > 0 } wait)
                await Task.Delay(wait, time, cancellation);
        }

        async Task CallAsync(int caller)
        {
            var (mix, latencies, ids) = (new OrderMix((visit * callers) + caller), new List<double>(), new List<long>());
            for (var n = 0; time.GetElapsedTime(began).TotalSeconds < seconds; n++)
            {
                if (perSecond is { } rate)
                    await UntilAsync(TimeSpan.FromSeconds(Interlocked.Increment(ref numbers) / rate));
                await _room.WaitAsync(cancellation);
                var asked = time.GetTimestamp();
                var order = mix.Next();
                var id = await PlaceAsync(order, $"{visit}-{caller}-{n}", cancellation);
                Interlocked.Increment(ref _placed);
                latencies.Add(time.GetElapsedTime(asked).TotalMilliseconds);
                ids.Add(id.Value);
                await FollowAsync(order, id, $"{visit}-{caller}-{n}", cancellation);
            }
            accepted.Add(latencies);
            _ids.Add(ids);
        }
    }

    private async Task<Id<Order>> PlaceAsync(PlannedOrder order, string key, CancellationToken cancellation)
    {
        var answer = await shop.Orders.PlaceAsync(
            shop.Caller.Tenant, owner: null, order.Request, cart: null, shop.Once.For(shop.Caller, key, "bench"), cancellation);
        return answer.Problem is null ? IdIn(answer.Location!) : throw new BenchmarkException($"An order was refused: {answer.Problem.Title}");
    }

    /// <summary>What the customer does next.</summary>
    private async Task FollowAsync(PlannedOrder order, Id<Order> id, string key, CancellationToken cancellation)
    {
        if (order.IsSentAgain && await PlaceAsync(order, key, cancellation) is var again && again != id)
            throw new BenchmarkException($"The same key gave {id} and {again}.");
        switch (order.Fate)
        {
            case Fate.Declined:
                Interlocked.Increment(ref _declined);
                break;
            case Fate.OutOfStock:
                Interlocked.Increment(ref _soldOut);
                break;
            case Fate.Cancelled:
                var cancelled = await shop.Orders.CancelAsync(shop.Caller.Tenant, id, shop.Once.For(shop.Caller, $"{key}-cancel", "bench"), cancellation);
                if (cancelled.Problem is null)
                    Interlocked.Increment(ref _cancelled);
                break;
        }
    }

    private static Id<Order> IdIn(string location) => Id<Order>.TryParse(location.Split('/')[^1], out var id)
        ? id
        : throw new BenchmarkException($"This is no order: {location}");

    /// <summary>Reads the log of Orders as any consumer does.</summary>
    private async Task WatchAsync(List<double> reserved, CancellationToken cancellation)
    {
        var shard = shop.StoreOf("orders").Shards[0];
        var sequence = shard.Events.LastSequence;
        var placedAt = new Dictionary<long, DateTimeOffset>();
        try
        {
            while (true)
            {
                await shard.Events.WaitBeyondAsync(sequence, cancellation);
                var records = await shard.Events.ReadAfterAsync(shard, sequence, 10_000, cancellation);
                sequence = records[^1].Sequence;
                foreach (var record in records)
                {
                    if (record.Type == OrderPlaced.Type.Name)
                        placedAt[record.Key] = record.At;
                    // The parcel is asked for when the stock is held.
                    else if (record.Type == ShipmentRequested.Type.Name && placedAt.Remove(record.Key, out var at))
                        reserved.Add((record.At - at).TotalMilliseconds);
                }
                var ended = records.Count(record => record.Type == OrderDelivered.Type.Name || record.Type == OrderEnded.Type.Name);
                if (ended == 0)
                    continue;
                Interlocked.Add(ref _ended, ended);
                _room.Release(ended);
            }
        }
        catch (OperationCanceledException)
        {
            // All that was placed has ended.
        }
    }

    /// <summary>What this process has used since its start.</summary>
    private sealed record ProcessCost(double CpuMicroseconds, long BytesWritten)
    {
        public static ProcessCost Now()
        {
            using var self = Process.GetCurrentProcess();
            return new ProcessCost(self.TotalProcessorTime.TotalMicroseconds, WrittenBytes());
        }

        public static ProcessCost operator -(ProcessCost after, ProcessCost before) =>
            new(after.CpuMicroseconds - before.CpuMicroseconds, after.BytesWritten - before.BytesWritten);

        private static long WrittenBytes() => File.Exists("/proc/self/io")
            ? long.Parse(File.ReadLines("/proc/self/io").First(line => line.StartsWith("write_bytes:", StringComparison.Ordinal)).AsSpan(12))
            : 0;
    }
}
