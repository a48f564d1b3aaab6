using System.Net;
using Basin.Catalog;
using Basin.Inventory;
using Basin.Kernel.Resilience;
using Basin.Payments;
using Basin.Payments.Providers;
using Basin.Testing;

namespace Basin.Commerce.Tests.Payments;

/// <summary>A provider that takes calls and says nothing. It may hold its own payments up, and nothing else.</summary>
public sealed class HangingProviderTests
{
    private const string DollarSku = "COFFEE-1";
    private const string Sandbox = "payments/sandbox";
    private const int Waiting = 12;
    private const int Places = 3;

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_provider_that_hangs_holds_its_own_payments_up_and_nothing_else()
    {
        // Euros have one provider, dollars the other. The jobs of a shard have few slots, so that a hang would soon take them all.
        await using var shop = await Shop.OpenAsync(new()
        {
            ["Basin:Payments:Routes:0:Currency"] = "EUR",
            ["Basin:Payments:Routes:0:Providers:0"] = "sandbox",
            ["Basin:Payments:Routes:1:Providers:0"] = "reserve",
            ["Basin:Payments:ProviderConcurrent"] = $"{Places}",
            ["Basin:Payments:ProviderWaiting"] = "0",
            ["Basin:Events:MaxConcurrentJobs"] = $"{2 * Places}",
            ["Basin:Shipping:DispatchAfter"] = "00:00:00",
            ["Basin:Shipping:DeliverAfter"] = "00:00:00",
        });
        await SellInDollarsAsync(shop);
        shop.Host.Get<SandboxOptions>().Latency = Hang;

        var held = new List<string>();
        for (var i = 0; i < Waiting; i++)
            held.Add(await shop.PlaceAsync(Shop.Order(quantity: 1)));
        await Eventually.TrueAsync(() => SandboxOf(shop.Host) is { InFlight: Places, LastMinute.Refusals: >= Waiting - Places });

        // The clock stands still: whatever follows waits for nothing that would end by its time.
        foreach (var path in (string[])["/v1/orders", "/v1/payments", "/v1/shipments", "/v1/products", $"/v1/stock/{Shop.Sku}"])
        {
            using var answer = await shop.Host.Client.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
        }
        var other = await shop.PlaceAsync(Shop.Order(quantity: 1, sku: DollarSku));
        await Eventually.TrueAsync(async () => await shop.StateOfAsync(other) == "delivered");
        Assert.All(await StatesAsync(shop, held), state => Assert.Equal("placed", state));
        Assert.Equal(DependencyState.Struggling, SandboxOf(shop.Host).State);

        // First it answers again: a job that comes back after its time would otherwise hang until a time that nobody waits for.
        shop.Host.Get<SandboxOptions>().Latency = TimeSpan.Zero;
        await Eventually.TrueAsync(() =>
        {
            shop.Host.Clock.Advance(TimeSpan.FromSeconds(6));
            return SandboxOf(shop.Host).InFlight == 0;
        });
        await shop.FinishAsync();

        Assert.All(await StatesAsync(shop, held), state => Assert.Equal("delivered", state));
        Assert.Equal((Shop.OnHand - Waiting, 0), await shop.StockAsync());
        var audit = await shop.AuditAsync();
        Assert.Empty(audit.Differences);
        Assert.Equal(Waiting * Shop.PriceMinor, audit.Provider["EUR"].CapturedMinor);
    }

    [Fact]
    public async Task A_payment_that_finds_no_place_at_its_provider_goes_to_the_next()
    {
        await using var payments = await PaymentsHost.StartAsync(new()
        {
            ["Basin:Payments:ProviderConcurrent"] = "1",
            ["Basin:Payments:ProviderWaiting"] = "0",
        });
        payments.Host.Get<SandboxOptions>().Latency = Hang;
        var (first, second) = (payments.NewId(), payments.NewId());
        await payments.PublishAsync(new PaymentRequested(first, PaymentsHost.Amount, "EUR", "tok_visa"));
        await Eventually.TrueAsync(() => payments.Host.Faults.Met("IPaymentProvider.CallAsync") == 1);

        await payments.PublishAsync(new PaymentRequested(second, PaymentsHost.Amount, "EUR", "tok_visa"));

        await Eventually.TrueAsync(async () => await payments.StateAsync(second) == PaymentState.Authorized);
        Assert.Equal(PaymentState.Authorizing, await payments.StateAsync(first));
        Assert.Single(await payments.ChargesAsync(second, "reserve"));
        Assert.Empty(await payments.ChargesAsync(second));

        // A little at a time, and the first answers when it is asked again.
        payments.Host.Get<SandboxOptions>().Latency = TimeSpan.Zero;
        await Eventually.TrueAsync(async () =>
        {
            payments.Host.Clock.Advance(TimeSpan.FromMilliseconds(100));
            return await payments.StateAsync(first) == PaymentState.Authorized;
        });
        Assert.Single(await payments.ChargesAsync(first));
    }

    [Fact]
    public async Task Few_requests_of_Stripes_API_wait_for_a_provider_that_hangs()
    {
        await using var payments = await PaymentsHost.StartAsync(new()
        {
            ["Basin:Payments:MaxAnswersAwaited"] = "1",
            ["Basin:Payments:AnswerPatience"] = "00:01:00",
        });
        payments.Host.Get<SandboxOptions>().Latency = Hang;
        var asking = new[] { payments.PayAsync(), payments.PayAsync() };

        // The clock stands still, so that nobody has waited for too long.
        var told = await Task.WhenAny(asking);
        var waiting = asking.Single(each => each != told);
        Assert.Equal("processing", (await told).Text("status"));
        Assert.False(waiting.IsCompleted);

        await Eventually.TrueAsync(() => SandboxOf(payments.Host).InFlight == 2);
        payments.Host.Get<SandboxOptions>().Latency = TimeSpan.Zero;
        payments.Host.Clock.Advance(TimeSpan.FromSeconds(6));
        await Eventually.TrueAsync(() => SandboxOf(payments.Host).LastMinute!.Failures == 2);
        await Eventually.TrueAsync(() =>
        {
            payments.Host.Clock.Advance(TimeSpan.FromMilliseconds(20));
            return waiting.IsCompleted;
        });
        Assert.Equal("succeeded", (await waiting).Text("status"));
    }

    private static async Task SellInDollarsAsync(Shop shop)
    {
        var details = new ProductDetails("Coffee", "USD", [new Variant(DollarSku, Shop.PriceMinor)], ["Kitchen"]);
        await shop.Host.Get<CatalogApi>().ImportAsync(Shop.Tenant, [details], CancellationToken.None);
        await shop.Host.Get<InventoryApi>().CountAsync(Shop.Tenant, "test", [new StockLine(DollarSku, Shop.OnHand)], CancellationToken.None);
    }

    private static DependencyView SandboxOf(TestHost host) => host.Get<Dependencies>().Look().Single(each => each.Name == Sandbox);

    private static async Task<List<string>> StatesAsync(Shop shop, IEnumerable<string> orders)
    {
        var states = new List<string>();
        foreach (var order in orders)
            states.Add(await shop.StateOfAsync(order));
        return states;
    }
}
