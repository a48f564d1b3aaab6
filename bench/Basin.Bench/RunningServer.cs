using System.Net;
using System.Net.Sockets;

namespace Basin.Bench;

/// <summary>A ready server on a free loopback port. Disposing it stops it at once.</summary>
internal sealed class RunningServer : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly ChildProcess _process;

    private RunningServer(ServerVariant variant, DataDirectory data)
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}");
        string[] arguments = [variant.Assembly, "--urls", Address.OriginalString, "--data", data.Path, .. variant.Arguments];
        // Whoever measures is a flood. A variant may count all the same.
        var environment = new Dictionary<string, string> { ["Basin__Limits__Enabled"] = "false" };
        foreach (var (name, value) in variant.Environment)
            environment[name] = value;
        _process = variant.Processor is { } processor
            ? ChildProcess.Start("taskset", ["--cpu-list", $"{processor}", "dotnet", .. arguments], environment)
            : ChildProcess.Start("dotnet", arguments, environment);
    }

    public Uri Address { get; }

    public long ResidentBytes => _process.ResidentBytes;

    /// <summary>Time that it has had on processors since it started.</summary>
    public TimeSpan ProcessorTime => _process.ProcessorTime;

    public static async Task<RunningServer> StartAsync(
        ServerVariant variant, DataDirectory data, TimeProvider time, CancellationToken cancellation)
    {
        var server = new RunningServer(variant, data);
        try
        {
            await server.WaitUntilReadyAsync(variant, time, cancellation);
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose() => _process.Dispose();

    private async Task WaitUntilReadyAsync(ServerVariant variant, TimeProvider time, CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < StartLimit; await Task.Delay(PollInterval, time, cancellation))
        {
            if (_process.HasExited)
                throw new BenchmarkException($"{variant.Name} stopped while starting:\n{_process.Output}");
            if (await IsReadyAsync(http, cancellation))
                return;
        }
        throw new BenchmarkException($"{variant.Name} was not ready after {StartLimit.TotalSeconds:F0} s:\n{_process.Output}");
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, CancellationToken cancellation)
    {
        try
        {
            using var answer = await http.GetAsync("/health/ready", cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
