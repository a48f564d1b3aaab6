using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Basin.Cluster.Tests;

/// <summary>
/// Customers who come at a steady rate, whatever the cluster does. Each sends its order again, under the same key, until somebody acknowledges it.
/// </summary>
internal sealed class OrderLoad(HttpClient client, int perSecond)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseBeforeRetry = TimeSpan.FromMilliseconds(200);

    /// <summary>Nobody waits for longer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private static int _numbers;

    private readonly ConcurrentDictionary<int, string> _acknowledged = new();
    private readonly ConcurrentBag<double> _waits = [];
    private readonly ConcurrentDictionary<string, int> _troubles = new();

    /// <summary>The ids of the orders by their number.</summary>
    public IReadOnlyDictionary<int, string> Acknowledged => _acknowledged;

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
        var began = RealTime.Clock.GetTimestamp();
        var customers = new List<Task>();
        bool isLast;
        do
        {
            await Task.Delay(Tick, RealTime.Clock, CancellationToken.None);
            isLast = stopping.IsCancellationRequested;
            var due = (int)(RealTime.Clock.GetElapsedTime(began).TotalSeconds * perSecond);
            while (customers.Count < due)
                customers.Add(OrderAsync());
        }
        while (!isLast);
        await Task.WhenAll(customers);
    }

    /// <returns>The id of the order.</returns>
    public async Task<string> OrderAsync()
    {
        var number = Interlocked.Increment(ref _numbers);
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
        return null;
    }
}
