using System.Text.Json.Nodes;
using Basin.Kernel.Access;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Payments;
using Basin.Payments.Customers;
using Basin.Payments.Providers;
using Basin.Testing;
using Basin.Vault;
using Basin.Webhooks;

namespace Basin.Commerce.Tests.Payments.Stripe;

/// <summary>What a route below <c>/stripe/v1</c> has answered.</summary>
internal sealed record StripeReply(int Status, JsonNode Body)
{
    public string Id => Text("id")!;

    public JsonNode? this[string member] => Body[member];

    /// <summary>A member as text, null when it is null; <c>card.last4</c> is one within another.</summary>
    public string? Text(string path) => path.Split('.').Aggregate((JsonNode?)Body, (node, member) => node![member])?.ToString();

    /// <summary>Says that it is an error with these members.</summary>
    public StripeReply Refused(int status, string? code, string? param = null, string type = "invalid_request_error")
    {
        var error = Body["error"]!;
        Assert.Equal((status, type, code, param), (Status, (string)error["type"]!, (string?)error["code"], (string?)error["param"]));
        return this;
    }

    public StripeReply Succeeded()
    {
        Assert.True(Status == 200, Body.ToJsonString());
        return this;
    }
}

/// <summary>Payments with all that stands below it, as a merchant's program sees it through Stripe's API.</summary>
internal sealed class StripeHost(TestHost host) : IAsyncDisposable
{
    public static async Task<StripeHost> StartAsync(Dictionary<string, string?>? settings = null) => new(await TestHost.StartAsync(
        builder =>
        {
            builder.AddLedger();
            builder.AddVault();
            builder.AddWebhooks();
            builder.AddPayments();
            builder.Services.AddFaultsTo<IPaymentProvider>();
        },
        app =>
        {
            app.MapVault();
            app.MapPayments();
        },
        new TestHostOptions
        {
            Settings = new(settings ?? [])
            {
                ["Basin:Store:Shards:payments"] = "2",
                ["Basin:Webhooks:AllowHttp"] = "true",
                ["Basin:Webhooks:AllowPrivateTargets:0"] = "127.0.0.0/8",
            },
        }));

    public TestHost Host => host;

    /// <summary>Somebody of another tenant who may do everything there.</summary>
    public HttpClient Neighbour => host.ClientOf(Somebody(2, "*"));

    public static Caller Somebody(long tenant, params string[] scopes) => new(new Id<Tenant>(tenant), "key_of_somebody", new HashSet<string>(scopes));

    public Task<StripeReply> GetAsync(string path, HttpClient? client = null) => SendAsync(HttpMethod.Get, path, null, null, client);

    public Task<StripeReply> DeleteAsync(string path, HttpClient? client = null) => SendAsync(HttpMethod.Delete, path, null, null, client);

    /// <param name="form">As it is sent, such as <c>name=Ada&amp;metadata[a]=b</c>.</param>
    public Task<StripeReply> PostAsync(string path, string form = "", string? key = null, HttpClient? client = null) =>
        SendAsync(HttpMethod.Post, path, form, key, client);

    public async Task<StripeReply> MakeAsync(string path, string form = "") => (await PostAsync(path, form)).Succeeded();

    /// <summary>The types of the events of an object, oldest first.</summary>
    public async Task<string[]> ToldAsync(string id)
    {
        var events = (await GetAsync("/events?limit=100")).Succeeded();
        return
        [
            .. events["data"]!.AsArray().Reverse()
                .Where(told => (string?)told!["data"]!["object"]!["id"] == id)
                .Select(told => (string)told!["type"]!),
        ];
    }

    /// <summary>The customer does, or fails to do, what a setup intent asks of them.</summary>
    public async Task ProveAsync(StripeReply intent, bool succeeds)
    {
        var url = intent["next_action"]!["redirect_to_url"]?["url"] ?? intent["next_action"]!["use_stripe_sdk"]!["stripe_js"];
        var steps = ((string)url!).Split('/');
        var id = Id<SandboxSetup>.Parse(steps[^1], null);
        var tenant = TestHost.DefaultCaller.Tenant;
        var proved = await host.StoreOf(steps[^2]).WriteAsync(
            ShardKey.Of(id), tx => SandboxBooks.ProveSetupAsync(tx, tenant, id, succeeds), CancellationToken.None);
        await host.Get<SetupsApi>().CompleteAsync(tenant, proved!.Key, CancellationToken.None);
    }

    public async Task<StripeReply> SendAsync(HttpMethod method, string path, string? form, string? key, HttpClient? client)
    {
        using var request = new HttpRequestMessage(method, $"/stripe/v1{path}");
        if (form is not null)
            request.Content = new StringContent(form, new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await (client ?? host.Client).SendAsync(request);
        return new StripeReply((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
