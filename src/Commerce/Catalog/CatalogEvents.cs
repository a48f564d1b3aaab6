using System.Text.Json.Serialization;

namespace Basin.Catalog;

/// <summary>What one variant costs.</summary>
/// <param name="PriceMinor">In the minor unit of the product's currency.</param>
public sealed record VariantPrice(string Sku, string Option, long PriceMinor);

/// <param name="Active">Whether it is on sale.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record ProductCreated(Id<Product> Product, string Title, bool Active, string Currency, IReadOnlyList<VariantPrice> Variants)
    : IEvent<ProductCreated>
{
    public static EventType<ProductCreated> Type { get; } = new("basin.catalog.product-created.v1", "prd", CatalogJson.Default.ProductCreated);

    public long Key => Product.Value;

    internal static ProductCreated Of(Product product) =>
        new(product.Id, product.Details.Title, product.Details.Active, product.Details.Currency, VariantPrices.Of(product));
}

/// <summary>A product is now like this, on sale or not.</summary>
/// <param name="Version">The product's version after the change.</param>
/// <param name="Active">Whether it is on sale.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="RemovedSkus">SKUs that it had before and has no more.</param>
public sealed record ProductChanged(
    Id<Product> Product,
    long Version,
    string Title,
    bool Active,
    string Currency,
    IReadOnlyList<VariantPrice> Variants,
    IReadOnlyList<string> RemovedSkus) : IEvent<ProductChanged>
{
    public static EventType<ProductChanged> Type { get; } = new("basin.catalog.product-changed.v1", "prd", CatalogJson.Default.ProductChanged);

    public long Key => Product.Value;

    internal static ProductChanged Of(Product before, Product after) => new(
        after.Id,
        after.Version,
        after.Details.Title,
        after.Details.Active,
        after.Details.Currency,
        VariantPrices.Of(after),
        [.. before.Details.Variants.Select(variant => variant.Sku).Except(after.Details.Variants.Select(variant => variant.Sku))]);
}

internal static class VariantPrices
{
    public static IReadOnlyList<VariantPrice> Of(Product product) =>
        [.. product.Details.Variants.Select(variant => new VariantPrice(variant.Sku, variant.Option, variant.PriceMinor))];
}

[JsonSerializable(typeof(ProductCreated))]
[JsonSerializable(typeof(ProductChanged))]
[JsonSerializable(typeof(IReadOnlyList<Variant>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, IgnoreReadOnlyProperties = true)]
internal sealed partial class CatalogJson : JsonSerializerContext;
