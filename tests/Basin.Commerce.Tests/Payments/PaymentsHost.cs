using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>Payments, its provider with faults, and somebody who asks for payments.</summary>
internal sealed class PaymentsHost(TestHost host) : IAsyncDisposable
{
    public const long Amount = 1999;
    private const string Asker = "asker";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static async Task<PaymentsHost> StartAsync(Dictionary<string, string?>? settings = null, int seed = 7) => new(await TestHost.StartAsync(
        builder =>
        {
            builder.AddPayments();
            builder.Services.AddFaultsTo<IPaymentProvider>();
            builder.AddSystem(Asker, typeof(PaymentsHost).Assembly, Asker)
                .Sharded()
                .Publishes<PaymentRequested>()
                .Publishes<PaymentCaptureRequested>()
                .Publishes<PaymentReleaseRequested>();
        },
        app => app.MapPayments(),
        new TestHostOptions { Seed = seed, Settings = settings ?? [] }));

    public TestHost Host => host;

    public static Id<Tenant> Tenant => TestHost.DefaultCaller.Tenant;

    public Id<Payment> NewId() => host.StoreOf("payments").Shards[0].Ids.Next<Payment>();

    public Task PublishAsync<T>(T asked, Id<Tenant>? tenant = null)
        where T : class, IEvent<T> => host.StoreOf(Asker).PublishAsync(new ShardKey(asked.Key), tenant ?? Tenant, asked);

    public async Task<Id<Payment>> RequestAsync(string token = "tok_visa", Id<Tenant>? tenant = null)
    {
        var id = NewId();
        await PublishAsync(new PaymentRequested(id, Amount, "EUR", token), tenant);
        await host.SettleAsync();
        return id;
    }

    public async Task CaptureAsync(Id<Payment> id)
    {
        await PublishAsync(new PaymentCaptureRequested(id));
        await host.SettleAsync();
    }

    public async Task ReleaseAsync(Id<Payment> id)
    {
        await PublishAsync(new PaymentReleaseRequested(id));
        await host.SettleAsync();
    }

    public async Task<PaymentView> GetAsync(Id<Payment> id) => (await host.Client.GetFromJsonAsync<PaymentView>($"/v1/payments/{id}", Json))!;

    public async Task<PaymentState> StateAsync(Id<Payment> id) => (await GetAsync(id)).State;

    public async Task<string[]> StepsAsync(Id<Payment> id) => [.. (await GetAsync(id)).History!.Select(step => step.What)];

    public Task<HttpResponseMessage> RefundAsync(Id<Payment> id, object body, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/payments/{id}/refunds") { Content = JsonContent.Create(body) };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return host.Client.SendAsync(request);
    }

    /// <summary>The own books and the provider's have the same sums and no payment differs.</summary>
    public async Task<MoneyTotals> AssertBooksAgreeAsync()
    {
        var audit = await host.Get<PaymentsApi>().AuditAsync(Tenant, CancellationToken.None);
        Assert.Empty(audit.Differences);
        Assert.Equal(0, audit.Unsettled);
        var (ours, theirs) = (audit.Ours.GetValueOrDefault("EUR", MoneyTotals.None), audit.Provider.GetValueOrDefault("EUR", MoneyTotals.None));
        Assert.Equal(ours with { Count = 0 }, theirs with { Count = 0 });
        return ours;
    }

    public async Task<IReadOnlyList<ProviderCharge>> ChargesAsync(Id<Payment> id) =>
        await host.Get<IPaymentProvider>().ListChargesAsync(Tenant, new Id<Payment>(id.Value - 1), id, CancellationToken.None);

    public static Caller Somebody(long tenant, params string[] scopes) => new(new Id<Tenant>(tenant), "key_of_somebody", new HashSet<string>(scopes));

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
