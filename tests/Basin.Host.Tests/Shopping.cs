using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>A shop of one product and its customers, as programs outside see them.</summary>
internal static class Shopping
{
    public const string Sku = "TEA-1";

    extension(HttpClient client)
    {
        public async Task StockAsync(long onHand)
        {
            var product = new
            {
                title = "Tea",
                currency = "EUR",
                variants = new[] { new { sku = Sku, priceMinor = 450, option = "" } },
                categories = new[] { "Kitchen" },
            };
            using var created = await client.PostAsJsonAsync("/v1/products", product);
            Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync());
            using var counted = await client.PutAsJsonAsync($"/v1/stock/{Sku}", new { onHand });
            Assert.True(counted.IsSuccessStatusCode, await counted.Content.ReadAsStringAsync());
        }

        /// <summary>Orders as a customer with a number; the number is the order's <c>Idempotency-Key</c> too.</summary>
        public async Task<HttpResponseMessage> OrderAsync(
            int number, int quantity = 1, string token = "tok_visa", string postalCode = "10115")
        {
            var order = new
            {
                email = $"c{number}@example.com",
                shipTo = new { name = "Ada", line1 = "1 Street", city = "Berlin", postalCode, country = "DE" },
                lines = new[] { new { sku = Sku, quantity } },
                payment = new { token },
            };
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/orders") { Content = JsonContent.Create(order) };
            request.Headers.Add("Idempotency-Key", $"order-{number}");
            return await client.SendAsync(request);
        }

        /// <summary>All pages of a list.</summary>
        public async Task<List<JsonNode>> ListAsync(string path)
        {
            var items = new List<JsonNode>();
            string? cursor = null;
            do
            {
                var page = (await client.GetFromJsonAsync<JsonNode>(cursor is null ? path : $"{path}&cursor={cursor}"))!;
                items.AddRange(page["items"]!.AsArray().Select(item => item!));
                cursor = page["nextCursor"]?.GetValue<string>();
            }
            while (cursor is not null);
            return items;
        }

        /// <summary>Every order, once all of them have come to their end.</summary>
        public async Task<List<JsonNode>> AllFinalAsync()
        {
            List<JsonNode> orders = [];
            await Eventually.TrueAsync(
                async () =>
                {
                    orders = await client.ListAsync("/v1/orders?limit=200");
                    return orders.TrueForAll(order => order.Text("state") is "delivered" or "declined" or "cancelled");
                },
                TimeSpan.FromMinutes(3));
            return orders;
        }
    }

    extension(JsonNode node)
    {
        public string Text(string member) => node[member]!.GetValue<string>();

        public long Number(string member) => node[member]!.GetValue<long>();
    }
}

/// <summary>What customers were told about their orders.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<int, string> _placed = new();
    private readonly ConcurrentDictionary<int, string> _refused = new();
    private int _asked;

    public int Placed => _placed.Count;

    public int Refused => _refused.Count;

    /// <summary>The codes of the refusals that were not made good later.</summary>
    public IEnumerable<string> Codes => _refused.Values.Distinct();

    /// <summary>One more order; it is placed, or the store refuses it for now and says when to come again.</summary>
    public Task<bool> OrderAsync(HttpClient client) => OrderAsync(client, Interlocked.Increment(ref _asked));

    /// <summary>Sends what was refused again, until the store takes it.</summary>
    public async Task MakeGoodAsync(HttpClient client)
    {
        foreach (var number in _refused.Keys)
            await Eventually.TrueAsync(() => OrderAsync(client, number));
    }

    /// <summary>Every order that a customer was told of is there, and no other.</summary>
    public void AssertAgrees(IEnumerable<JsonNode> orders) =>
        Assert.Equal(_placed.Values.Order(), orders.Select(order => order.Text("id")).Order());

    private async Task<bool> OrderAsync(HttpClient client, int number)
    {
        using var answer = await client.OrderAsync(number);
        var body = (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
        if (answer.IsSuccessStatusCode)
        {
            _refused.TryRemove(number, out _);
            _placed[number] = body.Text("id");
            return true;
        }
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.True(answer.Headers.RetryAfter?.Delta > TimeSpan.Zero, body.ToJsonString());
        _refused[number] = body.Text("code");
        return false;
    }
}
