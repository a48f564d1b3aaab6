namespace Basin.Catalog;

/// <summary>What one SKU costs now, and what to call it.</summary>
/// <param name="Option">Tells the variants of a product apart, such as "M"; empty when there is only one.</param>
/// <param name="PriceMinor">In the currency's minor unit.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record Offer(string Sku, Id<Product> Product, string Title, string Option, long PriceMinor, string Currency, string? Picture);

/// <summary>What other systems may ask the catalogue.</summary>
public sealed class CatalogApi
{
    private readonly Store _store;
    private readonly CatalogImport _import;
    private readonly EventLog _log;
    private readonly OfferCache _offers;

    internal CatalogApi(Store store, CatalogImport import, CatalogOptions options)
    {
        (_store, _import, _log) = (store, import, store.ShardOf(ShardKey.First).Events);
        _offers = new OfferCache(_log, options.MaxCachedOffers);
    }

    /// <summary>The offers of those SKUs that exist and are on sale, by SKU. Mostly answered from memory, and never older than an acknowledged write.</summary>
    public ValueTask<IReadOnlyDictionary<string, Offer>> FindOffersAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation)
    {
        _offers.CatchUp();
        var found = new Dictionary<string, Offer>(skus.Count);
        List<string>? missing = null;
        foreach (var sku in skus)
        {
            if (_offers.Find(tenant, sku) is { } offer)
                found[sku] = offer;
            else
                (missing ??= []).Add(sku);
        }
        return missing is null ? new(found) : LoadAsync(tenant, missing, found, cancellation);
    }

    /// <summary>Creates or changes the products that have these SKUs, in a few large transactions.</summary>
    /// <exception cref="StoreUnavailableException">Some transactions may have committed; the same call goes on where it ended.</exception>
    public Task<ImportSummary> ImportAsync(Id<Tenant> tenant, IEnumerable<ProductDetails> rows, CancellationToken cancellation) =>
        _import.RunAsync(tenant, rows, cancellation);

    /// <summary>Whether the tenant has no product yet.</summary>
    public ValueTask<bool> IsEmptyAsync(Id<Tenant> tenant, CancellationToken cancellation) => _store.ReadAsync(
        ShardKey.First, async snapshot => (await CatalogStore.ListAllAsync(snapshot, tenant, afterId: 0, limit: 1)).Count == 0, cancellation);

    private async ValueTask<IReadOnlyDictionary<string, Offer>> LoadAsync(
        Id<Tenant> tenant, List<string> missing, Dictionary<string, Offer> found, CancellationToken cancellation)
    {
        var readAt = _log.LastSequence;
        var products = await _store.ReadAsync(ShardKey.First, snapshot => FindBySkusAsync(snapshot, tenant, missing), cancellation);
        foreach (var product in products)
        {
            var offers = product.Offers().ToList();
            _offers.Add(tenant, offers, readAt);
            foreach (var offer in offers.Where(offer => missing.Contains(offer.Sku)))
                found[offer.Sku] = offer;
        }
        return found;
    }

    private static async ValueTask<List<Product>> FindBySkusAsync(Snapshot snapshot, Id<Tenant> tenant, List<string> skus)
    {
        var products = new List<Product>();
        foreach (var sku in skus)
        {
            if (!products.Exists(product => product.Details.Variants.Any(variant => variant.Sku == sku))
                && await CatalogStore.FindBySkuAsync(snapshot, tenant, sku) is { } product)
                products.Add(product);
        }
        return products;
    }
}
