using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Notifications;
using Basin.Orders;
using Basin.Testing;
using Basin.Testing.Pages;

namespace Basin.Engagement.Tests.Notifications;

public sealed class NotificationsTests
{
    [Fact]
    public async Task Every_event_of_an_order_makes_one_notification_and_one_mail()
    {
        await using var host = await NotificationsHost.StartAsync();
        var order = (await host.TellAsync(host.Placed("acc_ada"))).Order;
        await host.TellAsync(new OrderShipped(order, "ada@example.com", "acc_ada", "UPS 1Z999"));
        await host.TellAsync(new OrderDelivered(order, "ada@example.com", "acc_ada"));
        await host.TellAsync(new OrderEnded(host.NewOrder(), "ada@example.com", "acc_ada", OrderState.Declined, OrderReason.PaymentDeclined));
        await host.TellAsync(new OrderEnded(host.NewOrder(), "ada@example.com", "acc_ada", OrderState.Cancelled, OrderReason.OutOfStock));

        var inbox = await host.Client.InboxAsync("acc_ada");

        Assert.Equal(["Order cancelled", "Payment declined", "Delivered", "On its way", "Order placed"], inbox.Select(each => each.Title));
        Assert.Equal($"Your order {order} has left: UPS 1Z999.", inbox[3].Body);
        Assert.Equal($"Thank you. We have your order {order} over €148.40.", inbox[4].Body);
        Assert.All(inbox.Skip(2), each => Assert.Equal($"/orders/{order}", each.Href));
        Assert.Equal(5, host.Mails().Length);
        Assert.Equal(5, (await host.PublishedAsync<NotificationAdded>()).Count);
    }

    [Fact]
    public async Task Orders_of_programs_are_in_the_inbox_of_their_address_and_wake_no_page()
    {
        await using var host = await NotificationsHost.StartAsync();
        var order = (await host.TellAsync(host.Placed(owner: null, "Ada@Example.com"))).Order;

        var inbox = await host.Client.InboxAsync("mailto:ada@example.com");

        Assert.Equal($"/v1/orders/{order}", Assert.Single(inbox).Href);
        Assert.Empty(await host.PublishedAsync<NotificationAdded>());
    }

    [Fact]
    public async Task Nothing_is_told_twice_although_transactions_fail_and_the_host_restarts()
    {
        await using var host = await NotificationsHost.StartAsync();
        host.Faults.Throw("on:notifications:basin.orders.order-placed.v1:after", times: 3);
        host.Faults.Throw("job:notifications:notifications.send-mail.v1:after", times: 2);
        for (var i = 0; i < 5; i++)
            await host.TellAsync(host.Placed("acc_ada"));
        await host.RestartAsync();
        await host.SettleAsync();
        await host.TellAsync(host.Placed("acc_ada"));
        for (var i = 0; i < 5; i++)
            await host.AdvanceAsync(TimeSpan.FromMinutes(2));
        await host.RestartAsync();
        await host.SettleAsync();

        var inbox = await host.Client.InboxAsync("acc_ada");

        Assert.Equal(6, inbox.Count);
        Assert.Equal(6, inbox.Select(each => each.Order).Distinct().Count());
        Assert.Equal(6, host.Mails().Length);
        Assert.Equal(inbox.Select(each => each.Id.ToString()).Order(), host.Mails().Select(Path.GetFileNameWithoutExtension));
    }

    [Fact]
    public async Task Reading_one_and_reading_all_are_remembered()
    {
        await using var host = await NotificationsHost.StartAsync();
        for (var i = 0; i < 3; i++)
            await host.TellAsync(host.Placed("acc_ada"));
        var newest = (await host.Client.InboxAsync("acc_ada"))[0];

        using var one = await host.Client.PostAsync($"/v1/notifications/{newest.Id}/read", null);
        var afterOne = await host.Client.InboxAsync("acc_ada");
        var unreadAfterOne = await UnreadAsync(host, "acc_ada");
        using var all = await host.Client.PostAsJsonAsync("/v1/notifications/read", new { owner = "acc_ada" });
        await host.RestartAsync();
        await host.TellAsync(host.Placed("acc_ada"));
        var afterAll = await host.Client.InboxAsync("acc_ada");

        Assert.Equal(HttpStatusCode.NoContent, one.StatusCode);
        Assert.Equal([true, false, false], afterOne.Select(each => each.Read));
        Assert.Equal(2, unreadAfterOne);
        Assert.Equal(HttpStatusCode.NoContent, all.StatusCode);
        Assert.Equal([false, true, true, true], afterAll.Select(each => each.Read));
        Assert.Equal(1, await UnreadAsync(host, "acc_ada"));
    }

