using Basin.Catalog;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Basin.Testing;

namespace Basin.Commerce.Tests.Catalog;

/// <summary>Offers come from memory and are never older than an acknowledged write.</summary>
public sealed class OfferCacheTests
{
    private static readonly Id<Tenant> Tenant = new(1);

    [Fact]
    public async Task An_acknowledged_change_is_seen_at_once_by_whoever_asks()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug(price: 1));
        for (var price = 2; price <= 20; price++)
        {
            await PriceAsync(host);
            await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: price), "*");
            Assert.Equal(price, await PriceAsync(host));
        }
        await host.Client.DeleteAsync($"/v1/products/{made.Id}");
        Assert.Null(await PriceAsync(host));
        await host.Client.ImportAsync("""{"title":"Back","currency":"EUR","variants":[{"sku":"MUG-1","priceMinor":77}],"categories":["Mugs"]}""");
        Assert.Equal(77, await PriceAsync(host));
    }

    [Fact]
    public async Task A_sku_that_moves_to_another_product_moves_at_once()
    {
        await using var host = await CatalogHost.StartAsync();
        var first = await host.Client.CreateAsync(CatalogHost.Mug(price: 1));
        var second = await host.Client.CreateAsync(CatalogHost.Mug("OTHER", price: 2));
        Assert.Equal(1, await PriceAsync(host));

        await host.Client.PutAsync(first.Id, CatalogHost.Mug("FREE"), "*");
        Assert.Null(await PriceAsync(host));
        await host.Client.PutAsync(second.Id, CatalogHost.Mug(price: 3), "*");
        Assert.Equal(3, await PriceAsync(host));
    }

    [Fact]
    public async Task Readers_in_a_race_with_a_writer_never_see_a_price_from_before_its_answer()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug(price: 1));
        var acknowledged = 1L;
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                var atLeast = Volatile.Read(ref acknowledged);
                var price = await PriceAsync(host);
                Assert.True(price >= atLeast, $"{price} after {atLeast} was acknowledged");
            }
        })).ToList();
        for (var price = 2; price <= 150; price++)
        {
            await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: price), "*");
            Volatile.Write(ref acknowledged, price);
        }
        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    [Fact]
    public async Task An_offer_read_before_a_change_is_not_kept_after_it()
    {
        await using var host = await CatalogHost.StartAsync();
        var made = await host.Client.CreateAsync(CatalogHost.Mug(price: 1));
        var log = host.StoreOf("catalog").Shards[0].Events;
        var cache = new OfferCache(log, maximum: 10);
        var readAt = log.LastSequence;
        var old = new Offer("MUG-1", made.Id, "Blue Mug", "", 1, "EUR", null);

        await host.Client.PutAsync(made.Id, CatalogHost.Mug(price: 2), "*");
        cache.CatchUp();
        cache.Add(Tenant, [old], readAt);
        Assert.Null(cache.Find(Tenant, "MUG-1"));

        cache.Add(Tenant, [old with { PriceMinor = 2 }], log.LastSequence);
        Assert.Equal(2, cache.Find(Tenant, "MUG-1")?.PriceMinor);
        Assert.Null(cache.Find(new Id<Tenant>(2), "MUG-1"));
    }

    [Fact]
    public async Task A_change_beyond_what_is_in_memory_forgets_everything()
    {
        await using var host = await CatalogHost.StartAsync();
        await host.Client.CreateAsync(CatalogHost.Mug(price: 1));
        Assert.Equal(1, await PriceAsync(host));

        var many = Enumerable.Range(0, 5000).Select(i => CatalogHost.Mug($"SKU-{i}")).Prepend(CatalogHost.Mug(price: 2));
        await host.Get<CatalogApi>().ImportAsync(Tenant, many, CancellationToken.None);

        Assert.Equal(2, await PriceAsync(host));
    }

    [Fact]
    public async Task The_number_of_offers_in_memory_is_bounded_and_those_asked_for_stay()
    {
        await using var host = await CatalogHost.StartAsync();
        var log = host.StoreOf("catalog").Shards[0].Events;
        var cache = new OfferCache(log, maximum: 100);
        cache.Add(Tenant, [OfferOf(0)], log.LastSequence);
        for (var i = 1; i < 1000; i++)
        {
            cache.Add(Tenant, [OfferOf(i)], log.LastSequence);
            Assert.NotNull(cache.Find(Tenant, "SKU-0"));
            Assert.InRange(cache.Count, 1, 100);
        }
        Assert.Null(cache.Find(Tenant, "SKU-1"));
        Assert.NotNull(cache.Find(Tenant, "SKU-999"));

        static Offer OfferOf(int i) => new($"SKU-{i}", new Id<Product>(i + 1), "Mug", "", 1, "EUR", null);
    }

    [Fact]
    public async Task An_answer_from_memory_allocates_little()
    {
        await using var host = await CatalogHost.StartAsync();
        await host.Client.CreateAsync(CatalogHost.Mug());
        var api = host.Get<CatalogApi>();
        string[] skus = ["MUG-1"];
        await api.FindOffersAsync(Tenant, skus, CancellationToken.None);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            await api.FindOffersAsync(Tenant, skus, CancellationToken.None);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 400);
    }

    private static async Task<long?> PriceAsync(TestHost host)
    {
        var offers = await host.Get<CatalogApi>().FindOffersAsync(Tenant, ["MUG-1"], CancellationToken.None);
        return offers.GetValueOrDefault("MUG-1")?.PriceMinor;
    }
}
