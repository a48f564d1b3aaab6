using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Catalog;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>A host with the catalogue only, and the words that its tests share.</summary>
internal static class CatalogHost
{
    public static readonly Caller Stranger = new(new Id<Tenant>(2), "key_of_a_stranger", new HashSet<string> { "*" });

    public static Task<TestHost> StartAsync(Dictionary<string, string?>? settings = null) => TestHost.StartAsync(
        builder => builder.AddCatalog(), app => app.MapCatalog(), new TestHostOptions { Settings = settings ?? [] });

    public static ProductDetails Mug(string sku = "MUG-1", long price = 1250, string title = "Blue Mug") =>
        new(title, "EUR", [new Variant(sku, price)], ["Mugs"]);

    public static async Task<ProductView> CreateAsync(this HttpClient client, ProductDetails details)
    {
        var answer = await client.PostAsJsonAsync("/v1/products", details);
        Assert.Equal(201, (int)answer.StatusCode);
        return await answer.ReadAsync<ProductView>();
    }

    public static async Task<T> ReadAsync<T>(this HttpResponseMessage answer) =>
        await answer.Content.ReadFromJsonAsync<T>() ?? throw new InvalidOperationException("The answer is null.");

    public static Task<HttpResponseMessage> PutAsync(this HttpClient client, Id<Product> id, object? details, string? ifMatch, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/products/{id}") { Content = JsonContent.Create(details) };
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return client.SendAsync(request);
    }

    public static async Task<List<string>> TitlesAsync(this HttpClient client, string query)
    {
        var page = await client.GetFromJsonAsync<JsonNode>($"/v1/products?{query}");
        return [.. page!["items"]!.AsArray().Select(item => (string)item!["title"]!)];
    }

    /// <summary>Sends lines to the import; the last node is the summary.</summary>
    public static async Task<List<JsonNode>> ImportAsync(this HttpClient client, string lines, string type = "application/x-ndjson")
    {
        var content = new StringContent(lines, Encoding.UTF8, type);
        var answer = await client.PostAsync("/v1/products/import", content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
