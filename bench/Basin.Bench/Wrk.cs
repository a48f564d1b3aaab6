using System.ComponentModel;
using System.Text.Json;

namespace Basin.Bench;

/// <summary>What one run of wrk saw. Latencies are in milliseconds.</summary>
internal sealed record WrkResult(long Requests, double Seconds, double P50, double P99, long Refused, long Broken)
{
    public double PerSecond => Requests / Seconds;

    /// <summary>From the end of the load until all that follows from its requests was done.</summary>
    public double SecondsAfter { get; init; }

    public double CarriedThroughPerSecond => Requests / (Seconds + SecondsAfter);
}

/// <summary>Load from Debian's <c>wrk</c>; each script prints its <see cref="WrkResult"/> as one line of JSON when it is done.</summary>
internal static class Wrk
{
    /// <summary>Loads <paramref name="address"/> for so many seconds.</summary>
    /// <exception cref="BenchmarkException">
    /// wrk is missing or failed, or a request was refused: an error costs less than an order, so a rate with errors in it says nothing.
    /// </exception>
    public static async Task<WrkResult> RunAsync(
        Uri address, string script, int seconds, int clients, Dictionary<string, string> environment, CancellationToken cancellation)
    {
        string[] arguments =
            ["--threads", "1", "--timeout", "10s", "--connections", $"{clients}", "--duration", $"{seconds}s", "--script", script, address.OriginalString];
        using var wrk = Start(arguments, environment);
        if (await wrk.WaitAsync(cancellation) != 0)
            throw new BenchmarkException($"wrk failed:\n{wrk.Output}");

        var line = wrk.Output.Split('\n').LastOrDefault(line => line.StartsWith("{\"requests\"", StringComparison.Ordinal))
            ?? throw new BenchmarkException($"wrk gave no result:\n{wrk.Output}");
        var result = JsonSerializer.Deserialize<WrkResult>(line, JsonSerializerOptions.Web)!;
        return result switch
        {
            { Requests: 0 } => throw new BenchmarkException($"No request was answered by {address}."),
            { Refused: > 0 } => throw new BenchmarkException($"{result.Refused} of {result.Requests} requests were refused:\n{wrk.Output}"),
            { Broken: > 0 } => throw new BenchmarkException($"{result.Broken} requests ended without an answer:\n{wrk.Output}"),
            _ => result,
        };
    }

    private static ChildProcess Start(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        try
        {
            return ChildProcess.Start("wrk", arguments, environment);
        }
        catch (Win32Exception)
        {
            throw new BenchmarkException("wrk is not installed. ./eng/bench.sh installs it; so does `apt-get install wrk`.");
        }
    }
}
