using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Ids;
using Basin.Kernel.Resilience;
using Basin.Kernel.Tenancy;
using Basin.Shipping;
using Basin.Shipping.Carriers;
using Basin.Testing;

namespace Basin.Commerce.Tests.Shipping;

/// <summary>Shipping among its neighbours, with the sandbox carrier and one that fails.</summary>
public sealed class ShippingFlowTests
{
    private const string Booking = "ICarrier.BookAsync";
    private const string Recall = "ICarrier.RecallAsync";

    private static readonly Dictionary<string, string?> Instant = new()
    {
        ["Basin:Shipping:DispatchAfter"] = "00:00:00",
        ["Basin:Shipping:DeliverAfter"] = "00:00:00",
        ["Basin:Shipping:ReturnAfter"] = "00:00:00",
    };

    private static Task<TestHost> StartAsync(Dictionary<string, string?>? settings = null) => TestHost.StartAsync(
        builder =>
        {
            builder.AddAsker();
            builder.AddShipping();
            builder.Services.AddFaultsTo<ICarrier>();
        },
        app => app.MapShipping(),
        new TestHostOptions { Settings = settings ?? [] });

    private static Id<Shipment> Number(long number) => new(number);

    private static ShipmentRequested Request(long number, string postalCode = "53111", string country = "DE") =>
        new(Number(number), new Address("Ada", "1 Main St", "Bonn", postalCode, country), [new ParcelLine("A", 1)]);

    private static ShipmentCancelRequested Cancel(long number) => new(Number(number));

    /// <summary>All news in short, in the order of publication by kind.</summary>
    private static async Task<string> NewsAsync(TestHost host)
    {
        var news = (await host.PublishedAsync<ShipmentDispatched>()).Select(_ => "dispatched")
            .Concat((await host.PublishedAsync<ShipmentDelivered>()).Select(_ => "delivered"))
            .Concat((await host.PublishedAsync<ShipmentRefused>()).Select(refused => $"refused {refused.Reason}"))
            .Concat((await host.PublishedAsync<ShipmentCancelled>()).Select(cancelled => cancelled.Returned ? "returned" : "cancelled"));
        return string.Join(", ", news);
    }

    /// <summary>Long enough for a few tries: each back-off begins when the try before has failed.</summary>
    private static async Task SeveralTriesAsync(TestHost host)
    {
        for (var i = 0; i < 6; i++)
            await Seconds(host, 10);
    }

    private static Task Seconds(TestHost host, double seconds) => host.AdvanceAsync(TimeSpan.FromSeconds(seconds));

