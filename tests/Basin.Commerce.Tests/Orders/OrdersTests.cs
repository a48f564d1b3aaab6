using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Orders;
using Basin.Testing;

namespace Basin.Commerce.Tests.Orders;

/// <summary>Orders through the real systems, in one process, by a clock that the test moves.</summary>
public sealed class OrdersTests
{
    [Theory]
    [InlineData("tok_visa", "10115", 2, "delivered", null, 1)]
    [InlineData("tok_timeout", "10115", 2, "delivered", null, 1)]
    [InlineData("tok_unknown", "10115", 2, "delivered", null, 1)]
    [InlineData("tok_chargeDeclined", "10115", 2, "declined", "payment_declined", 0)]
    [InlineData("tok_chargeDeclinedInsufficientFunds", "10115", 2, "declined", "payment_declined", 0)]
    [InlineData("tok_visa", "10115", 101, "cancelled", "out_of_stock", 0)]
    [InlineData("tok_visa", "00000", 2, "cancelled", "carrier_refused", 0)]
    [InlineData("tok_unknown", "00000", 2, "cancelled", "carrier_refused", 0)]
    [InlineData("tok_captureFails", "10115", 2, "cancelled", "capture_failed", 0)]
    public async Task Each_outcome_ends_in_its_state_with_money_and_stock_right(
        string token, string postalCode, int quantity, string state, string? reason, int sold)
    {
        await using var shop = await Shop.OpenAsync();

        var id = await shop.PlaceAsync(Shop.Order(token, quantity, postalCode));
        await shop.FinishAsync();

        var order = (await shop.FindAsync(id))!;
        Assert.Equal(state, order["state"]!.GetValue<string>());
        Assert.Equal(reason, order["reason"]?.GetValue<string>());
        await AssertBooksAsync(shop, sold * quantity);
    }

    public static TheoryData<string, int, string> MomentsOfCancellation => new()
    {
        // The clock stops where the order is in the state; a parcel takes 3 s to leave and 6 s to arrive.
        { "placed", -1, "cancelled" },
        { "reserved", 0, "cancelled" },
        { "shipped", 4, "cancelled" },
    };

    [Theory]
    [MemberData(nameof(MomentsOfCancellation))]
    public async Task A_cancelled_order_gives_everything_back(string state, int seconds, string end)
    {
        await using var shop = await Shop.OpenAsync();
        var hold = seconds < 0 ? shop.Host.Faults.Hold("job:payments:payments.provider-call.v1") : null;
        var id = await shop.PlaceAsync(Shop.Order());
        if (hold is not null)
            await hold.Arrived;
        else
            await shop.Host.SettleAsync();
        for (var second = 0; second < seconds; second++)
            await shop.Host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(state, await shop.StateOfAsync(id));

        using var cancelled = await shop.Host.Client.PostAsync($"/v1/orders/{id}/cancel", null);
        hold?.Release();
        await shop.FinishAsync();

        Assert.Equal(HttpStatusCode.Accepted, cancelled.StatusCode);
        Assert.Equal(end, await shop.StateOfAsync(id));
        await AssertBooksAsync(shop, soldUnits: 0);
    }

    [Fact]
    public async Task A_delivered_order_cannot_be_cancelled()
    {
        await using var shop = await Shop.OpenAsync();
        var id = await shop.PlaceAsync(Shop.Order());
        await shop.FinishAsync();

        using var refused = await shop.Host.Client.PostAsync($"/v1/orders/{id}/cancel", null);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Equal("order_final", (await refused.Content.ReadFromJsonAsync<JsonObject>())!["code"]!.GetValue<string>());
        await AssertBooksAsync(shop, soldUnits: 2);
    }

