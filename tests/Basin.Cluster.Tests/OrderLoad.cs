using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Basin.Cluster.Tests;

/// <summary>
/// Customers who come at a steady rate, whatever the cluster does, until too many wait: then they come as fast as others are served. Each sends its
/// order again, under the same key, until somebody acknowledges it.
/// </summary>
internal sealed class OrderLoad(HttpClient client, int perSecond) : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseBeforeRetry = TimeSpan.FromMilliseconds(200);

    /// <summary>Nobody waits for longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>So many wait after ten seconds in which nobody was served. More would say no more about a cluster that has no processor to spare.</summary>
    private readonly int _maxWaiting = 10 * perSecond;

    /// <summary>As many as the client has connections: a try that waited for one would end before anybody has seen it, and those behind it likewise, for ever.</summary>
    private readonly SemaphoreSlim _places = new(Cluster.ConnectionsPerClient);

    private static int _numbers;

    private int _came;
    private int _waiting;

    private readonly ConcurrentDictionary<int, string> _acknowledged = new();
    private readonly ConcurrentBag<double> _waits = [];
    private readonly ConcurrentDictionary<string, int> _troubles = new();

    /// <summary>The ids of the orders by their number.</summary>
    public IReadOnlyDictionary<int, string> Acknowledged => _acknowledged;

    /// <summary>How many customers have come.</summary>
    public int Came => _came;

    /// <summary>Why orders were sent again, and how often.</summary>
    public string Troubles => string.Join(", ", _troubles.OrderBy(trouble => trouble.Key).Select(trouble => $"{trouble.Value} x {trouble.Key}"));

    /// <summary>How long customers have waited for their acknowledgement, in milliseconds.</summary>
    public (double Median, double P99, double Longest) Waits()
    {
        var sorted = _waits.Order().ToList();
        return (sorted[sorted.Count / 2], sorted[sorted.Count * 99 / 100], sorted[^1]);
    }

    /// <summary>Customers come as long as something goes on, and even when that fails no longer; those who still want an answer get it.</summary>
    /// <returns>For how many seconds they came.</returns>
    public async Task<double> DuringAsync(Func<Task> something)
    {
        using var stopping = new CancellationTokenSource();
        var began = RealTime.Clock.GetTimestamp();
        var customers = RunAsync(stopping.Token);
        double seconds;
        try
        {
            await something();
        }
        finally
        {
            seconds = RealTime.Clock.GetElapsedTime(began).TotalSeconds;
            await stopping.CancelAsync();
            await customers;
        }
        return seconds;
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        var last = RealTime.Clock.GetTimestamp();
        var due = 0.0;
        var customers = new List<Task>();
        bool isLast;
        do
        {
            await Task.Delay(Tick, RealTime.Clock, CancellationToken.None);
            isLast = stopping.IsCancellationRequested;
            var now = RealTime.Clock.GetTimestamp();
            due += RealTime.Clock.GetElapsedTime(last, now).TotalSeconds * perSecond;
            last = now;
            for (; due >= 1 && _waiting < _maxWaiting; due--)
                customers.Add(OrderAsync());
            due = Math.Min(due, 1);
        }
        while (!isLast);
        await Task.WhenAll(customers);
    }

    /// <returns>The id of the order.</returns>
    public async Task<string> OrderAsync()
    {
        Interlocked.Increment(ref _came);
        Interlocked.Increment(ref _waiting);
        try
        {
            return await OrderAsync(Interlocked.Increment(ref _numbers));
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<string> OrderAsync(int number)
    {
        var began = RealTime.Clock.GetTimestamp();
        while (true)
        {
            if (await TryAsync(number) is { } id)
            {
                _acknowledged[number] = id;
                _waits.Add(RealTime.Clock.GetElapsedTime(began).TotalMilliseconds);
                return id;
            }
            Assert.True(RealTime.Clock.GetElapsedTime(began) < Patience, $"Order {number} was not taken within {Patience}: {Troubles}");
            await Task.Delay(PauseBeforeRetry, RealTime.Clock);
        }
    }

    private async Task<string?> TryAsync(int number)
    {
        await _places.WaitAsync();
        try
        {
            using var answer = await client.OrderAsync(number);
            if (answer.IsSuccessStatusCode)
                return (await answer.Content.ReadFromJsonAsync<JsonNode>())!.Text("id");
            // 409: the first try is still under way, perhaps in a process that is frozen.
            Assert.True((int)answer.StatusCode is 409 or 500 or >= 502, $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
            _troubles.AddOrUpdate($"{(int)answer.StatusCode}", 1, static (_, count) => count + 1);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            _troubles.AddOrUpdate(failure is OperationCanceledException ? "silence" : "broken connection", 1, static (_, count) => count + 1);
        }
        finally
        {
            _places.Release();
        }
        return null;
    }

    public void Dispose()
    {
        client.Dispose();
        _places.Dispose();
    }
}
