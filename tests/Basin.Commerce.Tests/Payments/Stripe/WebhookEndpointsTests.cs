namespace Basin.Commerce.Tests.Payments.Stripe;

public sealed class WebhookEndpointsTests : IAsyncLifetime
{
    private const string Url = "url=http://127.0.0.1:9/hook";

    private StripeHost _stripe = null!;

    public async ValueTask InitializeAsync() => _stripe = await StripeHost.StartAsync();

    public ValueTask DisposeAsync() => _stripe.DisposeAsync();

    [Fact]
    public async Task An_endpoint_is_made_changed_and_deleted_and_tells_its_secret_once()
    {
        var made = await _stripe.MakeAsync(
            "/webhook_endpoints",
            $"{Url}&enabled_events[]=charge.succeeded&enabled_events[]=invoice.paid&description=mine&metadata[a]=b&api_version=2026-10-28.endive");
        Assert.StartsWith("whsec_", made.Text("secret"));
        Assert.Equal(
            ("webhook_endpoint", "enabled", "mine", "2026-10-28.endive"),
            (made.Text("object"), made.Text("status"), made.Text("description"), made.Text("api_version")));

        var found = await _stripe.GetAsync($"/webhook_endpoints/{made.Id}");
        Assert.Null(found["secret"]);
        Assert.Equal(["charge.succeeded", "invoice.paid"], found["enabled_events"]!.AsArray().Select(type => (string)type!));

        var changed = await _stripe.MakeAsync(
            $"/webhook_endpoints/{made.Id}", "enabled_events[]=*&description=&metadata[c]=d&disabled=true&url=http://127.0.0.1:9/other");
        Assert.Equal(("disabled", null, "http://127.0.0.1:9/other"), (changed.Text("status"), changed.Text("description"), changed.Text("url")));
        Assert.Equal(("b", "d"), (changed.Text("metadata.a"), changed.Text("metadata.c")));
        Assert.Equal("enabled", (await _stripe.MakeAsync($"/webhook_endpoints/{made.Id}", "disabled=false")).Text("status"));

        var deleted = (await _stripe.DeleteAsync($"/webhook_endpoints/{made.Id}")).Succeeded();
        Assert.Equal($$"""{"id":"{{made.Id}}","object":"webhook_endpoint","deleted":true}""", deleted.Body.ToJsonString());
        (await _stripe.GetAsync($"/webhook_endpoints/{made.Id}")).Refused(404, "resource_missing", "id");
        (await _stripe.PostAsync($"/webhook_endpoints/{made.Id}", "description=x")).Refused(404, "resource_missing", "id");
        (await _stripe.DeleteAsync($"/webhook_endpoints/{made.Id}")).Refused(404, "resource_missing", "id");
    }

    [Theory]
    [InlineData("enabled_events[]=*", "url", "parameter_missing")]
    [InlineData($"{Url}", "enabled_events", "parameter_missing")]
    [InlineData("url=nonsense&enabled_events[]=*", "url", null)]
    [InlineData("url=http://10.0.0.1/&enabled_events[]=*", "url", null)]
    [InlineData($"{Url}&enabled_events[]=charge.*", "enabled_events[0]", null)]
    [InlineData($"{Url}&enabled_events[]=*&enabled_events[]=no+event", "enabled_events[1]", null)]
    [InlineData($"{Url}&enabled_events=*", "enabled_events", null)]
    [InlineData($"{Url}&enabled_events[]=*&colour=red", "colour", "parameter_unknown")]
    public async Task What_is_wrong_is_named_and_nothing_is_made(string form, string param, string? code)
    {
        (await _stripe.PostAsync("/webhook_endpoints", form)).Refused(400, code, param);
        Assert.Empty((await _stripe.GetAsync("/webhook_endpoints"))["data"]!.AsArray());
    }

    [Fact]
    public async Task A_repeat_finds_the_endpoint_and_no_secret_is_kept_in_the_open()
    {
        var first = (await _stripe.PostAsync("/webhook_endpoints", $"{Url}&enabled_events[]=*", key: "k")).Succeeded();
        var again = (await _stripe.PostAsync("/webhook_endpoints", $"{Url}&enabled_events[]=*", key: "k")).Succeeded();
        Assert.Equal(first.Body.ToJsonString(), again.Body.ToJsonString());
        Assert.Single((await _stripe.GetAsync("/webhook_endpoints"))["data"]!.AsArray());
        Assert.Empty(await _stripe.Host.StoringAsync(first.Text("secret")!));
    }

    [Fact]
    public async Task Lists_are_paged_newest_first()
    {
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
            ids.Insert(0, (await _stripe.MakeAsync("/webhook_endpoints", $"{Url}{i}&enabled_events[]=*")).Id);
        var page = await _stripe.GetAsync("/webhook_endpoints?limit=2");
        Assert.Equal((true, "/v1/webhook_endpoints"), ((bool)page["has_more"]!, page.Text("url")));
        Assert.Equal(ids[..2], IdsOf(page));
        Assert.Equal(ids[2..], IdsOf(await _stripe.GetAsync($"/webhook_endpoints?starting_after={ids[1]}")));
        Assert.Equal(ids[..1], IdsOf(await _stripe.GetAsync($"/webhook_endpoints?ending_before={ids[1]}")));
        (await _stripe.GetAsync("/webhook_endpoints?starting_after=we_0000000000001")).Refused(400, "resource_missing", "starting_after");
    }

    private static List<string> IdsOf(StripeReply list) => [.. list.Succeeded()["data"]!.AsArray().Select(each => (string)each!["id"]!)];
}
