using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Host.Tests;

/// <summary>A tenant that has something in every system, made through the API, with the tenant's name in all of it.</summary>
internal sealed partial class SampleTenant
{
    private readonly Dictionary<string, string> _values = [];
    private readonly Dictionary<string, string> _ids = [];
    private readonly string _name;
    private int _words;

    private SampleTenant(HttpClient client, string id, string name)
    {
        (Client, _name) = (client, name);
        _values["tenant"] = _ids["/v1/tenants"] = id;
        _values["name"] = "api";
        _values["today"] = $"{Id<Tenant>.Parse(id, null).CreatedAt.UtcDateTime:yyyy-MM-dd}";
    }

    public HttpClient Client { get; }

    /// <summary>What only this tenant may see.</summary>
    public IEnumerable<string> Marks => _ids.Values.Append($"{_name}0");

    public static async Task<SampleTenant> MakeAsync(HttpClient client, string id, string name)
    {
        var sample = new SampleTenant(client, id, name);
        await sample.SellAsync();
        await sample.KeepBooksAsync();
        await sample.KeepCardAsync();
        await sample.ListenAsync();
        await sample.OrderAsync();
        await sample.SettleAsync();
        return sample;
    }

    /// <summary>Puts what the tenant has in place of the placeholders.</summary>
    /// <param name="author">Whose new words; the tenant's when null.</param>
    public string Fill(string template, string? author = null)
    {
        var path = template.Split('?')[0];
        var word = $"{author ?? _name}0{_words++}";
        return Placeholder().Replace(template, match => match.Groups[1].Value switch
        {
            "new" => word,
            "id" => _ids.GetValueOrDefault(path) ?? _ids[path[..path.IndexOf("/{id}", StringComparison.Ordinal)]],
            var name => _values[name],
        });
    }

    /// <summary>All that the tenant can read, except what a look changes.</summary>
    public async Task<string> LookAsync(IEnumerable<ApiRoute> routes)
    {
        var seen = new List<string>();
        foreach (var route in routes.Where(route => !route.Writes))
        {
            using var answer = await Client.GetAsync(Fill(route.PathAndQuery));
            seen.Add($"{route.Name}: {(int)answer.StatusCode} {Volatile().Replace(await answer.Content.ReadAsStringAsync(), "")}");
        }
        return string.Join('\n', seen);
    }

    private async Task SellAsync()
    {
        await MakeAsync("POST /v1/keys");
        var product = await MakeAsync("POST /v1/products");
        _values["sku"] = product["variants"]![0]!["sku"]!.GetValue<string>();
        _values["code"] = (await MakeAsync("POST /v1/warehouses"))["code"]!.GetValue<string>();
        await MakeAsync("PUT /v1/stock/{sku}");
        await MakeAsync("POST /v1/carts");
        await MakeAsync("PUT /v1/carts/{id}/items/{sku}");
    }

    private async Task KeepBooksAsync()
    {
        foreach (var account in (string[])["bank", "till"])
            _values[account] = IdOf(await MakeAsync("POST /v1/ledger/accounts"));
        _values["at"] = "2090-01-01T00:00:00Z";
        _ids["/v1/ledger/accounts"] = _values["bank"];
        var transfers = WriteRoute.Named("POST /v1/ledger/transfers");
        var made = await MakeAsync(transfers with { Body = transfers.Body!.Replace("\"pendingId\":\"{new}\",", "", StringComparison.Ordinal) });
        _ids["/v1/ledger/transfers"] = IdOf(made);

        static string IdOf(JsonNode answer) => answer["results"]![0]!["id"]!.GetValue<string>();
    }

    private async Task KeepCardAsync() =>
        _ids["/v1/vault/cards"] = (await MakeAsync("POST /v1/vault/test-tokens"))["card"]!["id"]!.GetValue<string>();
    /// <summary>An endpoint that was told something, though nobody is there.</summary>
    private async Task ListenAsync()
    {
        await MakeAsync("POST /v1/webhooks/endpoints");
        var told = await WriteRoute.Named("POST /v1/webhooks/endpoints/{id}/test-messages").Case(this).RunAsync(Client);
        _ids["/v1/webhooks/deliveries"] = JsonNode.Parse(told)!["id"]!.GetValue<string>();
    }

    /// <summary>One order that arrives, and one whose payment nobody knows for an hour, so that it can be cancelled.</summary>
    private async Task OrderAsync()
    {
        var delivered = await MakeAsync("POST /v1/orders");
        _values["owner"] = $"mailto:{delivered["email"]!.GetValue<string>()}";
        var place = WriteRoute.Named("POST /v1/orders");
        var open = await MakeAsync(place with { Body = place.Body!.Replace("tok_visa", "tok_timeout", StringComparison.Ordinal) });
        _ids["/v1/orders"] = delivered["id"]!.GetValue<string>();
        _ids["/v1/orders/{id}/cancel"] = open["id"]!.GetValue<string>();
    }

    /// <summary>Waits until all that follows from the orders is there: no e-mail can be sent, so each is a dead letter.</summary>
    private async Task SettleAsync()
    {
        await FirstAsync("/v1/orders", order => Has(order, "state", "delivered"));
        await FirstAsync("/v1/payments", payment => Has(payment, "outcomeUnknown", "true"));
        _ids["/v1/payments"] = await FirstAsync("/v1/payments", payment => Has(payment, "state", "captured"));
        _ids["/v1/shipments"] = await FirstAsync("/v1/shipments", shipment => Has(shipment, "state", "delivered"));
        await FirstAsync("/v1/webhooks/deliveries", delivery => Has(delivery, "state", "failed"));
        var inbox = $"/v1/notifications?owner={_values["owner"]}";
        _ids["/v1/notifications"] = await FirstAsync(inbox, told => Has(told, "kind", "order_delivered"));
        await MakeAsync("POST /v1/payments/reconciliations");
        await FirstAsync("/v1/payments/reconciliations", report => Has(report, "state", "done"));
        await Eventually.TrueAsync(async () => (await ListAsync("/v1/dead-letters")).Count == 4);
        var letters = await ListAsync("/v1/dead-letters");
        _ids["/v1/dead-letters"] = letters[0]["id"]!.GetValue<string>();
        _ids["/v1/dead-letters/{id}/discard"] = letters[1]["id"]!.GetValue<string>();
    }

    private Task<JsonNode> MakeAsync(string route) => MakeAsync(WriteRoute.Named(route));

    private async Task<JsonNode> MakeAsync(WriteRoute route)
    {
        var made = JsonNode.Parse(await route.Case(this).RunAsync(Client))!;
        if (made["id"] is { } id)
            _ids[route.Path.Split("/{")[0]] = id.GetValue<string>();
        return made;
    }

    private async Task<string> FirstAsync(string path, Func<JsonNode, bool> condition)
    {
        JsonNode? found = null;
        await Eventually.TrueAsync(async () => (found = (await ListAsync(path)).Find(item => condition(item))) is not null);
        return found!["id"]!.GetValue<string>();
    }

    private async Task<List<JsonNode>> ListAsync(string path) =>
        [.. (await Client.GetFromJsonAsync<JsonNode>(path))!["items"]!.AsArray().Select(item => item!)];

    private static bool Has(JsonNode item, string member, string value) => item[member]?.ToString() == value;

    [GeneratedRegex(@"\{([a-z]+)\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholder();

    /// <summary>When a key was used last, and the number of a request.</summary>
    [GeneratedRegex(",?\"(lastUsedAt|traceId)\":\"[^\"]*\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Volatile();
}