    [Fact]
    public async Task Fifty_requests_with_one_key_make_one_order()
    {
        await using var shop = await Shop.OpenAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PlaceWithKeyAsync(shop, "\"once-only\"", Shop.Order())));
        var (status, id, _) = await PlaceWithKeyAsync(shop, "once-only", Shop.Order());
        await shop.FinishAsync();

        Assert.Equal(HttpStatusCode.Created, status);
        Assert.All(answers, answer => Assert.True(answer.Id == id || answer.Status == HttpStatusCode.Conflict));
        Assert.Single(await shop.Host.PublishedAsync<OrderPlaced>());
        await AssertBooksAsync(shop, soldUnits: 2);
    }

    [Fact]
    public async Task A_key_used_for_another_order_is_refused()
    {
        await using var shop = await Shop.OpenAsync();
        await PlaceWithKeyAsync(shop, "k1", Shop.Order());

        var (again, _, replayed) = await PlaceWithKeyAsync(shop, "k1", Shop.Order());
        var (other, _, _) = await PlaceWithKeyAsync(shop, "k1", Shop.Order(quantity: 3));

        Assert.Equal(HttpStatusCode.Created, again);
        Assert.True(replayed);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other);
    }

    [Fact]
    public async Task Orders_survive_restarts_at_every_step()
    {
        await using var shop = await Shop.OpenAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await shop.PlaceAsync(Shop.Order()));
            await shop.Host.RestartAsync();
            await shop.Host.AdvanceAsync(TimeSpan.FromSeconds(2));
        }

        await shop.FinishAsync();

        foreach (var id in ids)
            Assert.Equal("delivered", await shop.StateOfAsync(id));
        await AssertBooksAsync(shop, soldUnits: 10);
    }

    [Fact]
    public async Task The_timeline_streams_until_the_end_and_resumes_where_it_was()
    {
        await using var shop = await Shop.OpenAsync();
        var id = await shop.PlaceAsync(Shop.Order());
        await shop.FinishAsync();

        var all = await shop.Host.Client.GetStringAsync($"/v1/orders/{id}/events");
        using var resumed = new HttpRequestMessage(HttpMethod.Get, $"/v1/orders/{id}/events") { Headers = { { "Last-Event-ID", "4" } } };
        using var rest = await shop.Host.Client.SendAsync(resumed);
        var restText = await rest.Content.ReadAsStringAsync();

        Assert.Equal(5, all.Split("event: timeline").Length - 1);
        Assert.Contains("\"state\":\"delivered\"", all);
        Assert.Equal(1, restText.Split("event: timeline").Length - 1);
        Assert.Contains("id: 5", restText);
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        await using var shop = await Shop.OpenAsync();
        var id = await shop.PlaceAsync(Shop.Order());
        using var stranger = shop.Host.ClientOf(TestHost.DefaultCaller with { Tenant = new Id<Tenant>(2) });

        using var found = await stranger.GetAsync($"/v1/orders/{id}");
        using var cancelled = await stranger.PostAsync($"/v1/orders/{id}/cancel", null);
        using var events = await stranger.GetAsync($"/v1/orders/{id}/events");
        var list = await stranger.GetFromJsonAsync<JsonObject>("/v1/orders");

        Assert.Equal(HttpStatusCode.NotFound, found.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, cancelled.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, events.StatusCode);
        Assert.Empty(list!["items"]!.AsArray());
        Assert.NotEqual("cancelled", await shop.StateOfAsync(id));
    }

    [Fact]
    public async Task Lists_page_through_all_orders_newest_first()
    {
        await using var shop = await Shop.OpenAsync(new() { ["Basin:Store:Shards:orders"] = "3" });
        var placed = new List<string>();
        for (var i = 0; i < 7; i++)
            placed.Add(await shop.PlaceAsync(Shop.Order()));

        var listed = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await shop.Host.Client.GetFromJsonAsync<JsonObject>(cursor is null ? "/v1/orders?limit=3" : $"/v1/orders?limit=3&cursor={cursor}"))!;
            listed.AddRange(page["items"]!.AsArray().Select(item => item!["id"]!.GetValue<string>()));
            cursor = page["nextCursor"]?.GetValue<string>();
        }
        while (cursor is not null);

        Assert.Equal(placed.Order(), listed.Order());
        Assert.Equal(listed.OrderDescending(), listed);
    }

    [Theory]
    [InlineData("/v1/orders", "POST", "orders:read")]
    [InlineData("/v1/orders", "GET", "orders:write")]
    public async Task A_key_without_the_scope_is_refused(string path, string method, string scope)
    {
        await using var shop = await Shop.OpenAsync();
        using var client = shop.Host.ClientOf(TestHost.DefaultCaller with { Scopes = new HashSet<string> { scope } });

        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = JsonContent.Create(Shop.Order()) };
        using var response = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    private static async Task<(HttpStatusCode Status, string? Id, bool Replayed)> PlaceWithKeyAsync(Shop shop, string key, JsonObject order)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/orders") { Content = JsonContent.Create(order) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        using var response = await shop.Host.Client.SendAsync(request);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>();
        return (response.StatusCode, body!["id"]?.GetValue<string>(), response.Headers.Contains("Idempotency-Replayed"));
    }

    /// <summary>Money taken and not given back, and stock gone, are those of what was sold; nothing is held and the provider agrees.</summary>
    /// <summary>The clock stands still: two systems that count the ids of a millisecond by themselves come to the same ones.</summary>
    [Fact]
    public async Task An_order_and_an_intent_of_one_millisecond_have_each_a_payment()
    {
        await using var shop = await Shop.OpenAsync();
        const int Count = 5;
        for (var i = 0; i < Count; i++)
        {
            await shop.PlaceAsync(Shop.Order());
            using var intent = await shop.Host.Client.PostAsync(
                "/stripe/v1/payment_intents",
                new StringContent(
                    "amount=1000&currency=eur&confirm=true&payment_method=pm_card_visa", Encoding.UTF8, "application/x-www-form-urlencoded"));
            Assert.Equal(HttpStatusCode.OK, intent.StatusCode);
        }
        await shop.FinishAsync();

        var payments = (await shop.Host.Client.GetFromJsonAsync<JsonNode>("/v1/payments"))!["items"]!.AsArray();
        var amounts = payments.Select(payment => payment!["capturedMinor"]!.GetValue<long>()).Order();
        Assert.Equal([.. Enumerable.Repeat(2L * Shop.PriceMinor, Count), .. Enumerable.Repeat(1000L, Count)], amounts);
    }

    private static async Task AssertBooksAsync(Shop shop, int soldUnits)
    {
        var audit = await shop.AuditAsync();
        Assert.Empty(audit.Differences);
        Assert.Equal(0, audit.Unsettled);
        var ours = audit.Ours.GetValueOrDefault("EUR", Basin.Payments.MoneyTotals.None);
        Assert.Equal((long)soldUnits * Shop.PriceMinor, ours.CapturedMinor - ours.RefundedMinor);
        Assert.Equal((Shop.OnHand - soldUnits, 0L), await shop.StockAsync());
    }
}
