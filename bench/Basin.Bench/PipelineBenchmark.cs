using System.Collections.Concurrent;
using System.Diagnostics;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Orders;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Orders per minute through all five stages, from the use case that places them to the last state and the last notification.</summary>
internal static class PipelineBenchmark
{
    /// <summary>Orders on their way at the same time: enough to keep every stage busy, few enough that none of them grows a queue.</summary>
    private const int MaxOnTheirWay = 10_000;

    private const int WarmUpSeconds = 10;
    private const int NotificationsPerOrder = 3;
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(30);

    // Each of the carrier's steps stays a job of its own, only sooner than in the demo.
    private static readonly Dictionary<string, string?> Settings = new(StringComparer.Ordinal)
    {
        ["Basin:Shipping:DispatchAfter"] = "00:00:00.100",
        ["Basin:Shipping:DeliverAfter"] = "00:00:00.100",
    };

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report(
            "pipeline",
            $"Orders through all five stages, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                $"In process: {settings.Clients} callers of the use case behind `POST /v1/orders`, with an `Idempotency-Key` for every order.",
                "Orders of 1 to 3 lines over 5,000 SKUs; every one is authorized, reserved, shipped, captured, delivered and notified of three times.",
                "Time is taken from the first order placed to the last one delivered; every commit is flushed (`synchronous=FULL`).",
                "The sandbox carrier collects after 100 ms and delivers after another 100 ms. E-mail is off.",
                "After each round the books are compared: orders, captured money, stock that left, notifications.",
            ],
            ["Round", "Orders per minute", "Accept p50 ms", "p99 ms", "CPU us per order", "KB written per order"]);
        for (var round = 1; round <= settings.Rounds; round++)
        {
            await using var shop = await ShopInProcess.StartAsync(Settings, cancellation);
            using var warmUp = new Run(shop, time, "warm-up");
            await console.Status().StartAsync($"Round {round} of {settings.Rounds}: warming up", _ =>
                warmUp.LoadAsync(WarmUpSeconds, settings.Clients, cancellation));
            using var run = new Run(shop, time, "measured");
            await console.Status().StartAsync($"Round {round} of {settings.Rounds}: measuring", _ =>
                run.LoadAsync(settings.Seconds, settings.Clients, cancellation));
            await AuditAsync(shop, time, cancellation);
            report.Add([$"{round}", .. run.Cells()]);
            console.MarkupLineInterpolated($"round {round}  [bold]{run.PerMinute,9:N0}[/] orders/minute");
        }
        report.Show(console);
    }

    /// <summary>The last captures and notifications may come a moment after the last delivery.</summary>
    /// <exception cref="BenchmarkException">The books of two systems do not agree: the rate would be that of something broken.</exception>
    private static async Task AuditAsync(ShopInProcess shop, TimeProvider time, CancellationToken cancellation)
    {
        for (var began = time.GetTimestamp(); await FindDifferenceAsync(shop, cancellation) is { } difference;)
        {
            if (time.GetElapsedTime(began) > SettleLimit)
                throw new BenchmarkException($"The books do not agree: {difference}.");
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellation);
        }
    }

    private static async Task<string?> FindDifferenceAsync(ShopInProcess shop, CancellationToken cancellation)
    {
        var orders = await NumberAsync("orders", "SELECT count(*) FROM orders");
        (string What, long Expected, long Found)[] books =
        [
            ("orders delivered", orders, await NumberAsync("orders", "SELECT count(*) FROM orders WHERE state = 4")),
            ("cents captured", await NumberAsync("orders", "SELECT sum(document ->> 'totalMinor') FROM terms"),
                await NumberAsync("payments", "SELECT sum(captured_minor) FROM payment")),
            ("units shipped", await NumberAsync("orders", "SELECT sum(value ->> 'quantity') FROM terms, json_each(document, '$.lines')"),
                -await NumberAsync("inventory", "SELECT sum(delta) FROM movement WHERE reservation IS NOT NULL")),
            ("units reserved", 0, await NumberAsync("inventory", "SELECT sum(reserved) FROM stock")),
            ("notifications", orders * NotificationsPerOrder, await NumberAsync("notifications", "SELECT count(*) FROM notification")),
        ];
        return books.Where(book => book.Expected != book.Found).Select(book => $"{book.Expected} {book.What} are expected, {book.Found} found").FirstOrDefault();

        async Task<long> NumberAsync(string system, string sql) =>
            await shop.StoreOf(system).ReadAsync(ShardKey.First, snapshot => snapshot.NumberAsync(sql), cancellation) ?? 0;
    }

    /// <summary>One load and what was seen of it.</summary>
    private sealed class Run(ShopInProcess shop, TimeProvider time, string keyPrefix) : IDisposable
    {
        private readonly SemaphoreSlim _room = new(MaxOnTheirWay);
        private readonly ConcurrentBag<List<double>> _latencies = [];
        private readonly ProcessCost _costBefore = ProcessCost.Now();
        private ProcessCost _cost = null!;
        private long _placed;
        private long _ended;
        private double _seconds;

        public void Dispose() => _room.Dispose();

        public double PerMinute => _placed / _seconds * 60;

        public IEnumerable<string> Cells()
        {
            var latencies = _latencies.SelectMany(some => some).Order().ToArray();
            yield return $"{PerMinute:N0}";
            yield return $"{latencies[latencies.Length / 2]:F1}";
            yield return $"{latencies[latencies.Length * 99 / 100]:F1}";
            yield return $"{_cost.CpuMicroseconds / _placed:F0}";
            yield return $"{_cost.BytesWritten / 1024.0 / _placed:F1}";
        }

        public async Task LoadAsync(int seconds, int clients, CancellationToken cancellation)
        {
            var began = time.GetTimestamp();
            using var counting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var counter = CountEndedAsync(counting.Token);
            var callers = Enumerable.Range(0, clients).Select(caller => Task.Run(() => PlaceAsync(caller, began, seconds, cancellation), cancellation));
            await Task.WhenAll(callers);
            while (Volatile.Read(ref _ended) < _placed)
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, cancellation);
            _seconds = time.GetElapsedTime(began).TotalSeconds;
            await counting.CancelAsync();
            await counter;
            _cost = ProcessCost.Now() - _costBefore;
        }

        private async Task PlaceAsync(int caller, long began, int seconds, CancellationToken cancellation)
        {
            var chance = new Randomness(caller);
            var latencies = new List<double>();
            for (var n = 0; time.GetElapsedTime(began).TotalSeconds < seconds; n++)
            {
                await _room.WaitAsync(cancellation);
                var asked = time.GetTimestamp();
                var once = shop.Once.For(shop.Caller, $"{keyPrefix}-{caller}-{n}", "bench");
                var answer = await shop.Orders.PlaceAsync(shop.Caller.Tenant, null, Order(chance), cart: null, once, cancellation);
                if (answer.Problem is { } problem)
                    throw new BenchmarkException($"An order was refused: {problem.Title}");
                latencies.Add(time.GetElapsedTime(asked).TotalMilliseconds);
                Interlocked.Increment(ref _placed);
            }
            _latencies.Add(latencies);
        }

        private static PlaceOrder Order(Randomness chance) => new(
            $"ada{chance.Next(100_000)}@example.com",
            new ShipTo("Ada Lovelace", "12 St James's Square", "London", "SW1Y 4JH", "GB"),
            [.. Enumerable.Range(0, 1 + chance.Next(3)).Select(_ => Line(chance))],
            new PaymentMeans("tok_visa"));

        private static PlaceOrderLine Line(Randomness chance) =>
            new(ShopInProcess.SkuAt(chance.Next(ShopInProcess.Products)), 1 + chance.Next(3));

        /// <summary>Reads the log of Orders as any consumer does.</summary>
        private async Task CountEndedAsync(CancellationToken cancellation)
        {
            var shard = shop.StoreOf("orders").Shards[0];
            var sequence = shard.Events.LastSequence;
            try
            {
                while (true)
                {
                    await shard.Events.WaitBeyondAsync(sequence, cancellation);
                    var records = await shard.Events.ReadAfterAsync(shard, sequence, 10_000, cancellation);
                    sequence = records[^1].Sequence;
                    var ended = records.Count(record => record.Type == OrderDelivered.Type.Name);
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
