using System.Threading.RateLimiting;
using Basin.Kernel.Hosting;
using Basin.Limits;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Decisions of limiters in this process, and what a key costs, against the framework's partitioned limiter.</summary>
internal static class LimitsBenchmark
{
    private const int ManyKeys = 1_000_000;
    private const int Turn = 8192;

    /// <summary>More than one thread can ask for.</summary>
    private const int Plenty = 100_000_000;

    /// <summary>What was taken is owed for as long as the measurement lasts, so that no key is forgotten.</summary>
    private const int Some = 1_000;

    private static readonly Variant[] Variants =
    [
        new("System.Threading.RateLimiting, token bucket", (_, _) => new Framework()),
        .. Enum.GetValues<LimitAlgorithm>().Where(algorithm => algorithm is not (LimitAlgorithm.SlidingLog or LimitAlgorithm.Concurrency))
            .Select(algorithm => new Variant(
                $"Basin, {algorithm}",
                (time, isMany) => new Ours(isMany ? new(algorithm, Some, TimeSpan.FromDays(1)) : new(algorithm, Plenty, TimeSpan.FromSeconds(1)), time))),
    ];

    public static Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report(
            "limits",
            $"Decisions of a limiter in one process, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                "Medians over the rounds; the ratio is to the framework's limiter, taken within each round.",
                "Keys are strings such as `key-123456`; one key is asked again and again, many are 1,000,000 asked at random. Nothing is ever refused.",
                "One thread asks. Bytes per key: what 1,000,000 keys take beyond their strings.",
                "Framework: `PartitionedRateLimiter.Create` with `RateLimitPartition.GetTokenBucketLimiter`, `AttemptAcquire`, the lease disposed.",
            ],
            ["Variant", "ns, one key", "min..max", "ns, many keys", "min..max", "Times as fast", "min..max", "Bytes per decision", "Bytes per key"]);
        var chance = new Randomness(20261122);
        var (one, many) = (Enumerable.Repeat("key-123456", Turn).ToArray(), Enumerable.Range(0, ManyKeys).Select(i => $"key-{i}").ToArray());
        var asked = Enumerable.Range(0, ManyKeys).Select(_ => many[chance.Next(ManyKeys)]).ToArray();

        var samples = Variants.ToDictionary(variant => variant.Name, _ => new List<Sample>());
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var variant in Variants)
            {
                var sample = console.Status().Start($"Round {round} of {settings.Rounds}: {variant.Name}", _ =>
                    Measure(variant, one, many, asked, settings.Seconds, time, cancellation));
                samples[variant.Name].Add(sample);
                console.MarkupLineInterpolated($"{round}  {variant.Name,-45} [bold]{sample.OneNs,6:F1} ns[/]  {sample.ManyNs,6:F1} ns with many keys");
            }
        }
        var floor = samples[Variants[0].Name];
        foreach (var (name, ours) in samples)
        {
            var times = ours.Zip(floor, (sample, other) => other.OneNs / sample.OneNs).ToList();
            report.Add(
                name, $"{Spread.Median(ours.Select(sample => sample.OneNs)):F1}", Spread.Of(ours.ConvertAll(sample => sample.OneNs), "F1"),
                $"{Spread.Median(ours.Select(sample => sample.ManyNs)):F1}", Spread.Of(ours.ConvertAll(sample => sample.ManyNs), "F1"),
                $"{Spread.Median(times):F2}", Spread.Of(times, "F2"),
                $"{Spread.Median(ours.Select(sample => sample.BytesPerDecision)):F1}", $"{Spread.Median(ours.Select(sample => sample.BytesPerKey)):F0}");
        }
        report.Show(console);
        return Task.CompletedTask;
    }

    private sealed record Variant(string Name, Func<TimeProvider, bool, ISubject> Make);

    private sealed record Sample(double OneNs, double ManyNs, double BytesPerDecision, double BytesPerKey);

    private static Sample Measure(
        Variant variant, string[] one, string[] many, string[] asked, int seconds, TimeProvider time, CancellationToken cancellation)
    {
        using var hot = variant.Make(time, false);
        var (oneNs, bytes) = Ask(hot, one, seconds, time, cancellation);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        using var full = variant.Make(time, true);
        full.Ask(many);
        var bytesPerKey = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)ManyKeys;
        var (manyNs, _) = Ask(full, asked, seconds, time, cancellation);
        return new Sample(oneNs, manyNs, bytes, bytesPerKey);
    }

    private static (double Ns, double Bytes) Ask(ISubject subject, string[] keys, int seconds, TimeProvider time, CancellationToken cancellation)
    {
        // Once more than the compiler needs to make the best of it.
        for (var i = 0; i < 100; i++)
            subject.Ask(keys.AsSpan(0, Turn));
        var (asked, from) = (0L, 0);
        var (began, bytes) = (time.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        while (time.GetElapsedTime(began).TotalSeconds < seconds && !cancellation.IsCancellationRequested)
        {
            subject.Ask(keys.AsSpan(from, Turn));
            (asked, from) = (asked + Turn, from + (2 * Turn) > keys.Length ? 0 : from + Turn);
        }
        return (time.GetElapsedTime(began).TotalNanoseconds / asked, (GC.GetAllocatedBytesForCurrentThread() - bytes) / (double)asked);
    }

    private interface ISubject : IDisposable
    {
        void Ask(ReadOnlySpan<string> keys);
    }

    private sealed class Ours(LimitRule rule, TimeProvider time) : ISubject
    {
        private readonly Limiter _limiter = Limiter.Of(rule, time, 2 * ManyKeys);

        public void Ask(ReadOnlySpan<string> keys)
        {
            foreach (var key in keys)
            {
                if (!_limiter.TryTake(key))
                    throw new BenchmarkException("A limiter that has enough has refused.");
            }
        }

        public void Dispose()
        {
            // Nothing.
        }
    }

    private sealed class Framework : ISubject
    {
        private readonly PartitionedRateLimiter<string> _limiter = PartitionedRateLimiter.Create<string, string>(
            key => RateLimitPartition.GetTokenBucketLimiter(key, _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = int.MaxValue,
                TokensPerPeriod = Plenty,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                QueueLimit = 0,
            }));

        public void Ask(ReadOnlySpan<string> keys)
        {
            foreach (var key in keys)
            {
                using var lease = _limiter.AttemptAcquire(key);
                if (!lease.IsAcquired)
                    throw new BenchmarkException("A limiter that has enough has refused.");
            }
        }

        public void Dispose() => _limiter.Dispose();
    }
}
