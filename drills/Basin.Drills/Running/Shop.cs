using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Basin.Drills.Running;

/// <summary>The public API, as the customers of a drill use it.</summary>
internal static class Shop
{
    private static readonly string[] Categories = ["Kitchen"];

    /// <summary>What an arrival asks for; the same each time.</summary>
    public static HttpRequestMessage RequestOf(Arrival arrival)
    {
        var request = arrival.Kind switch
        {
            Kind.Browse => new HttpRequestMessage(HttpMethod.Get, "/v1/products?limit=20"),
            Kind.Cart => Post("/v1/carts", JsonContent.Create(new { })),
            Kind.Checkout => Post("/v1/orders", JsonContent.Create(OrderOf(arrival))),
            _ => Post("/stripe/v1/payment_intents", new StringContent(IntentOf(arrival), Encoding.UTF8, "application/x-www-form-urlencoded")),
        };
        if (request.Method == HttpMethod.Post)
            request.Headers.Add("Idempotency-Key", arrival.Key);
        return request;
    }

    /// <summary>What an intent of an arrival is about, in the currency's minor unit; no two are the same.</summary>
    public static long AmountOf(Arrival arrival) => 1_000 + arrival.Number;

    /// <param name="stock">How many there are, by SKU.</param>
    public static async Task FillAsync(HttpClient client, IReadOnlyDictionary<string, long> stock)
    {
        var variants = stock.Keys.Select(sku => new { sku, priceMinor = Goods.PriceMinor, option = sku });
        using var made = await client.PostAsJsonAsync("/v1/products", new { title = "Tea", currency = "EUR", variants, categories = Categories });
        await DemandAsync(made);
        foreach (var (sku, onHand) in stock)
        {
            using var counted = await client.PutAsJsonAsync($"/v1/stock/{sku}", new { onHand });
            await DemandAsync(counted);
        }
    }

    /// <summary>As an operator does while the host runs: whoever looks at the books asks often.</summary>
    public static async Task LiftLimitAsync(HttpClient client)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/limits/policies/api")
        {
            Content = JsonContent.Create(new { limits = new[] { new { permits = 1_000_000, period = "00:00:01" } } }),
            Headers = { { "If-Match", "*" } },
        };
        using var answer = await client.SendAsync(request);
        await DemandAsync(answer);
    }

    /// <exception cref="InvalidOperationException">It was not done.</exception>
    public static async Task DemandAsync(HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode)
            throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri?.PathAndQuery}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    private static HttpRequestMessage Post(string path, HttpContent content) => new(HttpMethod.Post, path) { Content = content };

    private static object OrderOf(Arrival arrival) => new
    {
        email = arrival.Email,
        shipTo = new { name = "Ada", line1 = "1 Street", city = "Berlin", postalCode = "10115", country = "DE" },
        lines = new[] { new { sku = arrival.Sku, quantity = 1 } },
        payment = new { token = $"tok_{arrival.Card}" },
    };

    private static string IntentOf(Arrival arrival) =>
        $"amount={AmountOf(arrival)}&currency=eur&metadata[number]={arrival.Number}&confirm=true&payment_method=pm_card_{arrival.Card}";

    extension(HttpClient client)
    {
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

        /// <summary>The same of Stripe's API.</summary>
        public async Task<List<JsonNode>> ListStripeAsync(string path)
        {
            var items = new List<JsonNode>();
            JsonNode page;
            do
            {
                var after = items.Count == 0 ? "" : $"&starting_after={items[^1].Text("id")}";
                page = (await client.GetFromJsonAsync<JsonNode>($"/stripe/v1/{path}?limit=100{after}"))!;
                items.AddRange(page["data"]!.AsArray().Select(item => item!));
            }
            while (page["has_more"]!.GetValue<bool>());
            return items;
        }
    }

    extension(HttpClient)
    {
        /// <summary>One that keeps many connections, to wherever a base address leads.</summary>
        public static HttpClient To(Uri address, string key) => new(new SocketsHttpHandler { MaxConnectionsPerServer = 1024 })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
        };
    }

    extension(JsonNode node)
    {
        public string Text(string member) => node[member]!.GetValue<string>();

        public long Number(string member) => node[member]!.GetValue<long>();
    }
}
