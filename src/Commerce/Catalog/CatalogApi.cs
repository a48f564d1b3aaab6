using Microsoft.Extensions.DependencyInjection;

namespace Basin.Catalog;

/// <summary>What one SKU costs now, and what to call it.</summary>
/// <param name="Option">Tells the variants of a product apart, such as "M"; empty when there is only one.</param>
/// <param name="PriceMinor">In the currency's minor unit.</param>
/// <param name="Currency">ISO 4217.</param>
public sealed record Offer(string Sku, Id<Product> Product, string Title, string Option, long PriceMinor, string Currency, string? Picture);

/// <summary>The use cases of Catalog, for its endpoints and its pages; other systems ask <see cref="ICatalog"/>.</summary>
public sealed class CatalogApi([FromKeyedServices(CatalogSystem.Name)] Store store, CatalogOptions options, TimeProvider time) : ICatalog
{
    private readonly EventLog _log = store.ShardOf(ShardKey.First).Events;
    private readonly OfferCache _offers = new(store.ShardOf(ShardKey.First).Events, options.MaxCachedOffers);

    internal CatalogImport Import { get; } = new(store, options, time);

    /// <summary>Puts a new product on sale.</summary>
    public Task<Answer<ProductView>> CreateAsync(Id<Tenant> tenant, ProductDetails details, Once once, CancellationToken cancellation) =>
        once.WriteAsync(store, ShardKey.First, details, tx => CreateAsync(tx, tenant, details), cancellation);

    private static async ValueTask<Answer<ProductView>> CreateAsync(Transaction tx, Id<Tenant> tenant, ProductDetails details)
    {
        var owners = await CatalogStore.OwnersAsync(tx, tenant, details.Variants);
        if (Product.RefuseTaken(owners, self: null) is { } taken)
            return taken;
        var product = Product.Create(tx.NewId<Product>(), tenant, details, tx.Now);
        await CatalogStore.SaveAsync(tx, before: null, product);
        return Answer.Created($"/v1/products/{product.Id}", ProductView.Of(product)).Tagged(IfMatch.TagOf(product.Version));
    }

    private sealed record ProductChange(Id<Product> Id, long? Version, ProductDetails Details);

    /// <summary>Replaces all that is said about a product.</summary>
    public Task<Answer<ProductView>> ChangeAsync(
        Id<Tenant> tenant, Id<Product> id, IfMatch match, ProductDetails details, Once once, CancellationToken cancellation) =>
        once.WriteAsync(
            store, ShardKey.First, new ProductChange(id, match.Version, details), tx => ChangeAsync(tx, tenant, id, match, details), cancellation);

    private static async ValueTask<Answer<ProductView>> ChangeAsync(
        Transaction tx, Id<Tenant> tenant, Id<Product> id, IfMatch match, ProductDetails details)
    {
        if (await CatalogStore.FindAsync(tx, tenant, id) is not { } before)
            return KernelProblems.NotFound;
        if (!match.Holds(before.Version))
            return KernelProblems.PreconditionFailed;
        var owners = await CatalogStore.OwnersAsync(tx, tenant, details.Variants);
        if (Product.RefuseTaken(owners, id) is { } taken)
            return taken;
        var after = before.Change(details, tx.Now);
        if (after != before)
            await CatalogStore.SaveAsync(tx, before, after);
        return Answer.Ok(ProductView.Of(after)).Tagged(IfMatch.TagOf(after.Version));
    }

    /// <summary>Takes a product off sale; it stays readable by its id and can come back.</summary>
    public Task<Answer<Nothing>> WithdrawAsync(Id<Tenant> tenant, Id<Product> id, Once once, CancellationToken cancellation) =>
        once.WriteAsync(store, ShardKey.First, id, tx => WithdrawAsync(tx, tenant, id), cancellation);

    private static async ValueTask<Answer<Nothing>> WithdrawAsync(Transaction tx, Id<Tenant> tenant, Id<Product> id)
    {
        if (await CatalogStore.FindAsync(tx, tenant, id) is not { } before)
            return KernelProblems.NotFound;
        var after = before.Withdraw(tx.Now);
        if (after != before)
            await CatalogStore.SaveAsync(tx, before, after);
        return Answer.NoContent();
    }

    /// <summary>Creates or changes the products that have these SKUs, in a few large transactions.</summary>
    /// <exception cref="StoreUnavailableException">Some transactions may have committed; the same call goes on where it ended.</exception>
    public Task<ImportSummary> ImportAsync(Id<Tenant> tenant, IEnumerable<ProductDetails> products, CancellationToken cancellation) =>
        Import.RunAsync(tenant, products, cancellation);

    /// <summary>The product, on sale or not, or null when the tenant has none of this id.</summary>
    public ValueTask<Product?> FindAsync(Id<Tenant> tenant, Id<Product> id, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => CatalogStore.FindAsync(snapshot, tenant, id), cancellation);

    /// <summary>The product that has the SKU, on sale or not, or null when the tenant has none.</summary>
    public async ValueTask<Product?> FindBySkuAsync(Id<Tenant> tenant, string sku, CancellationToken cancellation) =>
        await store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListBySkusAsync(snapshot, tenant, [sku]), cancellation) is [var product]
            ? product
            : null;

    /// <summary>The products on sale: newest first, or those with all the words of <paramref name="q"/>, those that have them in the title first.</summary>
    /// <param name="q">1 to 8 words or beginnings of words, or null for all products.</param>
    /// <param name="category">The slug of a category, or null for all.</param>
    /// <exception cref="ProblemException">A 400 that names the parameter.</exception>
    public async ValueTask<Page<Product>> ListAsync(
        Id<Tenant> tenant, string? q, string? category, Paging paging, CancellationToken cancellation)
    {
        var query = ProductQuery.Of(tenant, q, category, paging);
        var hits = await store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListAsync(snapshot, query), cancellation);
        var page = paging.PageOf(hits, hit => hit.Position);
        return new Page<Product>([.. page.Items.Select(hit => hit.Product)], page.NextCursor);
    }

    /// <summary>Every product, on sale or not, in the order of their ids, a part at a time.</summary>
    public ValueTask<List<Product>> ListAllAsync(Id<Tenant> tenant, Id<Product> after, int limit, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListAllAsync(snapshot, tenant, after, limit), cancellation);

    /// <summary>The categories that have a product on sale, by name.</summary>
    public ValueTask<List<Category>> ListCategoriesAsync(Id<Tenant> tenant, CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListCategoriesAsync(snapshot, tenant), cancellation);

    /// <inheritdoc/>
    /// <remarks>Mostly answered from memory.</remarks>
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
        return missing is null ? new(found) : LoadOffersAsync(tenant, missing, found, cancellation);
    }

    private async ValueTask<IReadOnlyDictionary<string, Offer>> LoadOffersAsync(
        Id<Tenant> tenant, List<string> missing, Dictionary<string, Offer> found, CancellationToken cancellation)
    {
        var readAt = _log.LastSequence;
        foreach (var product in await store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListBySkusAsync(snapshot, tenant, missing), cancellation))
        {
            var offers = product.Offers().ToList();
            _offers.Add(tenant, offers, readAt);
            foreach (var offer in offers.Where(offer => missing.Contains(offer.Sku)))
                found[offer.Sku] = offer;
        }
        return found;
    }
}
