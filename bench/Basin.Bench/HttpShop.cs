using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Orders;

namespace Basin.Bench;

/// <summary>A shop over HTTP, filled with the products of the <see cref="OrderMix"/>.</summary>
internal sealed class HttpShop(Uri address, string key, TimeProvider time) : IShop, IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly string[] StatesUnderWay = ["placed", "authorized", "reserved", "shipped", "cancelling"];
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false })
    {
        BaseAddress = address,
        DefaultRequestHeaders = { Authorization = new("Bearer", key) },
    };

    public int? MaxOnTheirWay => null;

    public void Dispose() => _http.Dispose();

    /// <summary>Makes the products and fills the shelves.</summary>
    public async Task FillAsync(CancellationToken cancellation)
    {
        var lines = new StringBuilder();
        foreach (var product in OrderMix.AllProducts)
            lines.Append(JsonSerializer.Serialize(product, Json)).Append('\n');
        using var products = new StringContent(lines.ToString(), Encoding.UTF8, "application/x-ndjson");
        using var imported = await _http.PostAsync("/v1/products/import", products, cancellation);
        if (await imported.Content.ReadAsStringAsync(cancellation) is var answer && !imported.IsSuccessStatusCode)
            throw new BenchmarkException($"The products were not imported: {answer}");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, OrderMix.Products),
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellation },
            async (product, token) =>
            {
                using var counted = await _http.PutAsJsonAsync($"/v1/stock/{OrderMix.SkuAt(product)}", new { onHand = OrderMix.UnitsOfEach }, token);
                counted.EnsureSuccessStatusCode();
            });
    }

    public async Task<long> PlaceAsync(PlannedOrder order, string key, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/orders") { Content = JsonContent.Create(order.Request, options: Json) };
        request.Headers.Add("Idempotency-Key", $"\"{key}\"");
        using var answer = await _http.SendAsync(request, cancellation);
        if (answer.StatusCode != HttpStatusCode.Created)
            throw new BenchmarkException($"An order was answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}");
        return IdIn(answer.Headers.Location!.OriginalString.Split('/')[^1]);
    }

    public async Task<bool> CancelAsync(long order, string key, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/orders/{new Id<Order>(order)}/cancel");
        request.Headers.Add("Idempotency-Key", $"\"{key}\"");
        using var answer = await _http.SendAsync(request, cancellation);
        return answer.StatusCode switch
        {
            HttpStatusCode.Accepted => true,
            HttpStatusCode.Conflict => false,
            _ => throw new BenchmarkException($"A cancellation was answered {answer.StatusCode}."),
        };
    }

    /// <summary>Those that were placed before a look that finds none under way have ended.</summary>
    public async Task FollowAsync(IFollower follower, CancellationToken cancellation)
    {
        var ended = follower.Placed;
        try
        {
            while (true)
            {
                await Task.Delay(LookEvery, time, cancellation);
                var placed = follower.Placed;
                if (placed == ended || await IsAnyUnderWayAsync(cancellation))
                    continue;
                follower.End((int)(placed - ended));
                ended = placed;
            }
        }
        catch (OperationCanceledException)
        {
            // All that was placed has ended.
        }
    }

    private async Task<bool> IsAnyUnderWayAsync(CancellationToken cancellation)
    {
        foreach (var state in StatesUnderWay)
        {
            if ((await PageAsync($"/v1/orders?state={state}&limit=1", cancellation)).GetProperty("items").GetArrayLength() > 0)
                return true;
        }
        return false;
    }

    /// <summary>All items of a list, page after page.</summary>
    public async IAsyncEnumerable<JsonElement> ListAsync(
        string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var cursor = ""; ;)
        {
            var page = await PageAsync(string.Create(CultureInfo.InvariantCulture, $"{path}?limit=200{cursor}"), cancellation);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                yield return item;
            if (!page.TryGetProperty("nextCursor", out var next) || next.ValueKind == JsonValueKind.Null)
                yield break;
            cursor = $"&cursor={Uri.EscapeDataString(next.GetString()!)}";
        }
    }

    private async Task<JsonElement> PageAsync(string path, CancellationToken cancellation)
    {
        var bytes = await _http.GetByteArrayAsync(path, cancellation);
        using var json = JsonDocument.Parse(bytes);
        return json.RootElement.Clone();
    }

    public static long IdIn(string text) =>
        Id<Order>.TryParse(text, out var id) ? id.Value : throw new BenchmarkException($"This is no order: {text}");
}
