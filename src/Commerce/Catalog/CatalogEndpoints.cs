using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Basin.Catalog;

/// <summary>A product as it is answered.</summary>
/// <param name="Active">Whether it is on sale.</param>
public sealed record ProductView(
    Id<Product> Id,
    long Version,
    DateTimeOffset CreatedAt,
    DateTimeOffset ChangedAt,
    bool Active,
    string Title,
    string Description,
    string Currency,
    IReadOnlyList<Variant> Variants,
    IReadOnlyList<string> Categories,
    IReadOnlyList<string> Pictures)
{
    internal static ProductView Of(Product product) => new(
        product.Id, product.Version, product.CreatedAt, product.ChangedAt, product.Details.Active, product.Details.Title, product.Details.Description,
        product.Details.Currency, product.Details.Variants, product.Details.Categories, product.Details.Pictures);
}

public sealed record CategoryList(IReadOnlyList<Category> Items);

/// <summary>The routes of the catalogue.</summary>
internal static class CatalogEndpoints
{
    private const string JsonLines = "application/jsonl";
    private const int ExportRows = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("Catalog").WithChecks();
        group.MapGet("/products", ListProducts);
        group.MapGet("/products/{id}", GetProduct);
        group.MapGet("/products/export", Export);
        group.MapGet("/categories", ListCategories);
        group.MapPost("/products", CreateProduct);
        group.MapPut("/products/{id}", ChangeProduct);
        group.MapDelete("/products/{id}", WithdrawProduct);
        group.MapPost("/products/import", Import)
            .Accepts<ProductDetails>(JsonLines, "application/x-ndjson")
            .WithMetadata(new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute());
    }

    /// <summary>The products on sale: newest first, or those with all the words of <paramref name="q"/>, those that have them in the title first.</summary>
    /// <param name="q">1 to 8 words or beginnings of words.</param>
    /// <param name="category">The slug of a category.</param>
    private static async Task<Answer<Page<ProductView>>> ListProducts(
        Caller caller,
        [FromKeyedServices(CatalogSystem.Name)] Store store,
        int? limit,
        string? cursor,
        string? q,
        string? category,
        CancellationToken cancellation)
    {
        var query = ProductQuery.Of(caller.Tenant, q, category, Paging.Of(limit, cursor));
        var hits = await store.ReadAsync(ShardKey.First, snapshot => CatalogStore.ListAsync(snapshot, query), cancellation);
        var page = query.Paging.PageOf(hits, hit => hit.Position);
        return new Page<ProductView>([.. page.Items.Select(hit => ProductView.Of(hit.Product))], page.NextCursor);
    }

    /// <summary>One product, on sale or not, with its version as <c>ETag</c>.</summary>
    private static async Task<Answer<ProductView>> GetProduct(
        Id<Product> id, Caller caller, [FromKeyedServices(CatalogSystem.Name)] Store store, CancellationToken cancellation)
    {
        var product = await store.ReadAsync(ShardKey.First, snapshot => CatalogStore.FindAsync(snapshot, caller.Tenant, id), cancellation);
        return product is null ? CatalogProblems.NoProduct : Answer.Ok(ProductView.Of(product)).Tagged(IfMatch.TagOf(product.Version));
    }

    /// <summary>The categories that have a product on sale.</summary>
    private static async Task<Answer<CategoryList>> ListCategories(
        Caller caller, [FromKeyedServices(CatalogSystem.Name)] Store store, CancellationToken cancellation) =>
        new CategoryList(await store.ReadAsync(
            ShardKey.First, snapshot => CatalogStore.ListCategoriesAsync(snapshot, caller.Tenant), cancellation));

    /// <summary>Puts a new product on sale.</summary>
    private static Task<Answer<ProductView>> CreateProduct(
        ProductDetails details, Caller caller, Once once, [FromKeyedServices(CatalogSystem.Name)] Store store, CancellationToken cancellation) =>
        once.WriteAsync<ProductDetails, ProductView>(
            store,
            ShardKey.First,
            details,
            async tx =>
            {
                var owners = await CatalogStore.OwnersAsync(tx, caller.Tenant, details.Variants);
                if (Product.RefuseTaken(owners, self: null) is { } taken)
                    return taken;
                var product = Product.Create(tx.NewId<Product>(), caller.Tenant, details, tx.Now);
                await CatalogStore.SaveAsync(tx, before: null, product);
                return Answer.Created($"/v1/products/{product.Id}", ProductView.Of(product)).Tagged(IfMatch.TagOf(product.Version));
            },
            cancellation);

    private sealed record ProductChange(Id<Product> Id, long? Version, ProductDetails Details);

    /// <summary>Replaces all that is said about a product. <c>If-Match</c> with the version that was read is required.</summary>
    private static Task<Answer<ProductView>> ChangeProduct(
        Id<Product> id,
        ProductDetails details,
        IfMatch match,
        Caller caller,
        Once once,
        [FromKeyedServices(CatalogSystem.Name)] Store store,
        CancellationToken cancellation) =>
        once.WriteAsync<ProductChange, ProductView>(
            store,
            ShardKey.First,
            new ProductChange(id, match.Version, details),
            async tx =>
            {
                if (await CatalogStore.FindAsync(tx, caller.Tenant, id) is not { } before)
                    return CatalogProblems.NoProduct;
                if (!match.Holds(before.Version))
                    return KernelProblems.PreconditionFailed;
                var owners = await CatalogStore.OwnersAsync(tx, caller.Tenant, details.Variants);
                if (Product.RefuseTaken(owners, id) is { } taken)
                    return taken;
                var after = before.Change(details, tx.Now);
                if (after != before)
                    await CatalogStore.SaveAsync(tx, before, after);
                return Answer.Ok(ProductView.Of(after)).Tagged(IfMatch.TagOf(after.Version));
            },
            cancellation);

    /// <summary>Takes a product off sale. It can still be read by its id, and comes back with <c>"active": true</c>.</summary>
    private static Task<Answer<Nothing>> WithdrawProduct(
        Id<Product> id, Caller caller, Once once, [FromKeyedServices(CatalogSystem.Name)] Store store, CancellationToken cancellation) =>
        once.WriteAsync<Id<Product>, Nothing>(
            store,
            ShardKey.First,
            id,
            async tx =>
            {
                if (await CatalogStore.FindAsync(tx, caller.Tenant, id) is not { } before)
                    return CatalogProblems.NoProduct;
                var after = before.Withdraw(tx.Now);
                if (after != before)
                    await CatalogStore.SaveAsync(tx, before, after);
                return Answer.NoContent();
            },
            cancellation);

    /// <summary>
    /// Creates or changes a product per line of JSON Lines, of any number, and answers a verdict per line, then a summary. A row is the product
    /// that has its SKUs; sent again, it is unchanged, so an import needs no <c>Idempotency-Key</c>. Lines have at most 64 KiB.
    /// </summary>
    private static async Task Import(
        HttpContext http, Caller caller, CatalogImport import, CatalogOptions options, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        var serializer = json.Value.SerializerOptions;
        var reader = new ImportReader(http.Request.BodyReader, (JsonTypeInfo<ProductDetails>)serializer.GetTypeInfo(typeof(ProductDetails)), options);
        using var answer = new ImportAnswer(serializer);
        http.Response.ContentType = JsonLines;
        // A client may read nothing while it still sends.
        var pace = http.Features.Get<IHttpMinResponseDataRateFeature>();
        var rate = pace?.MinDataRate;
        pace?.MinDataRate = null;
        var sending = answer.SendAsync(http.Response.BodyWriter, cancellation);
        try
        {
            await answer.AddAsync(await import.RunAsync(caller.Tenant, reader, answer.AddAsync, cancellation));
            pace?.MinDataRate = rate;
        }
        finally
        {
            answer.Complete();
            await sending;
        }
    }

    /// <summary>Every product, on sale or not, as JSON Lines that an import takes back. It is written in pages: what changes meanwhile may be in it or not.</summary>
    private static async Task Export(
        HttpContext http, Caller caller, [FromKeyedServices(CatalogSystem.Name)] Store store, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        http.Response.ContentType = JsonLines;
        var to = http.Response.BodyWriter;
        var page = new List<Product>();
        do
        {
            var after = page.Count == 0 ? 0 : page[^1].Id.Value;
            page = await store.ReadAsync(
                ShardKey.First, snapshot => CatalogStore.ListAllAsync(snapshot, caller.Tenant, after, ExportRows), cancellation);
            foreach (var product in page)
            {
                to.Write(JsonSerializer.SerializeToUtf8Bytes(product.Details, json.Value.SerializerOptions));
                to.Write("\n"u8);
            }
            await to.FlushAsync(cancellation);
        }
        while (page.Count == ExportRows);
    }
}