    [Fact]
    public async Task A_visitors_notifications_are_the_customers_after_sign_in_also_those_that_come_late()
    {
        await using var host = await NotificationsHost.StartAsync();
        var customer = host.StoreOf("access").NewId<Account>(ShardKey.First);
        await host.TellAsync(host.Placed("visitor_x"));
        await host.Client.PostAsJsonAsync("/v1/notifications/read", new { owner = "visitor_x" });
        await host.TellAsync(host.Placed("visitor_x"));
        await host.StoreOf("access").PublishAsync(ShardKey.First, NotificationsHost.Tenant, new VisitorSignedIn("visitor_x", customer));
        await host.SettleAsync();
        await host.TellAsync(host.Placed("visitor_x"));

        var inbox = await host.Client.InboxAsync(customer.ToString());

        Assert.Equal([false, false, true], inbox.Select(each => each.Read));
        Assert.Empty(await host.Client.InboxAsync("visitor_x"));
    }

    /// <summary>Before the sign-in both inboxes get notifications in turns, before the first of the other one too, and after its last.</summary>
    [Theory]
    [InlineData("ccvcvvcvc")]
    [InlineData("vvc")]
    [InlineData("vccv")]
    [InlineData("cvcc")]
    [InlineData("vvv")]
    [InlineData("ccc")]
    public async Task After_sign_in_two_inboxes_are_one_in_the_order_in_which_things_happened(string turns)
    {
        await using var host = await NotificationsHost.StartAsync();
        var customer = host.StoreOf("access").NewId<Account>(ShardKey.First);
        var orders = new List<string>();
        foreach (var turn in turns)
            orders.Add((await host.TellAsync(host.Placed(turn == 'v' ? "visitor_x" : customer.ToString()))).Order.ToString());
        await host.StoreOf("access").PublishAsync(ShardKey.First, NotificationsHost.Tenant, new VisitorSignedIn("visitor_x", customer));
        await host.SettleAsync();
        orders.Add((await host.TellAsync(host.Placed("visitor_x"))).Order.ToString());
        orders.Add((await host.TellAsync(host.Placed(customer.ToString()))).Order.ToString());

        Assert.Equal(Enumerable.Reverse(orders), await PageByPageAsync(host, customer.ToString()));
        Assert.Equal(orders.Count, await UnreadAsync(host, customer.ToString()));
        Assert.Empty(await host.Client.InboxAsync("visitor_x"));
    }

    [Fact]
    public async Task What_a_customer_has_read_stays_read_and_what_comes_with_a_visitor_does_not_become_so()
    {
        await using var host = await NotificationsHost.StartAsync();
        var customer = host.StoreOf("access").NewId<Account>(ShardKey.First);
        await host.TellAsync(host.Placed("visitor_x"));
        await host.TellAsync(host.Placed(customer.ToString()));
        await host.Client.PostAsJsonAsync("/v1/notifications/read", new { owner = customer.ToString() });
        await host.StoreOf("access").PublishAsync(ShardKey.First, NotificationsHost.Tenant, new VisitorSignedIn("visitor_x", customer));
        await host.SettleAsync();

        Assert.Equal([true, false], (await host.Client.InboxAsync(customer.ToString())).Select(each => each.Read));
        Assert.Equal(1, await UnreadAsync(host, customer.ToString()));
    }

