using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Basin.Limits.Regions;

/// <summary>Tells the other regions what was let in here, and hears the same of them. Whoever does not answer holds up no other.</summary>
internal sealed class RegionSettler : BackgroundService
{
    private const string Path = "/v1/limits/settlements";

    private const long MaxAnswerBytes = 1024 * 1024;

    private static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(1);

    private readonly RegionsOptions _options;
    private readonly Region _region;
    private readonly TimeProvider _time;
    private readonly JsonSerializerOptions _json;
    private readonly Dictionary<string, CalledDependency> _others;
    private readonly HttpClient _http;

    public RegionSettler(LimitsOptions options, Region region, IOptions<JsonOptions> json, Randomness chance, TimeProvider time, ILogger<RegionSettler> log)
    {
        (_options, _region, _time, _json) = (options.Regions, region, time, json.Value.SerializerOptions);
        _others = options.Regions.Others.Keys.ToDictionary(name => name, name => new CalledDependency(InfoOf(name), LimitsOf(options.Regions), time, chance, log));
        _http = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = ConnectionLife, AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan, // the dependency ends what takes too long
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
    }

    public IEnumerable<Dependency> Dependencies => _others.Values;

    public override void Dispose()
    {
        _http.Dispose();
        foreach (var other in _others.Values)
            other.Dispose();
        base.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_others.Select(other => SettleAsync(other.Key, other.Value, stoppingToken)).Append(CollectAsync(stoppingToken)));

    /// <summary>Whoever does not answer does not hold up what is let in here either.</summary>
    private async Task CollectAsync(CancellationToken stopping)
    {
        while (_others.Count > 0 && !stopping.IsCancellationRequested)
        {
            await _time.DelayQuietly(_options.SettleEvery, stopping);
            _region.Collect();
        }
    }

    private async Task SettleAsync(string name, CalledDependency other, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await _time.DelayQuietly(_options.SettleEvery, stopping);
            try
            {
                await other.CallAsync(token => SettleAsync(name, token), stopping);
            }
            catch (Exception failure) when (failure is DependencyException or HttpRequestException or JsonException or OperationCanceledException)
            {
                // The same is told again; meanwhile the region counts on itself.
            }
        }
    }

    private async Task SettleAsync(string name, CancellationToken cancellation)
    {
        var (told, other) = (_region.Tell(name), _options.Others[name]);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(other.Address!, Path))
        {
            Content = JsonContent.Create(told, options: _json),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", other.Key) },
        };
        using var response = await _http.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
        var answer = await response.Content.ReadFromJsonAsync<Settlement>(_json, cancellation);
        if (answer is null || answer.From != name || answer.IsFaulty)
            throw new HttpRequestException($"What answers at {other.Address} is not the region {name}.");
        _region.Hear(answer);
    }

    private static DependencyInfo InfoOf(string name) => new(
        $"limits/region-{name}",
        $"Counts with this region what both let in, by the policies that are regional.",
        "Each region goes by its part of the rate until they find each other again.");

    /// <summary>Whoever is back is to be found at once, so that no breaker keeps away.</summary>
    private static CallLimits LimitsOf(RegionsOptions options) => new() { Timeout = options.Timeout, Concurrent = 1, Breaker = null };
}
