using System.Text.Json;

namespace Basin.Catalog;

/// <summary>All SQL of the catalogue. It lives in one shard, because a SKU is unique among all products of a tenant.</summary>
internal static class CatalogStore
{
    internal const string Columns =
        "p.id, p.tenant, p.version, p.active, p.title, p.description, p.currency, p.variants, p.categories, p.pictures, p.created_at, p.changed_at";

    public static ValueTask<Product?> FindAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Product> id) => snapshot.FindAsync(
        $"SELECT {Columns} FROM product p WHERE p.tenant = $1 AND p.id = $2", ReadProduct, tenant.Value, id.Value);

    /// <summary>The products that have one of the SKUs, each once.</summary>
    public static async ValueTask<List<Product>> ListBySkusAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyList<string> skus)
    {
        var products = new List<Product>();
        foreach (var sku in skus)
        {
            if (products.Exists(known => known.Details.Variants.Any(variant => variant.Sku == sku)))
                continue;
            var product = await snapshot.FindAsync(
                $"SELECT {Columns} FROM sku s JOIN product p ON p.id = s.product WHERE s.tenant = $1 AND s.sku = $2",
                ReadProduct, tenant.Value, sku);
            if (product is not null)
                products.Add(product);
        }
        return products;
    }

    /// <summary>Who has the SKU of each variant; null for nobody.</summary>
    public static async ValueTask<Id<Product>?[]> OwnersAsync(Snapshot snapshot, Id<Tenant> tenant, IReadOnlyList<Variant> variants)
    {
        var owners = new Id<Product>?[variants.Count];
        for (var i = 0; i < owners.Length; i++)
        {
            var owner = await snapshot.NumberAsync("SELECT product FROM sku WHERE tenant = $1 AND sku = $2", tenant.Value, variants[i].Sku);
            owners[i] = owner is { } id ? new Id<Product>(id) : null;
        }
        return owners;
    }

    /// <summary>Products on sale or not, in the order of their ids.</summary>
    public static ValueTask<List<Product>> ListAllAsync(Snapshot snapshot, Id<Tenant> tenant, Id<Product> after, int limit) => snapshot.ListAsync(
        $"SELECT {Columns} FROM product p WHERE p.tenant = $1 AND p.id > $2 ORDER BY p.id LIMIT $3", ReadProduct, tenant.Value, after.Value, limit);

    public static ValueTask<List<Category>> ListCategoriesAsync(Snapshot snapshot, Id<Tenant> tenant) => snapshot.ListAsync(
        "SELECT slug, name, products FROM category WHERE tenant = $1 ORDER BY name, slug",
        row => new Category(row.Text(0), row.Text(1), row.Integer(2)),
        tenant.Value);

    /// <summary>The products on sale that a query asks for, best first, and one more than its limit when there are more.</summary>
    public static async ValueTask<List<Hit>> ListAsync(Snapshot snapshot, ProductQuery query)
    {
        if (query.Words.Count == 0)
            return await ListNewestAsync(snapshot, query);
        var hits = new List<Hit>();
        for (var rank = query.After.Rank; rank <= Hit.LastRank && hits.Count <= query.Paging.Limit; rank++)
        {
            var before = rank == query.After.Rank ? query.After.Id : long.MaxValue;
            hits.AddRange(await SearchAsync(snapshot, query, rank, before, query.Paging.Limit + 1 - hits.Count));
        }
        return hits;
    }

    private static ValueTask<List<Hit>> ListNewestAsync(Snapshot snapshot, ProductQuery query) => query.Category is null
        ? snapshot.ListAsync(
            $"SELECT {Columns} FROM product p WHERE p.tenant = $1 AND p.active = 1 AND p.id < $2 ORDER BY p.id DESC LIMIT $3",
            row => new Hit(0, ReadProduct(row)),
            query.Tenant.Value, query.After.Id, query.Paging.Limit + 1)
        : snapshot.ListAsync(
            $"""
            SELECT {Columns} FROM category_product c JOIN product p ON p.id = c.product
            WHERE c.tenant = $1 AND c.slug = $2 AND c.product < $3 ORDER BY c.product DESC LIMIT $4
            """,
            row => new Hit(0, ReadProduct(row)),
            query.Tenant.Value, query.Category, query.After.Id, query.Paging.Limit + 1);

    /// <summary>
    /// One rank of a search, newest first. Ranks do not depend on what else is stored, as weights of words would, so a cursor stays right while
    /// products come and go.
    /// </summary>
    private static ValueTask<List<Hit>> SearchAsync(Snapshot snapshot, ProductQuery query, int rank, long before, int limit)
    {
        var words = ProductWords.Of(snapshot);
        return query.Category is null
            ? snapshot.ListAsync(
                words.Select(rank), row => new Hit(rank, ReadProduct(row)), words.Match(query, rank), before, query.Tenant.Value, limit)
            : snapshot.ListAsync(
                words.SelectInCategory(rank), row => new Hit(rank, ReadProduct(row)),
                words.Match(query, rank), before, query.Tenant.Value, query.Category, limit);
    }

    /// <summary>Writes all that hangs on a product and publishes the change. The cache of offers relies on no change going unpublished.</summary>
    public static async ValueTask SaveAsync(Transaction tx, Product? before, Product after)
    {
        var details = after.Details;
        await tx.SendAsync(
            """
            INSERT INTO product (id, tenant, version, active, title, description, currency, variants, categories, pictures, created_at, changed_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (id) DO UPDATE SET
                version = excluded.version, active = excluded.active, title = excluded.title, description = excluded.description,
                currency = excluded.currency, variants = excluded.variants, categories = excluded.categories, pictures = excluded.pictures,
                changed_at = excluded.changed_at
            """,
            after.Id.Value, after.Tenant.Value, after.Version, details.Active, details.Title, details.Description, details.Currency,
            SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(details.Variants, CatalogJson.Default.IReadOnlyListVariant)),
            SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(details.Categories, CatalogJson.Default.IReadOnlyListString)),
            SqlValue.Utf8(JsonSerializer.SerializeToUtf8Bytes(details.Pictures, CatalogJson.Default.IReadOnlyListString)),
            after.CreatedAt, after.ChangedAt);
        await SaveSkusAsync(tx, before, after);
        await SaveCategoriesAsync(tx, before, after);
        await SaveWordsAsync(tx, before, after);
        if (before is null)
            await tx.PublishAsync(after.Tenant, ProductCreated.Of(after));
        else
            await tx.PublishAsync(after.Tenant, ProductChanged.Of(before, after));
    }

    private static async ValueTask SaveSkusAsync(Transaction tx, Product? before, Product after)
    {
        var (old, now) = (SkusOf(before), SkusOf(after));
        foreach (var sku in old.Except(now))
            await tx.SendAsync("DELETE FROM sku WHERE tenant = $1 AND sku = $2", after.Tenant.Value, sku);
        foreach (var sku in now.Except(old))
            await tx.SendAsync("INSERT INTO sku (tenant, sku, product) VALUES ($1, $2, $3)", after.Tenant.Value, sku, after.Id.Value);
    }

    private static async ValueTask SaveCategoriesAsync(Transaction tx, Product? before, Product after)
    {
        var (old, now) = (CategoriesOnSale(before), CategoriesOnSale(after));
        foreach (var (slug, _) in old.ExceptBy(now.Select(category => category.Slug), category => category.Slug))
        {
            await tx.SendAsync(
                "DELETE FROM category_product WHERE tenant = $1 AND slug = $2 AND product = $3", after.Tenant.Value, slug, after.Id.Value);
            await tx.SendAsync("UPDATE category SET products = products - 1 WHERE tenant = $1 AND slug = $2", after.Tenant.Value, slug);
            await tx.SendAsync("DELETE FROM category WHERE tenant = $1 AND slug = $2 AND products = 0", after.Tenant.Value, slug);
        }
        foreach (var (slug, name) in now.ExceptBy(old.Select(category => category.Slug), category => category.Slug))
        {
            await tx.SendAsync(
                "INSERT INTO category_product (tenant, slug, product) VALUES ($1, $2, $3)", after.Tenant.Value, slug, after.Id.Value);
            await tx.SendAsync(
                """
                INSERT INTO category (tenant, slug, name, products) VALUES ($1, $2, $3, 1)
                ON CONFLICT (tenant, slug) DO UPDATE SET products = category.products + 1
                """,
                after.Tenant.Value, slug, name);
        }
    }

    private static async ValueTask SaveWordsAsync(Transaction tx, Product? before, Product after)
    {
        var words = ProductWords.Of(tx);
        if (before is { Details.Active: true })
            await words.DeleteAsync(tx, after.Id);
        if (after.Details.Active)
            await words.InsertAsync(tx, after);
    }

    /// <summary>Makes the words of some more products: after a move to another engine, in the order of their ids.</summary>
    /// <returns>Whether there may be more.</returns>
    public static async ValueTask<bool> RebuildWordsAsync(Transaction tx)
    {
        const int Limit = 500;
        var words = ProductWords.Of(tx);
        var last = await tx.NumberAsync("SELECT MAX(product) FROM product_words") ?? 0;
        var products = await tx.ListAsync(
            $"SELECT {Columns} FROM product p WHERE p.id > $1 AND p.active = 1 ORDER BY p.id LIMIT $2", ReadProduct, last, Limit);
        foreach (var product in products)
            await words.InsertAsync(tx, product);
        return products.Count == Limit;
    }

    private static List<string> SkusOf(Product? product) => product?.Details.Variants.Select(variant => variant.Sku).ToList() ?? [];

    private static List<(string Slug, string Name)> CategoriesOnSale(Product? product) =>
        product is { Details.Active: true } ? [.. product.Details.Categories.Select(name => (Category.SlugOf(name), name))] : [];

    private static Product ReadProduct(Row row) => new(
        new Id<Product>(row.Integer(0)),
        new Id<Tenant>(row.Integer(1)),
        row.Integer(2),
        row.Time(10),
        row.Time(11),
        new ProductDetails(
            row.Text(4),
            row.Text(6),
            row.Json(7, CatalogJson.Default.IReadOnlyListVariant),
            row.Json(8, CatalogJson.Default.IReadOnlyListString),
            row.Text(5),
            row.Flag(3))
        {
            Pictures = row.Json(9, CatalogJson.Default.IReadOnlyListString),
        });
}
