using Basin.Kernel.Ids;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Ids per second of one shard's generator, against the most that a millisecond of 12 sequence bits allows.</summary>
internal static class IdsBenchmark
{
    private const int IdsPerTurn = 4096;
    private const double MostPerSecond = Snowflake.SequencesPerMillisecond * 1000.0;

    public static Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        var report = new Report(
            "ids",
            $"Ids of one shard, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                "Medians over the rounds; the share is that of the 4,096,000 ids per second that 12 sequence bits allow.",
                "Every round begins with a new generator on the system's clock; its high-water mark is written to a file and flushed, as in the store.",
            ],
            ["Threads", "Per second", "min..max", "Share"]);
        foreach (var threads in new[] { 1, 2, 8 })
        {
            var rates = new List<double>();
            for (var round = 1; round <= settings.Rounds; round++)
                rates.Add(console.Status().Start($"{threads} threads, round {round} of {settings.Rounds}", _ => Measure(threads, settings.Seconds, time, cancellation)));
            report.Add($"{threads}", $"{Spread.Median(rates):N0}", Spread.Of(rates, "N0"), $"{Spread.Median(rates) / MostPerSecond:P1}");
        }
        report.Show(console);
        return Task.CompletedTask;
    }

    private static double Measure(int threads, int seconds, TimeProvider time, CancellationToken cancellation)
    {
        var mark = Path.Combine(Workplace.Results, $"ids-{Environment.ProcessId}.mark");
        var ids = new IdGenerator(time, shard: 0, persistedMarkMs: 0, persistMark: ms => WriteThrough(mark, ms));
        var made = 0L;
        var began = time.GetTimestamp();
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(Make)).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        File.Delete(mark);
        return made / time.GetElapsedTime(began).TotalSeconds;

        void Make()
        {
            while (time.GetElapsedTime(began).TotalSeconds < seconds && !cancellation.IsCancellationRequested)
            {
                for (var i = 0; i < IdsPerTurn; i++)
                    ids.Next();
                Interlocked.Add(ref made, IdsPerTurn);
            }
        }
    }

    private static void WriteThrough(string path, long mark)
    {
        using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(BitConverter.GetBytes(mark));
        file.Flush(flushToDisk: true);
    }
}
