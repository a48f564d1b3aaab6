using System.ComponentModel;
using System.Globalization;
using Basin.Kernel.Hosting;
using Basin.Limits;
using Basin.Limits.Shared;
using Basin.Resp;
using Basin.Testing;
using Spectre.Console;

namespace Basin.Bench;

/// <summary>Decisions in Redis, against the same script driven by Redis' own <c>redis-benchmark</c>.</summary>
internal static class SharedLimitsBenchmark
{
    private const int Keys = 100_000;
    private const int Asking = 64;
    private const int WarmUpDecisions = 20_000;

    private static readonly LimitRule Rule = new(LimitAlgorithm.Gcra, 1_000_000, TimeSpan.FromSeconds(1));

    public static async Task RunAsync(BenchmarkContext context, CancellationToken cancellation)
    {
        var (settings, console, time) = context;
        if (!RedisServer.IsInstalled)
            throw new BenchmarkException("redis-server is not installed. ./eng/bench.sh installs it; so does `apt-get install redis-server`.");
        (string Name, Func<RedisServer, Task<double>> MeasureAsync)[] variants =
        [
            ($"redis-benchmark, 1 connection, {Asking} on the way", server => PeerAsync(server, ["-c", "1", "-P", $"{Asking}"], settings.Seconds, cancellation)),
            ($"redis-benchmark, {Asking} connections", server => PeerAsync(server, ["-c", $"{Asking}"], settings.Seconds, cancellation)),
            ($"Basin, 1 connection, {Asking} that ask", server => OursAsync(server, settings.Seconds, time, cancellation)),
        ];
        var rates = variants.ToDictionary(variant => variant.Name, _ => new List<double>());
        using var redis = await RedisServer.StartAsync();
        // The peer asks for a script that the server knows already.
        await using (var greeting = ClientOf(redis, time))
            await greeting.AskAsync(cancellation, "PING");
        for (var round = 1; round <= settings.Rounds; round++)
        {
            foreach (var (name, measureAsync) in variants)
            {
                var rate = await console.Status().StartAsync($"Round {round} of {settings.Rounds}: {name}", _ => measureAsync(redis));
                rates[name].Add(rate);
                console.MarkupLineInterpolated($"{round}  {name,-48} [bold]{rate,9:N0}/s[/]");
            }
        }
        Show(console, settings, rates, rates[variants[0].Name]);
    }

    private static void Show(IAnsiConsole console, BenchmarkSettings settings, Dictionary<string, List<double>> rates, List<double> floor)
    {
        var report = new Report(
            "shared-limits",
            $"Decisions of limits that processes share, {settings.Rounds} rounds of {settings.Seconds} s",
            [
                "Medians over the rounds; the ratio is to redis-benchmark over one connection, taken within each round.",
                $"The script of a token bucket, one key of {Keys:N0} at random, never refused. Redis keeps nothing on disk.",
                "Basin: `SharedLimiter.TakeAsync`, each awaited before the next, the answer read into a decision.",
                "redis-benchmark: `EVALSHA` of the same script with the same arguments, answers thrown away.",
            ],
            ["Variant", "Decisions per second", "min..max", "Ratio", "min..max"]);
        foreach (var (name, ours) in rates)
        {
            var ratios = ours.Zip(floor, (rate, other) => rate / other).ToList();
            report.Add(name, $"{Spread.Median(ours):N0}", Spread.Of(ours, "N0"), $"{Spread.Median(ratios):F2}", Spread.Of(ratios, "F2"));
        }
        report.Show(console);
    }

    private static async Task<double> OursAsync(RedisServer server, int seconds, TimeProvider time, CancellationToken cancellation)
    {
        await using var redis = ClientOf(server, time);
        var limiter = new SharedLimiter(redis, "bench", Rule, WhenUnreachable.Refuse, time);
        await AskAsync(limiter, () => false, WarmUpDecisions / Asking, cancellation);
        var began = time.GetTimestamp();
        var asked = await AskAsync(limiter, () => time.GetElapsedTime(began).TotalSeconds >= seconds, int.MaxValue, cancellation);
        return asked / time.GetElapsedTime(began).TotalSeconds;
    }

    private static RespClient ClientOf(RedisServer server, TimeProvider time) =>
        new(new RespOptions { Host = "127.0.0.1", Port = server.Port }, time, new Randomness(1), SharedLimiter.GreetAsync);

    private static async Task<long> AskAsync(SharedLimiter limiter, Func<bool> isOver, int most, CancellationToken cancellation)
    {
        var asked = await Task.WhenAll(Enumerable.Range(0, Asking).Select(asker => Task.Run(
            async () =>
            {
                var chance = new Randomness(asker);
                var count = 0L;
                for (; count < most && !isOver(); count++)
                {
                    if (!(await limiter.TakeAsync(chance.Next(Keys).ToString(CultureInfo.InvariantCulture), 1, cancellation)).IsAllowed)
                        throw new BenchmarkException("A limiter that has enough has refused.");
                }
                return count;
            },
            cancellation)));
        return asked.Sum();
    }

    /// <summary>It takes a number of commands, not a time: the first run says how many fit.</summary>
    private static async Task<double> PeerAsync(RedisServer server, string[] arguments, int seconds, CancellationToken cancellation)
    {
        var rate = await PeerAsync(server, arguments, (long)WarmUpDecisions, cancellation);
        return await PeerAsync(server, arguments, (long)(rate * seconds), cancellation);
    }

    private static async Task<double> PeerAsync(RedisServer server, string[] arguments, long commands, CancellationToken cancellation)
    {
        string[] all =
        [
            "-p", $"{server.Port}", "-n", $"{commands}", "-r", $"{Keys}", "--csv", .. arguments,
            "EVALSHA", LimitScript.Of(Rule.Algorithm).Sha, "1", "peer:__rand_int__", "1", $"{Rule.Permits}", $"{Rule.PeriodUs}", $"{Rule.Capacity}",
        ];
        using var peer = Start(all);
        if (await peer.WaitAsync(cancellation) != 0 || peer.Output.Contains("ERR", StringComparison.Ordinal))
            throw new BenchmarkException($"redis-benchmark failed:\n{peer.Output}");
        // "EVALSHA ...","rps","avg_latency_ms",...
        return double.Parse(peer.Output.Split('\n')[^1].Split("\",\"")[1].Trim('"'), CultureInfo.InvariantCulture);
    }

    private static ChildProcess Start(string[] arguments)
    {
        try
        {
            return ChildProcess.Start("redis-benchmark", arguments);
        }
        catch (Win32Exception)
        {
            throw new BenchmarkException("redis-benchmark is not installed. ./eng/bench.sh installs it; so does `apt-get install redis-tools`.");
        }
    }
}
