using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Basin.Inventory;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Inventory;

/// <summary>The routes of Inventory.</summary>
public sealed class InventoryHttpTests
{
    private static Task<TestHost> StartAsync() => TestHost.StartAsync(
        builder =>
        {
            builder.AddAsker();
            builder.AddInventory();
        },
        app => app.MapInventory());

    private static async Task<JsonElement> JsonOf(HttpResponseMessage answer, HttpStatusCode expected = HttpStatusCode.OK)
    {
        Assert.Equal(expected, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static async Task<string> ProblemOf(HttpResponseMessage answer, HttpStatusCode expected) =>
        (await JsonOf(answer, expected)).GetProperty("code").GetString()!;

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client, HttpMethod method, string path, object body, string? key = null, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(method, path) { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        if (ifMatch is not null)
            request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(ifMatch));
        return client.SendAsync(request);
    }

    [Fact]
    public async Task Stock_is_counted_adjusted_listed_and_explained()
    {
        await using var host = await StartAsync();
        var counted = await JsonOf(await host.Client.PutAsJsonAsync("/v1/stock/A-1", new { onHand = 10 }));
        Assert.Equal(
            """{"sku":"A-1","onHand":10,"reserved":0,"available":10,"warehouses":[{"warehouse":"main","onHand":10,"reserved":0,"available":10}]}""",
            counted.GetRawText());
        await JsonOf(await host.Client.PostAsJsonAsync("/v1/stock/A-1/adjustments", new { delta = -3, reason = "broken" }));
        await host.AskAndSettleAsync(new StockRequested(new Id<Reservation>(1), [new StockLine("A-1", 2)]));
        var stock = await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/A-1");
        Assert.Equal((7, 2, 5), (Int(stock, "onHand"), Int(stock, "reserved"), Int(stock, "available")));
        var list = await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock");
        Assert.Equal("""[{"sku":"A-1","onHand":7,"reserved":2,"available":5}]""", list.GetProperty("items").GetRawText());
        var movements = (await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/A-1/movements")).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["adjusted -3 broken", "counted 10 "], movements.Select(Describe));
        Assert.All(movements, movement => Assert.Equal(TestHost.DefaultCaller.Subject, movement.GetProperty("subject").GetString()));
        var warehouses = await host.Client.GetFromJsonAsync<JsonElement>("/v1/warehouses");
        Assert.Equal("main", Assert.Single(warehouses.GetProperty("items").EnumerateArray()).GetProperty("code").GetString());

        static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();

        static string Describe(JsonElement movement) =>
            $"{movement.GetProperty("cause")} {movement.GetProperty("delta")} {(movement.TryGetProperty("reason", out var reason) ? reason : "")}";
    }

    [Fact]
    public async Task Movements_of_all_warehouses_of_a_SKU_are_listed_page_after_page_the_newest_first()
    {
        await using var host = await StartAsync();
        using var east = await host.Client.PostAsJsonAsync("/v1/warehouses", new { code = "east", name = "East" });
        Assert.Equal(HttpStatusCode.Created, east.StatusCode);
        string[] skus = ["A-1", "A-1", "B-2"];
        for (var n = 1; n <= 15; n++)
            await JsonOf(await host.Client.PutAsJsonAsync($"/v1/stock/{skus[n % 3]}", new { onHand = 10 * n, warehouse = n % 2 == 0 ? "east" : "main" }));

        var listed = new List<int>();
        for (var cursor = ""; ;)
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/stock/A-1/movements?limit=3{cursor}");
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(movement => movement.GetProperty("delta").GetInt32()));
            if (!page.TryGetProperty("nextCursor", out var next))
                break;
            cursor = $"&cursor={next.GetString()}";
        }

        // What each count has changed: by 20 to 40 since the last one of the SKU in that warehouse, or all of it at first.
        var (levels, expected) = (new Dictionary<int, int>(), new List<int>());
        foreach (var n in Enumerable.Range(1, 15).Where(n => n % 3 != 2))
        {
            expected.Insert(0, (10 * n) - levels.GetValueOrDefault(n % 2));
            levels[n % 2] = 10 * n;
        }
        Assert.Equal(expected, listed);
        var none = await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/C-3/movements");
        Assert.Empty(none.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_count_below_what_is_reserved_is_refused_and_changes_nothing()
    {
        await using var host = await StartAsync();
        await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 10 });
        await host.AskAndSettleAsync(new StockRequested(new Id<Reservation>(1), [new StockLine("A", 6)]));
        Assert.Equal("stock_below_reserved", await ProblemOf(await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 5 }), HttpStatusCode.Conflict));
        var adjustment = await host.Client.PostAsJsonAsync("/v1/stock/A/adjustments", new { delta = -5, reason = "lost" });
        Assert.Equal("stock_below_reserved", await ProblemOf(adjustment, HttpStatusCode.Conflict));
        var beyond = await host.Client.PostAsJsonAsync("/v1/stock/A/adjustments", new { delta = 1_000_000_000, reason = "found" });
        Assert.Equal("stock_too_much", await ProblemOf(beyond, HttpStatusCode.Conflict));
        Assert.Equal(10, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/A")).GetProperty("onHand").GetInt32());
        await JsonOf(await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 6 }));
    }

    [Fact]
    public async Task A_count_with_an_old_ETag_is_refused_but_a_reservation_does_not_age_it()
    {
        await using var host = await StartAsync();
        var first = (await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 10 })).Headers.ETag!.ToString();
        await host.AskAndSettleAsync(new StockRequested(new Id<Reservation>(1), [new StockLine("A", 1)]));
        var second = await SendAsync(host.Client, HttpMethod.Put, "/v1/stock/A", new { onHand = 9 }, ifMatch: first);
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.Equal(second.Headers.ETag, (await host.Client.GetAsync("/v1/stock/A")).Headers.ETag);
        var late = await SendAsync(host.Client, HttpMethod.Put, "/v1/stock/A", new { onHand = 8 }, ifMatch: first);
        Assert.Equal("precondition_failed", await ProblemOf(late, HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task An_adjustment_under_one_key_happens_once()
    {
        await using var host = await StartAsync();
        var body = new { delta = 4, reason = "bought" };
        var first = await SendAsync(host.Client, HttpMethod.Post, "/v1/stock/A/adjustments", body, key: "k1");
        var again = await SendAsync(host.Client, HttpMethod.Post, "/v1/stock/A/adjustments", body, key: "k1");
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
        Assert.True(again.Headers.Contains("Idempotency-Replayed"));
        var other = await SendAsync(host.Client, HttpMethod.Post, "/v1/stock/A/adjustments", new { delta = 5, reason = "bought" }, key: "k1");
        Assert.Equal("idempotency_key_reused", await ProblemOf(other, HttpStatusCode.UnprocessableEntity));
        Assert.Equal(4, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/A")).GetProperty("onHand").GetInt32());
    }

    [Fact]
    public async Task Warehouses_are_added_once_and_hold_their_own_stock()
    {
        await using var host = await StartAsync();
        var added = await host.Client.PostAsJsonAsync("/v1/warehouses", new { code = "east", name = "East" });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        Assert.Equal("East", (await host.Client.GetFromJsonAsync<JsonElement>(added.Headers.Location)).GetProperty("name").GetString());
        var again = await host.Client.PostAsJsonAsync("/v1/warehouses", new { code = "east", name = "East" });
        Assert.Equal("warehouse_exists", await ProblemOf(again, HttpStatusCode.Conflict));
        await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 1, warehouse = "east" });
        var both = await JsonOf(await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 2 }));
        Assert.Equal(3, both.GetProperty("onHand").GetInt32());
        Assert.Equal(["east", "main"], both.GetProperty("warehouses").EnumerateArray().Select(level => level.GetProperty("warehouse").GetString()!));
    }

    [Fact]
    public async Task Lists_go_on_from_their_cursor()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 5; i++)
            await host.Client.PutAsJsonAsync($"/v1/stock/S{i}", new { onHand = i });
        var seen = new List<string>();
        var cursor = "";
        do
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/stock?limit=2{cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(line => line.GetProperty("sku").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? $"&cursor={next}" : null;
        }
        while (cursor is not null);
        Assert.Equal(["S0", "S1", "S2", "S3", "S4"], seen);
    }

    [Theory]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":-1}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1000000001}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1.5}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":"many"}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":null}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1,"onHand":2}""", "onHand")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1,"warehouse":"nowhere"}""", "warehouse")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1,"warehouse":""}""", "warehouse")]
    [InlineData("PUT", "/v1/stock/A", """{"onHand":1,"colour":"red"}""", "colour")]
    [InlineData("PUT", "/v1/stock/A%20B", """{"onHand":1}""", "sku")]
    [InlineData("PUT", "/v1/stock/12345678901234567890123456789012345678901234567890123456789012345", """{"onHand":1}""", "sku")]
    [InlineData("PUT", "/v1/stock/A", "[]", null)]
    [InlineData("PUT", "/v1/stock/A", "{", null)]
    [InlineData("PUT", "/v1/stock/A", "", null)]
    [InlineData("POST", "/v1/stock/A/adjustments", """{"delta":0,"reason":"x"}""", "delta")]
    [InlineData("POST", "/v1/stock/A/adjustments", """{"delta":9223372036854775808,"reason":"x"}""", "delta")]
    [InlineData("POST", "/v1/stock/A/adjustments", """{"delta":-9223372036854775808,"reason":"x"}""", "delta")]
    [InlineData("POST", "/v1/stock/A/adjustments", """{"delta":1}""", "reason")]
    [InlineData("POST", "/v1/stock/A/adjustments", """{"delta":1,"reason":" "}""", "reason")]
    [InlineData("POST", "/v1/stock/%C3%A4/adjustments", """{"delta":1,"reason":"x"}""", "sku")]
    [InlineData("POST", "/v1/warehouses", """{"code":"East","name":"x"}""", "code")]
    [InlineData("POST", "/v1/warehouses", """{"code":"","name":"x"}""", "code")]
    [InlineData("POST", "/v1/warehouses", """{"code":"a/b","name":"x"}""", "code")]
    [InlineData("POST", "/v1/warehouses", """{"code":"east","name":""}""", "name")]
    [InlineData("POST", "/v1/warehouses", """{"code":"east","name":null}""", "name")]
    [InlineData("POST", "/v1/warehouses", """{"name":"x"}""", "code")]
    [InlineData("GET", "/v1/stock?limit=0", "", "limit")]
    [InlineData("GET", "/v1/stock?cursor=%25", "", "cursor")]
    [InlineData("GET", "/v1/stock/A/movements?cursor=YQ", "", "cursor")]
    public async Task Garbage_is_refused_by_name_and_changes_nothing(string method, string path, string body, string? field)
    {
        await using var host = await StartAsync();
        var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var problem = await JsonOf(await host.Client.SendAsync(request), HttpStatusCode.BadRequest);
        Assert.Equal("invalid_request", problem.GetProperty("code").GetString());
        if (field is not null)
            Assert.Equal(field, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
        Assert.Empty((await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock")).GetProperty("items").EnumerateArray());
        Assert.Empty((await host.Client.GetFromJsonAsync<JsonElement>("/v1/warehouses")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task A_tenant_sees_nothing_of_another()
    {
        await using var host = await StartAsync();
        await host.Client.PutAsJsonAsync("/v1/stock/A", new { onHand = 10 });
        await host.Client.PostAsJsonAsync("/v1/warehouses", new { code = "east", name = "East" });
        var other = host.ClientOf(TestHost.DefaultCaller with { Tenant = new Id<Tenant>(2) });
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync("/v1/stock/A")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync("/v1/warehouses/east")).StatusCode);
        foreach (var path in new[] { "/v1/stock", "/v1/warehouses", "/v1/stock/A/movements" })
            Assert.Empty((await other.GetFromJsonAsync<JsonElement>(path)).GetProperty("items").EnumerateArray());
        var foreign = await JsonOf(await other.PutAsJsonAsync("/v1/stock/A", new { onHand = 1, warehouse = "east" }), HttpStatusCode.BadRequest);
        Assert.True(foreign.GetProperty("errors").TryGetProperty("warehouse", out _));
        await other.PutAsJsonAsync("/v1/stock/A", new { onHand = 1 });
        Assert.Equal(10, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/stock/A")).GetProperty("onHand").GetInt32());
    }

    [Theory]
    [InlineData("GET", "/v1/stock", "inventory:read")]
    [InlineData("GET", "/v1/stock/A", "inventory:read")]
    [InlineData("GET", "/v1/stock/A/movements", "inventory:read")]
    [InlineData("GET", "/v1/warehouses", "inventory:read")]
    [InlineData("GET", "/v1/warehouses/main", "inventory:read")]
    [InlineData("PUT", "/v1/stock/A", "inventory:write")]
    [InlineData("POST", "/v1/stock/A/adjustments", "inventory:write")]
    [InlineData("POST", "/v1/warehouses", "inventory:write")]
    public async Task Each_route_needs_its_scope(string method, string path, string scope)
    {
        await using var host = await StartAsync();
        var everythingElse = new[] { "inventory:read", "inventory:write", "orders:read", "orders:write" }.Where(other => other != scope);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOf(null));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(everythingElse));
        Assert.DoesNotContain(await StatusOf([scope]), new[] { HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden });

        async Task<HttpStatusCode> StatusOf(IEnumerable<string>? scopes)
        {
            var caller = scopes is null ? null : TestHost.DefaultCaller with { Scopes = scopes.ToHashSet() };
            var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = JsonContent.Create(new { }) };
            return (await host.ClientOf(caller).SendAsync(request)).StatusCode;
        }
    }
}
