using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Basin.Kernel.Hosting;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Testing;
using Basin.Testing.Pages;
using Basin.Webhooks;
using Basin.Webhooks.Sending;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>A host with webhooks only, a system of the test that has something to tell, and somebody who is told.</summary>
internal sealed class WebhooksHost : IAsyncDisposable
{
    public static readonly Id<Tenant> Tenant = TestHost.DefaultCaller.Tenant;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private WebhooksHost(TestHost host, Receiver receiver) => (Host, Receiver) = (host, receiver);

    public TestHost Host { get; }

    public Receiver Receiver { get; }

    public HttpClient Client => Host.Client;

    /// <param name="resolver">Finds the addresses of hosts; the machine's own when null.</param>
    public static async Task<WebhooksHost> StartAsync(HostResolver? resolver = null, params (string Key, string? Value)[] settings)
    {
        var options = new TestHostOptions { Settings = { ["Basin:Webhooks:AllowPrivateTargets:0"] = "127.0.0.0/8" } };
        foreach (var (key, value) in settings)
            options.Settings[$"Basin:Webhooks:{key}"] = value;
        var host = await TestHost.StartAsync(
            builder =>
            {
                if (resolver is not null)
                    builder.Services.AddSingleton(resolver);
                builder.AddTeller().AddWebhooks();
                builder.Services.AddRazorComponents();
            },
            app =>
            {
                app.MapWebhooks();
                app.MapTestPages(typeof(WebhooksApi).Assembly);
            },
            options);
        return new WebhooksHost(host, await Receiver.StartAsync());
    }

    /// <summary>Makes an endpoint at a path of the receiver.</summary>
    public async Task<EndpointView> ListenAsync(string path, params string[] types)
    {
        var endpoint = new NewWebhookEndpoint(Receiver.UrlOf(path), types.Length == 0 ? ["*"] : types);
        return await PostAsync<EndpointView>("/v1/webhooks/endpoints", endpoint, HttpStatusCode.Created);
    }

    /// <summary>Tells something, and waits until everything has been done that can be done now.</summary>
    public async Task TellAsync(string id, string objectKey = "pi_1", string type = "payment_intent.succeeded", string payload = """{"a":1}""")
    {
        await PublishAsync(id, objectKey, type, payload);
        await Host.SettleAsync();
    }

    public Task PublishAsync(
        string id, string objectKey = "pi_1", string type = "payment_intent.succeeded", string payload = """{"a":1}""", Id<Tenant>? tenant = null) =>
        Host.StoreOf(Teller.Name).PublishAsync(
            ShardKey.First, tenant ?? Tenant, new WebhookMessage(id, type, objectKey, payload, Host.Time.GetUtcNow()));

    public async Task<EndpointView> FindAsync(Id<WebhookEndpoint> id) => await GetAsync<EndpointView>($"/v1/webhooks/endpoints/{id}");

    /// <summary>Oldest first.</summary>
    public async Task<List<DeliveryView>> DeliveriesAsync(string query = "")
    {
        var found = (await GetAsync<Page<DeliveryView>>($"/v1/webhooks/deliveries?limit=200{query}")).Items.ToList();
        found.Reverse();
        return found;
    }

    public async Task<DeliveryView> DeliveryAsync(string messageId)
    {
        var found = Assert.Single(await DeliveriesAsync(), delivery => delivery.MessageId == messageId);
        return await GetAsync<DeliveryView>($"/v1/webhooks/deliveries/{found.Id}");
    }

    public async Task<T> GetAsync<T>(string path) => (await Client.GetFromJsonAsync<T>(path, Json))!;

    public async Task<T> PostAsync<T>(string path, object? body, HttpStatusCode expected)
    {
        using var answer = await Client.PostAsync(path, body is null ? null : JsonContent.Create(body, options: Json));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == expected, text);
        return JsonSerializer.Deserialize<T>(text, Json)!;
    }

    public async Task<EndpointView> PutAsync(EndpointView endpoint, bool? enabled = null, string? url = null, params string[] types)
    {
        using var answer = await Client.PutAsJsonAsync(
            $"/v1/webhooks/endpoints/{endpoint.Id}",
            new ReplaceEndpoint(url ?? endpoint.Url, types.Length == 0 ? endpoint.EnabledTypes : types, Enabled: enabled));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<EndpointView>(Json))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}

/// <summary>A system that has something to tell.</summary>
internal static class Teller
{
    public const string Name = "teller";

    public static Microsoft.Extensions.Hosting.IHostApplicationBuilder AddTeller(this Microsoft.Extensions.Hosting.IHostApplicationBuilder builder)
    {
        builder.AddSystem(Name, typeof(Teller).Assembly).Publishes<WebhookMessage>();
        return builder;
    }
}
