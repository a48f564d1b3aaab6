namespace Basin.Catalog;

internal static class CatalogProblems
{
    public static readonly Problem SkuTaken = new(409, "sku_taken", "A SKU belongs to another product.");

    public static IReadOnlyList<Problem> All => [SkuTaken];
}