    [Fact]
    public async Task A_parcel_is_dispatched_and_delivered_at_the_carriers_pace()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1));
        await Seconds(host, 2.9);
        Assert.Equal("", await NewsAsync(host));
        await Seconds(host, 0.2);
        Assert.Equal("dispatched", await NewsAsync(host));
        Assert.Equal(
            [new ShipmentDispatched(Number(1), "sandbox", "SBX0000000000000000001")], await host.PublishedAsync<ShipmentDispatched>());
        await Seconds(host, 5.7);
        Assert.Equal("dispatched", await NewsAsync(host));
        await Seconds(host, 0.4);
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
    }

    [Fact]
    public async Task A_slow_address_takes_five_times_as_long()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1, postalCode: "99999"));
        await Seconds(host, 14.9);
        Assert.Equal("", await NewsAsync(host));
        await Seconds(host, 0.2);
        Assert.Equal("dispatched", await NewsAsync(host));
        await Seconds(host, 31);
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
    }

    [Fact]
    public async Task Without_a_pace_everything_happens_at_once_with_one_job()
    {
        await using var host = await StartAsync(Instant);
        await host.AskAndSettleAsync(Request(1));
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
        Assert.Equal(1, host.Faults.Met("job:shipping:shipping.carrier-call.v1"));
    }

    [Theory]
    [InlineData("00000", "DE", "refused address_unknown")]
    [InlineData("53111", "XX", "refused country_not_served")]
    public async Task The_carrier_refuses_on_demand_and_a_late_cancellation_is_not_answered(string postalCode, string country, string news)
    {
        await using var host = await StartAsync(new Dictionary<string, string?>(Instant) { ["Basin:Shipping:RefusedCountries:0"] = "XX" });
        await host.AskAndSettleAsync(Request(1, postalCode, country));
        await host.AskAndSettleAsync(Cancel(1));
        Assert.Equal(news, await NewsAsync(host));
    }

    [Fact]
    public async Task A_parcel_that_waits_for_collection_is_stopped()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1));
        await host.AskAndSettleAsync(Cancel(1));
        await Seconds(host, 60);
        Assert.Equal("cancelled", await NewsAsync(host));
    }

    [Fact]
    public async Task A_parcel_that_has_left_comes_back_and_is_not_delivered()
    {
        await using var host = await StartAsync();
        await host.AskAndSettleAsync(Request(1));
        await Seconds(host, 4);
        await host.AskAndSettleAsync(Cancel(1));
        await host.AskAndSettleAsync(Cancel(1));
        await Seconds(host, 2);
        Assert.Equal("dispatched", await NewsAsync(host));
        await Seconds(host, 60);
        Assert.Equal("dispatched, returned", await NewsAsync(host));
        await host.AskAndSettleAsync(Cancel(1));
        Assert.Equal("dispatched, returned, returned", await NewsAsync(host));
    }

    [Fact]
    public async Task A_delivered_parcel_is_not_called_back()
    {
        await using var host = await StartAsync(Instant);
        await host.AskAndSettleAsync(Request(1));
        await host.AskAndSettleAsync(Cancel(1));
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
    }

    [Fact]
    public async Task A_cancellation_before_the_request_is_answered_and_the_request_refused()
    {
        await using var host = await StartAsync(Instant);
        await host.AskAndSettleAsync(Cancel(1));
        await host.AskAndSettleAsync(Request(1));
        Assert.Equal("refused cancelled, cancelled", await NewsAsync(host));
    }

    [Theory]
    [InlineData("53111", "cancelled")]
    [InlineData("00000", "cancelled")]
    public async Task A_cancellation_while_the_carrier_is_asked_is_answered_once(string postalCode, string news)
    {
        await using var host = await StartAsync(Instant);
        var hold = host.Faults.Hold(Booking);
        await host.AskAsync(Request(1, postalCode));
        await hold.Arrived;
        await host.AskAsync(Cancel(1));
        await Eventually.TrueAsync(async () => await StateAsync(host, 1) == "cancelling");
        hold.Release();
        await host.SettleAsync();
        Assert.Equal(news, await NewsAsync(host));
    }

    [Fact]
    public async Task A_carrier_that_fails_is_asked_again_until_it_answers()
    {
        await using var host = await StartAsync(Instant);
        host.Faults.Throw(Booking, times: 3);
        await host.AskAndSettleAsync(Request(1));
        Assert.Equal("", await NewsAsync(host));
        await SeveralTriesAsync(host);
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
        Assert.Equal(4, host.Faults.Met(Booking));
    }

    [Fact]
    public async Task A_lost_answer_of_the_carrier_sends_no_second_parcel()
    {
        await using var host = await StartAsync(Instant);
        host.Faults.Throw(Booking + Faults.After);
        await host.AskAndSettleAsync(Request(1));
        await SeveralTriesAsync(host);
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
        Assert.Equal("SBX0000000000000000001", Assert.Single(await host.PublishedAsync<ShipmentDispatched>()).TrackingNumber);
    }

    [Fact]
    public async Task A_cancellation_while_the_carrier_fails_asks_it_to_stop_what_it_may_have()
    {
        await using var host = await StartAsync(Instant);
        host.Faults.Throw(Booking + Faults.After);
        host.Faults.Throw(Recall);
        await host.AskAndSettleAsync(Request(1));
        await host.AskAndSettleAsync(Cancel(1));
        Assert.Equal("", await NewsAsync(host));
        await SeveralTriesAsync(host);
        Assert.Equal("cancelled", await NewsAsync(host));
        Assert.Equal((1, 2), (host.Faults.Met(Booking), host.Faults.Met(Recall)));
    }

    [Fact]
    public async Task A_carrier_that_never_answers_does_not_hold_its_parcel_for_ever()
    {
        await using var host = await StartAsync(Instant);
        var hold = host.Faults.Hold(Booking);
        await host.AskAsync(Request(1));
        await hold.Arrived;
        host.Faults.Disarm(Booking);
        host.Clock.Advance(TimeSpan.FromSeconds(11));
        await Eventually.TrueAsync(() => host.Log.Lines.Any(line => line.Exception is DependencyException { Failure: DependencyFailure.Late }));
        await SeveralTriesAsync(host);
        Assert.Equal("dispatched, delivered", await NewsAsync(host));
    }

    [Fact]
    public async Task A_carrier_that_hangs_is_asked_for_few_parcels_at_a_time_and_the_others_come_later()
    {
        await using var host = await StartAsync(new Dictionary<string, string?>(Instant) { ["Basin:Shipping:CarrierConcurrent"] = "2" });
        var hold = host.Faults.Hold(Booking);
        for (var number = 1; number <= 6; number++)
            await host.AskAsync(Request(number));

        // Two are asked, one waits for a place.
        await Eventually.TrueAsync(() => CarrierOf(host) is { InFlight: 2, Waiting: 1, LastMinute.Refusals: 3 });
        Assert.Equal(2, host.Faults.Met(Booking));

        host.Faults.Disarm(Booking);
        hold.Release();
        await SeveralTriesAsync(host);
        Assert.Equal(6, (await host.PublishedAsync<ShipmentDelivered>()).Count);

        static DependencyView CarrierOf(TestHost host) => host.Get<Dependencies>().Look().Single(each => each.Name == "shipping/carrier");
    }

    [Fact]
    public async Task A_repeated_request_sends_one_parcel_and_is_told_again()
    {
        await using var host = await StartAsync(Instant);
        await host.AskAndSettleAsync(Request(1));
        await host.AskAndSettleAsync(Request(1));
        Assert.Equal("dispatched, dispatched, delivered, delivered", await NewsAsync(host));
        Assert.Equal(1, host.Faults.Met(Booking));
    }

    [Fact]
    public async Task Parcels_under_way_arrive_after_a_restart()
    {
        await using var host = await StartAsync(new Dictionary<string, string?> { ["Basin:Store:Shards:shipping"] = "3" });
        for (var shard = 0; shard < 6; shard++)
            await host.AskAsync(Request(Snowflake.Compose(1, shard, 1)));
        await host.SettleAsync();
        await Seconds(host, 4);
        await host.RestartAsync();
        await Seconds(host, 60);
        Assert.Equal(6, (await host.PublishedAsync<ShipmentDelivered>()).Count);
        var list = await host.Client.GetFromJsonAsync<JsonElement>("/v1/shipments?limit=4");
        var rest = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/shipments?limit=4&cursor={list.GetProperty("nextCursor")}");
        var ids = list.GetProperty("items").EnumerateArray().Concat(rest.GetProperty("items").EnumerateArray()).Select(s => s.GetProperty("id").GetString()!);
        Assert.Equal(Enumerable.Range(0, 6).Reverse().Select(shard => Number(Snowflake.Compose(1, shard, 1)).ToString()), ids);
        Assert.False(rest.TryGetProperty("nextCursor", out _));
    }

    [Fact]
    public async Task A_shipment_shows_its_tracking_to_its_tenant_and_scope_only()
    {
        await using var host = await StartAsync(Instant);
        await host.AskAndSettleAsync(Request(1));
        var shown = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/shipments/{Number(1)}");
        Assert.Equal("delivered", shown.GetProperty("state").GetString());
        Assert.Equal("53111", shown.GetProperty("parcel").GetProperty("to").GetProperty("postalCode").GetString());
        Assert.Equal(
            ["requested", "dispatched", "delivered"],
            shown.GetProperty("tracking").EnumerateArray().Select(entry => entry.GetProperty("state").GetString()!));
        var other = host.ClientOf(TestHost.DefaultCaller with { Tenant = new Id<Tenant>(2) });
        Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/v1/shipments/{Number(1)}")).StatusCode);
        Assert.Empty((await other.GetFromJsonAsync<JsonElement>("/v1/shipments")).GetProperty("items").EnumerateArray());
        var unscoped = host.ClientOf(TestHost.DefaultCaller with { Scopes = new HashSet<string> { "inventory:read" } });
        foreach (var path in new[] { "/v1/shipments", $"/v1/shipments/{Number(1)}" })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await unscoped.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.ClientOf(null).GetAsync(path)).StatusCode);
        }
    }

    [Theory]
    [InlineData("/v1/shipments/ord_0000000000001", "id")]
    [InlineData("/v1/shipments/1", "id")]
    [InlineData("/v1/shipments?limit=201", "limit")]
    [InlineData("/v1/shipments?cursor=YQ", "cursor")]
    public async Task Garbage_is_refused_by_name(string path, string field)
    {
        await using var host = await StartAsync();
        var answer = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(field, Assert.Single(problem.GetProperty("errors").EnumerateObject()).Name);
    }

    [Theory]
    [InlineData("Basin:Shipping:DispatchAfter", "-00:00:01")]
    [InlineData("Basin:Shipping:RefusedCountries:0", "de")]
    [InlineData("Basin:Shipping:Haste", "1")]
    public async Task A_wrong_setting_refuses_the_start(string name, string value) =>
        await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(new Dictionary<string, string?> { [name] = value }));

    private static async Task<string?> StateAsync(TestHost host, long number) =>
        (await host.Client.GetFromJsonAsync<JsonElement>($"/v1/shipments/{Number(number)}")).GetProperty("state").GetString();
}
