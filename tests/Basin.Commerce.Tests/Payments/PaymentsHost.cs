using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Basin.Kernel.Access;
using Basin.Kernel.Events;
using Basin.Kernel.Hosting;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Basin.Ledger;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;
using Basin.Vault;
using Basin.Webhooks;
using Microsoft.Extensions.DependencyInjection;

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
            builder.AddLedger();
            builder.AddVault();
            builder.AddWebhooks();
            builder.AddPayments();
            builder.Services.AddFaultsTo<IPaymentProvider>();
            builder.Services.AddFaultsTo<ILedger>();
            builder.AddSystem(Asker, typeof(PaymentsHost).Assembly, Asker)
                .Sharded()
                .GivesIds()
                .Publishes<PaymentRequested>()
                .Publishes<PaymentCaptureRequested>()
                .Publishes<PaymentReleaseRequested>();
        },
        app => app.MapPayments(),
        new TestHostOptions { Seed = seed, Settings = settings ?? [] }));

    public TestHost Host => host;

    public static Id<Tenant> Tenant => TestHost.DefaultCaller.Tenant;

    public Id<Payment> NewId() => host.StoreOf(Asker).Shards[0].Ids.Next<Payment>();

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

    public async Task<IReadOnlyList<ProviderCharge>> ChargesAsync(Id<Payment> id, string provider = "sandbox") =>
        await host.Get<ProviderDesk>().Of(provider).ListChargesAsync(Tenant, new Id<Payment>(id.Value - 1), id, CancellationToken.None);

    /// <summary>Asks Stripe's API to do something.</summary>
    /// <param name="form">Such as <c>amount=100&amp;currency=eur</c>.</param>
    public async Task<StripeReply> PostAsync(string path, string form = "", string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/stripe/v1/{path}")
        {
            Content = new StringContent(form, Encoding.UTF8, "application/x-www-form-urlencoded"),
        };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        using var answer = await host.Client.SendAsync(request);
        return new StripeReply((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonNode>())!);
    }

    /// <summary>An intent that is confirmed at once, with <see cref="Amount"/>.</summary>
    public async Task<StripeReply> PayAsync(string card = "visa", string more = "", string? key = null) =>
        await PostAsync("payment_intents", $"amount={Amount}&currency=eur&confirm=true&payment_method=pm_card_{card}{more}", key);

    /// <summary>The same, held until it is captured.</summary>
    public Task<StripeReply> HoldAsync(string card = "visa") => PayAsync(card, "&capture_method=manual");

    /// <summary>The only payment that there is, in any shard.</summary>
    public async Task<Id<Payment>> OnlyPaymentAsync() => Assert.Single(await ListAsync()).Id;

    public async Task<List<Payment>> ListAsync() =>
        await PaymentsStore.ListAsync(host.StoreOf("payments"), Tenant, long.MaxValue, 100, CancellationToken.None);

    /// <summary>The customer proves who they are at the sandbox, or fails to, and the sandbox tells it.</summary>
    public async Task ProveAsync(Id<Payment> id, bool succeeds = true)
    {
        var charge = Id<SandboxCharge>.Parse(Assert.Single(await ChargesAsync(id)).Charge, null);
        await host.Services.GetRequiredKeyedService<SandboxProvider>("sandbox").ProveAsync(charge, succeeds, CancellationToken.None);
        await host.SettleAsync();
    }

    /// <summary>
    /// Waits until all is quiet: the charges of the providers, the payments, the lines of the balance and the accounts of the ledger say the same, to
    /// the cent, of each provider and currency.
    /// </summary>
    public async Task AssertMoneyAgreesAsync()
    {
        await host.SettleAsync();
        var audit = await host.Get<PaymentsApi>().AuditAsync(Tenant, CancellationToken.None);
        Assert.Empty(audit.Differences);
        Assert.Equal(0, audit.Unsettled);
        var lines = await ListLinesAsync();
        foreach (var provider in host.Get<ProviderDesk>().Names)
        {
            var charges = await host.Get<ProviderDesk>().Of(provider).ListChargesAsync(
                Tenant, default, new Id<Payment>(long.MaxValue), CancellationToken.None);
            foreach (var currency in charges.Select(charge => charge.Currency).Distinct())
                await AssertMoneyAgreesAsync(provider, currency, [.. charges.Where(charge => charge.Currency == currency)], lines);
        }
        Assert.All(
            await host.Get<LedgerApi>().SumAsync(Tenant, CancellationToken.None), sum => Assert.Equal(sum.Debits, sum.Credits));
    }

    /// <summary>The lines of the balance.</summary>
    public ValueTask<List<BalanceTransaction>> ListLinesAsync() => host.StoreOf("payments").ReadAllAsync(
        snapshot => BalanceStore.ListAsync(snapshot, Tenant, new RecordQuery(0, long.MaxValue, int.MaxValue), kind: null, source: null),
        CancellationToken.None);

    private async Task AssertMoneyAgreesAsync(string provider, string currency, List<ProviderCharge> charges, List<BalanceTransaction> lines)
    {
        var ours = lines.Where(line => (line.Provider, line.Currency) == (provider, currency)).ToList();
        var days = await host.StoreOf("payments").ReadAllAsync(snapshot => BalanceStore.ListDaysAsync(snapshot, Tenant), CancellationToken.None);
        var account = await host.Get<LedgerApi>().FindAccountAsync(
            Tenant, $"provider.{provider}.{currency.ToLowerInvariant()}", CancellationToken.None);
        // A dispute is between the banks: the provider's charge stays as it was.
        var fromCharges = ours.Where(line => line.Kind is not (MovementKind.Dispute or MovementKind.DisputeWon or MovementKind.Payout))
            .Sum(line => line.NetMinor);
        Assert.Equal(charges.Sum(charge => charge.CapturedMinor - charge.RefundedMinor - charge.FeeMinor), fromCharges);
        Assert.Equal(
            ours.Sum(line => line.NetMinor), days.Where(day => (day.Provider, day.Currency) == (provider, currency)).Sum(day => day.NetMinor));
        Assert.Equal(ours.Sum(line => line.NetMinor), account is null ? 0 : account.Debits.Posted - account.Credits.Posted);
        var held = charges.Where(charge => charge is { Voided: false, CapturedMinor: 0 }).Sum(charge => charge.AuthorizedMinor);
        Assert.Equal(held, account?.Debits.Pending ?? 0);
    }

    public static Caller Somebody(long tenant, params string[] scopes) => new(new Id<Tenant>(tenant), "key_of_somebody", new HashSet<string>(scopes));

    public ValueTask DisposeAsync() => host.DisposeAsync();
}

/// <summary>What Stripe's API answers.</summary>
internal sealed record StripeReply(int Status, JsonNode Body)
{
    public string Id => Text("id");

    /// <summary>Of an error.</summary>
    public string? Code => Body["error"]?["code"]?.GetValue<string>();

    /// <summary>The payment of an intent that was confirmed.</summary>
    public Id<Payment> Payment => new(Id<Charge>.Parse(Text("latest_charge"), null).Value);

    public string Text(string member) => Body[member]!.GetValue<string>();

    public long Number(string member) => Body[member]!.GetValue<long>();
}
