using System.Collections.Concurrent;
using Basin.Kernel.Load;

namespace Basin.Catalog;

/// <summary>
/// What the shop's pages show. Most people look at the same few lists, so that while the host has too much to do, a list is read once in a second and not
/// once for each of them.
/// </summary>
internal sealed class Storefront(CatalogApi catalog, HostLoad load, TimeProvider time)
{
    /// <summary>Those who make up addresses do not fill the memory.</summary>
    private const int MaxLists = 256;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(Id<Tenant> Tenant, string? Category), (long ReadAt, ProductList List)> _lists = new();

    /// <param name="category">The slug of a category, or null for all.</param>
    public async ValueTask<ProductList> ListAsync(
        Id<Tenant> tenant, string? q, string? category, Paging paging, CancellationToken cancellation)
    {
        if (q is not null || paging.After is not null || !load.IsOn(CatalogModes.CachedLists))
            return await ReadAsync(tenant, q, category, paging, cancellation);
        if (_lists.TryGetValue((tenant, category), out var kept) && time.GetElapsedTime(kept.ReadAt) < Fresh)
            return kept.List;
        var readAt = time.GetTimestamp();
        var list = await ReadAsync(tenant, q, category, paging, cancellation);
        if (_lists.Count >= MaxLists)
            _lists.Clear();
        _lists[(tenant, category)] = (readAt, list);
        return list;
    }

    /// <summary>Other products of a category, or none while the host has too much to do.</summary>
    public async ValueTask<IReadOnlyList<Product>> SuggestAsync(Product product, int limit, CancellationToken cancellation)
    {
        if (load.IsOn(CatalogModes.SuggestionsOff))
            return [];
        var slug = Category.SlugOf(product.Details.Categories[0]);
        var page = await catalog.ListAsync(product.Tenant, q: null, slug, Paging.Of(limit + 1, cursor: null), cancellation);
        return [.. page.Items.Where(other => other.Id != product.Id).Take(limit)];
    }

    private async ValueTask<ProductList> ReadAsync(Id<Tenant> tenant, string? q, string? category, Paging paging, CancellationToken cancellation) => new(
        await catalog.ListCategoriesAsync(tenant, cancellation),
        await catalog.ListAsync(tenant, q, category, paging, cancellation));
}

/// <summary>One page of products, beside the categories that there are.</summary>
internal sealed record ProductList(List<Category> Categories, Page<Product> Products);