    private static async Task<List<string>> PageByPageAsync(TestHost host, string owner)
    {
        var orders = new List<string>();
        for (var cursor = ""; ;)
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/notifications?owner={owner}&limit=2{cursor}");
            orders.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("order").GetString()!));
            if (!page.TryGetProperty("nextCursor", out var next))
                return orders;
            cursor = $"&cursor={next}";
        }
    }

    [Fact]
    public async Task A_tenant_sees_no_notification_of_another()
    {
        await using var host = await NotificationsHost.StartAsync();
        await host.TellAsync(host.Placed("acc_ada"));
        var stranger = host.ClientOf(new Caller(new Id<Tenant>(2), "key_of_a_stranger", new HashSet<string> { "*" }));
        var id = (await host.Client.InboxAsync("acc_ada"))[0].Id;

        Assert.Empty(await stranger.InboxAsync("acc_ada"));
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync($"/v1/notifications/{id}/read", null)).StatusCode);
        await stranger.PostAsJsonAsync("/v1/notifications/read", new { owner = "acc_ada" });
        Assert.False((await host.Client.InboxAsync("acc_ada"))[0].Read);
    }

    [Fact]
    public async Task Notifications_go_after_the_days_that_they_are_kept()
    {
        await using var host = await NotificationsHost.StartAsync(("KeepDays", "10"));
        await host.TellAsync(host.Placed("acc_ada"));
        await host.TellAsync(host.Placed("acc_bob"));
        host.Clock.Jump(TimeSpan.FromDays(9));
        await host.SettleAsync();
        await host.TellAsync(host.Placed("acc_ada"));
        Assert.Equal(2, (await host.Client.InboxAsync("acc_ada")).Count);

        host.Clock.Jump(TimeSpan.FromDays(2));
        await host.SettleAsync();

        await Eventually.TrueAsync(async () => (await host.Client.InboxAsync("acc_ada")).Count == 1);
        Assert.Empty(await host.Client.InboxAsync("acc_bob"));
        Assert.Equal(1, await host.StoreOf("notifications").ReadAsync(
            ShardKey.First, snapshot => snapshot.NumberAsync("SELECT COUNT(*) FROM inbox"), TestContext.Current.CancellationToken));
        await host.TellAsync(host.Placed("acc_bob"));
        Assert.Single(await host.Client.InboxAsync("acc_bob"));
    }

    [Theory]
    [InlineData("POST", "/v1/notifications/read", "{}", "owner")]
    [InlineData("POST", "/v1/notifications/read", """{"owner":""}""", "owner")]
    [InlineData("POST", "/v1/notifications/read", """{"owner":"a\nb"}""", "owner")]
    [InlineData("POST", "/v1/notifications/read", """{"owner":null}""", "owner")]
    [InlineData("POST", "/v1/notifications/read", """{"owner":"a","all":true}""", "all")]
    [InlineData("POST", "/v1/notifications/nonsense/read", null, "id")]
    [InlineData("GET", "/v1/notifications", null, "owner")]
    [InlineData("GET", "/v1/notifications?owner=a&limit=0", null, "limit")]
    public async Task Garbage_is_refused_and_the_member_named(string method, string path, string? body, string member)
    {
        await using var host = await NotificationsHost.StartAsync();
        var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };

        using var answer = await host.Client.SendAsync(request);

        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(problem["errors"]?.AsObject().Any(error => error.Key.EndsWith(member, StringComparison.Ordinal)), problem.ToJsonString());
    }

    [Fact]
    public async Task The_bell_hears_what_comes_and_goes_on_where_it_was()
    {
        await using var host = await NotificationsHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        var owner = await visitor.GetAsync("/test/owner");
        var shop = host.Get<Tenants>().Shop;
        await host.TellAsync(host.Placed(owner), shop);

        using var stream = new StreamReader(await visitor.Client.GetStreamAsync("/inbox/live"));
        var first = await NextAsync(stream);
        await host.TellAsync(host.Placed(owner), shop);
        var second = await NextAsync(stream);
        using var again = new HttpRequestMessage(HttpMethod.Get, "/inbox/live") { Headers = { { "Last-Event-ID", first.Id } } };
        using var answer = await visitor.Client.SendAsync(again, HttpCompletionOption.ResponseHeadersRead);
        using var resumed = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.Equal(1, (int)first.Data["unread"]!);
        Assert.Equal(2, (int)second.Data["unread"]!);
        Assert.Equal(second.Id, (string?)second.Data["id"]);
        Assert.StartsWith("/orders/ord_", (string?)second.Data["href"]);
        Assert.Equal(second.Id, (await NextAsync(resumed)).Id);
    }

    [Fact]
    public async Task The_inbox_page_shows_escapes_and_marks_all_as_read()
    {
        await using var host = await NotificationsHost.StartAsync();
        using var visitor = new Visitor(host.Address);
        var owner = await visitor.GetAsync("/test/owner");
        await host.TellAsync(new OrderShipped(host.NewOrder(), "ada@example.com", owner, "<script>alert(1)</script>"), host.Get<Tenants>().Shop);

        var page = await visitor.GetAsync("/notifications");
        using var marked = await visitor.SubmitAsync("/notifications/read", page, "/notifications/read");

        Assert.Contains("class=\"unread\"", page);
        Assert.Contains("&lt;script&gt;", page);
        Assert.DoesNotContain("<script", page);
        Assert.Equal((HttpStatusCode.SeeOther, "/notifications"), (marked.StatusCode, marked.Headers.Location?.ToString()));
        Assert.DoesNotContain("class=\"unread\"", await visitor.GetAsync("/notifications"));
    }

    private static async Task<int> UnreadAsync(TestHost host, string owner) =>
        await host.Get<NotificationsApi>().CountUnreadAsync(NotificationsHost.Tenant, owner, CancellationToken.None);

    private static async Task<(string Id, JsonNode Data)> NextAsync(StreamReader stream)
    {
        string? id = null;
        JsonNode? data = null;
        for (var line = await stream.ReadLineAsync(); !string.IsNullOrEmpty(line); line = await stream.ReadLineAsync())
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line["id: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = JsonNode.Parse(line["data: ".Length..]);
        }
        return (id!, data!);
    }
}
