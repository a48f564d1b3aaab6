using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Basin.Testing;
using Basin.Webhooks;

namespace Basin.Engines.Tests.Webhooks;

/// <summary>What is connected to, when names lead where they should not, and how much goes on at the same time.</summary>
public sealed class SendingTests
{
    private const string Elsewhere = "The host leads to an address that is not on the public internet.";

    private static readonly IPAddress Here = IPAddress.Loopback;
    private static readonly IPAddress Private = IPAddress.Parse("10.0.0.5");

    /// <summary>Answers with one set of addresses after another, the last again and again.</summary>
    private sealed class Names(params IPAddress[][] answers)
    {
        public ConcurrentQueue<string> Asked { get; } = new();

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellation)
        {
            Asked.Enqueue(host);
            return Task.FromResult(answers[Math.Min(Asked.Count, answers.Length) - 1]);
        }
    }

    private static async Task<EndpointView> ListenAtShopAsync(WebhooksHost host)
    {
        var url = new UriBuilder(host.Receiver.UrlOf("hook")) { Host = "shop.example" }.ToString();
        return await host.PostAsync<EndpointView>("/v1/webhooks/endpoints", new NewWebhookEndpoint(url, ["*"]), HttpStatusCode.Created);
    }

    private static async Task<string?> FirstErrorAsync(WebhooksHost host, string messageId) => (await host.DeliveryAsync(messageId)).Tries![0].Error;

    [Fact]
    public async Task A_host_is_looked_up_once_for_each_connection_and_that_address_is_connected_to()
    {
        var names = new Names([Here]);
        await using var host = await WebhooksHost.StartAsync(names.ResolveAsync, ("AllowHttp", "true"));
        await ListenAtShopAsync(host);

        await host.TellAsync("evt_1");

        Assert.Equal("/hook", Assert.Single(host.Receiver.All).Path);
        Assert.StartsWith("shop.example:", host.Receiver.All[0].Headers["Host"], StringComparison.Ordinal);
        Assert.Equal(["shop.example"], names.Asked);
    }

    [Fact]
    public async Task A_name_that_leads_elsewhere_a_moment_later_is_not_followed()
    {
        var names = new Names([Here], [Private]);
        await using var host = await WebhooksHost.StartAsync(names.ResolveAsync, ("AllowHttp", "true"));
        await ListenAtShopAsync(host);
        host.Receiver.Answer = (_, response) =>
        {
            response.Headers.Connection = "close";
            return Receiver.AnswerAsync(response, 200);
        };

        await host.TellAsync("evt_1");
        await host.TellAsync("evt_2");

        Assert.Equal(WebhookDeliveryState.Delivered, (await host.DeliveryAsync("evt_1")).State);
        Assert.Equal(WebhookDeliveryState.Retrying, (await host.DeliveryAsync("evt_2")).State);
        Assert.Equal(Elsewhere, await FirstErrorAsync(host, "evt_2"));
        Assert.Single(host.Receiver.All);
    }

    [Fact]
    public async Task One_private_address_among_others_is_enough_to_refuse()
    {
        await using var host = await WebhooksHost.StartAsync(new Names([Here, Private]).ResolveAsync, ("AllowHttp", "true"));
        await ListenAtShopAsync(host);

        await host.TellAsync("evt_1");

        Assert.Equal(Elsewhere, await FirstErrorAsync(host, "evt_1"));
        Assert.Empty(host.Receiver.All);
    }

    [Fact]
    public async Task A_name_that_leads_nowhere_is_said()
    {
        await using var host = await WebhooksHost.StartAsync(new Names([[]]).ResolveAsync, ("AllowHttp", "true"));
        await ListenAtShopAsync(host);

        await host.TellAsync("evt_1");

        Assert.Equal("The name of the host leads nowhere.", await FirstErrorAsync(host, "evt_1"));
    }

    [Fact]
    public async Task Without_encryption_nothing_leaves_the_machine()
    {
        await using var host = await WebhooksHost.StartAsync(new Names([Private]).ResolveAsync, ("AllowPrivateTargets:1", "10.0.0.0/8"));
        var url = new UriBuilder(host.Receiver.UrlOf("hook")) { Host = "localhost" }.ToString();
        await host.PostAsync<EndpointView>("/v1/webhooks/endpoints", new NewWebhookEndpoint(url, ["*"]), HttpStatusCode.Created);

        await host.TellAsync("evt_1");

        Assert.Equal("The host leads to another machine, and the URL does not begin with https://.", await FirstErrorAsync(host, "evt_1"));
    }

    [Fact]
    public async Task Whoever_cannot_prove_who_it_is_is_told_nothing()
    {
        using var key = ECDsa.Create();
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var own = request.CreateSelfSigned(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        await using var impostor = await Receiver.StartAsync(own);
        await using var host = await WebhooksHost.StartAsync();
        await host.PostAsync<EndpointView>("/v1/webhooks/endpoints", new NewWebhookEndpoint(impostor.UrlOf("hook"), ["*"]), HttpStatusCode.Created);

        await host.TellAsync("evt_1");

        Assert.StartsWith("https://", impostor.UrlOf("hook"), StringComparison.Ordinal);
        Assert.Equal("There was no secure connection: TLS, or the certificate, was refused.", await FirstErrorAsync(host, "evt_1"));
        Assert.Empty(impostor.All);
    }

    [Fact]
    public async Task An_endpoint_that_was_allowed_before_is_not_called_once_it_no_longer_is()
    {
        await using var host = await WebhooksHost.StartAsync();
        await host.ListenAsync("hook");
        host.Host.Settings["Basin:Webhooks:AllowPrivateTargets:0"] = "10.0.0.0/8";
        await host.Host.RestartAsync();

        await host.TellAsync("evt_1");

        Assert.Equal("The URL may not be called: A host on the public internet is expected.", await FirstErrorAsync(host, "evt_1"));
        Assert.Empty(host.Receiver.All);
    }

    [Fact]
    public async Task All_endpoints_together_get_only_so_many_requests_at_the_same_time()
    {
        await using var host = await WebhooksHost.StartAsync(settings: [("Concurrent", "3"), ("ConcurrentPerEndpoint", "2")]);
        foreach (var path in (string[])["a", "b", "c"])
            await host.ListenAsync(path);
        var (running, most) = (0, 0);
        using var held = new SemaphoreSlim(0);
        host.Receiver.Answer = async (_, response) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            await held.WaitAsync();
            Interlocked.Decrement(ref running);
            await Receiver.AnswerAsync(response, 200);
        };

        for (var i = 0; i < 10; i++)
            await host.PublishAsync($"evt_{i}", $"pi_{i}");
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 3);
        for (var i = 0; i < 30; i++)
        {
            held.Release();
            await Eventually.TrueAsync(() => host.Receiver.All.Count >= Math.Min(30, 4 + i));
        }
        await host.Host.SettleAsync();

        Assert.Equal(3, most);
        Assert.Equal(30, (await host.DeliveriesAsync("&state=delivered")).Count);
    }

    [Fact]
    public async Task An_endpoint_that_fails_for_a_minute_gets_one_request_at_a_time_until_it_answers()
    {
        await using var host = await WebhooksHost.StartAsync(settings: ("ConcurrentPerEndpoint", "4"));
        await host.ListenAsync("hook");
        host.Receiver.Answer = (_, response) => Receiver.AnswerAsync(response, 500);
        await host.TellAsync("evt_bad", "pi_bad");
        await host.Host.AdvanceAsync(TimeSpan.FromMinutes(1));
        var running = 0;
        using var held = new SemaphoreSlim(0);
        host.Receiver.Answer = async (_, response) =>
        {
            Interlocked.Increment(ref running);
            await held.WaitAsync();
            Interlocked.Decrement(ref running);
            await Receiver.AnswerAsync(response, 200);
        };

        for (var i = 0; i < 6; i++)
            await host.PublishAsync($"evt_{i}", $"pi_{i}");
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync()).Count == 7 && Volatile.Read(ref running) == 1);
        Assert.Single(await host.DeliveriesAsync("&state=sending"));

        held.Release();
        await Eventually.TrueAsync(() => Volatile.Read(ref running) == 4);
        held.Release(6);
        await host.Host.SettleAsync();
        Assert.Equal(6, (await host.DeliveriesAsync("&state=delivered")).Count);
    }

    [Fact]
    public async Task A_message_that_is_not_at_its_end_is_not_forgotten()
    {
        await using var host = await WebhooksHost.StartAsync(settings: ("KeepDays", "1"));
        await host.ListenAsync("hook");
        host.Receiver.Answer = (received, response) => Receiver.AnswerAsync(response, received.MessageId == "evt_bad" ? 500 : 200);
        await host.TellAsync("evt_good", "pi_1");
        await host.TellAsync("evt_bad", "pi_2");

        await host.Host.AdvanceAsync(TimeSpan.FromDays(2));
        await Eventually.TrueAsync(async () => (await host.DeliveriesAsync()).Count == 1);

        var open = await host.DeliveryAsync("evt_bad");
        Assert.Equal((WebhookDeliveryState.Retrying, 2), (open.State, open.Attempts));
    }

    [Theory]
    [InlineData("Retries:0", "00:00:00")]
    [InlineData("Retries:0", "-00:00:01")]
    [InlineData("Retries:0", "31.00:00:00")]
    [InlineData("AllowPrivateTargets:0", "everything")]
    [InlineData("Timeout", "00:00:00")]
    [InlineData("ConcurrentPerEndpoint", "0")]
    [InlineData("MaxEndpointsPerTenant", "1000")]
    public async Task A_setting_out_of_range_refuses_the_start(string name, string value) =>
        await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() => WebhooksHost.StartAsync(settings: (name, value)));
}
