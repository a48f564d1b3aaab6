using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Basin.Kernel.Load;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
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

/// <summary>HTTP of Catalog.</summary>
internal static class CatalogEndpoints
{
    private const string JsonLines = "application/jsonl";
    private const int ExportRows = 200;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1").WithTags("Catalog").WithChecks();
        group.MapGet("/products", ListAsync).RequireScope("catalog:read");
        group.MapGet("/products/{id}", FindAsync).RequireScope("catalog:read");
        group.MapGet("/products/export", ExportAsync).RequireScope("catalog:read").ServeAs(RequestClass.Background, stays: true);
        group.MapGet("/categories", ListCategoriesAsync).RequireScope("catalog:read");
        group.MapPost("/products", CreateAsync).RequireScope("catalog:write").Answers(StatusCodes.Status201Created);
        group.MapPut("/products/{id}", ChangeAsync).RequireScope("catalog:write");
        group.MapDelete("/products/{id}", WithdrawAsync).RequireScope("catalog:write");
        group.MapPost("/products/import", ImportAsync).RequireScope("catalog:write").ServeAs(RequestClass.Background, stays: true)
            .Accepts<ProductDetails>(JsonLines, "application/x-ndjson")
            .WithMetadata(new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute());
    }

    /// <summary>Lists the products on sale: newest first, or those with all the words of <paramref name="q"/>, those that have them in the title first.</summary>
    /// <param name="q">1 to 8 words or beginnings of words.</param>
    /// <param name="category">The slug of a category.</param>
    private static async Task<Answer<Page<ProductView>>> ListAsync(
        Caller caller, CatalogApi catalog, int? limit, string? cursor, string? q, string? category, CancellationToken cancellation)
    {
        var page = await catalog.ListAsync(caller.Tenant, q, category, Paging.Of(limit, cursor), cancellation);
        return new Page<ProductView>([.. page.Items.Select(ProductView.Of)], page.NextCursor);
    }

    /// <summary>Shows a product, on sale or not, with its version as <c>ETag</c>.</summary>
    private static async Task<Answer<ProductView>> FindAsync(Id<Product> id, Caller caller, CatalogApi catalog, CancellationToken cancellation) =>
        await catalog.FindAsync(caller.Tenant, id, cancellation) is { } product
            ? Answer.Ok(ProductView.Of(product)).Tagged(IfMatch.TagOf(product.Version))
            : KernelProblems.NotFound;

    /// <summary>Lists the categories that have a product on sale.</summary>
    private static async Task<Answer<CategoryList>> ListCategoriesAsync(Caller caller, CatalogApi catalog, CancellationToken cancellation) =>
        new CategoryList(await catalog.ListCategoriesAsync(caller.Tenant, cancellation));

    /// <summary>Puts a new product on sale.</summary>
    private static Task<Answer<ProductView>> CreateAsync(
        ProductDetails details, Caller caller, Once once, CatalogApi catalog, CancellationToken cancellation) =>
        catalog.CreateAsync(caller.Tenant, details, once, cancellation);

    /// <summary>Replaces all that is said about a product. <c>If-Match</c> with the version that was read is required.</summary>
    private static Task<Answer<ProductView>> ChangeAsync(
        Id<Product> id, ProductDetails details, IfMatch match, Caller caller, Once once, CatalogApi catalog, CancellationToken cancellation) =>
        catalog.ChangeAsync(caller.Tenant, id, match, details, once, cancellation);

    /// <summary>Takes a product off sale. It can still be read by its id, and comes back with <c>"active": true</c>.</summary>
    private static Task<Answer<Nothing>> WithdrawAsync(
        Id<Product> id, Caller caller, Once once, CatalogApi catalog, CancellationToken cancellation) =>
        catalog.WithdrawAsync(caller.Tenant, id, once, cancellation);

    /// <summary>
    /// Creates or changes a product per line of JSON Lines, of any number, and answers a verdict per line, then a summary. A row is the product
    /// that has its SKUs; sent again, it is unchanged, so an import needs no <c>Idempotency-Key</c>. Lines have at most 64 KiB.
    /// </summary>
    private static async Task ImportAsync(
        HttpContext http, Caller caller, CatalogApi catalog, CatalogOptions options, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        var serializer = json.Value.SerializerOptions;
        var reader = new ImportReader(http.Request.BodyReader, (JsonTypeInfo<ProductDetails>)serializer.GetTypeInfo(typeof(ProductDetails)), options);
        using var answer = new ImportAnswer(serializer);
        http.Response.ContentType = JsonLines;
        // A client may read nothing while it still sends; once it has sent all, it reads at the usual pace or is cut off.
        var pace = http.Features.Get<IHttpMinResponseDataRateFeature>();
        var rate = pace?.MinDataRate;
        pace?.MinDataRate = null;
        var sending = answer.SendAsync(http.Response.BodyWriter, cancellation);
        try
        {
            await answer.AddAsync(await catalog.Import.RunAsync(caller.Tenant, reader, answer.AddAsync, cancellation));
            pace?.MinDataRate = rate;
        }
        finally
        {
            answer.Complete();
            await sending;
        }
    }

    /// <summary>
    /// Sends every product, on sale or not, as JSON Lines that an import takes back. They are read part by part: what changes meanwhile may be in
    /// it or not.
    /// </summary>
    private static async Task ExportAsync(
        HttpContext http, Caller caller, CatalogApi catalog, IOptions<JsonOptions> json, CancellationToken cancellation)
    {
        http.Response.ContentType = JsonLines;
        var to = http.Response.BodyWriter;
        var part = new List<Product>();
        do
        {
            part = await catalog.ListAllAsync(caller.Tenant, part.Count == 0 ? default : part[^1].Id, ExportRows, cancellation);
            foreach (var product in part)
            {
                to.Write(JsonSerializer.SerializeToUtf8Bytes(product.Details, json.Value.SerializerOptions));
                to.Write("\n"u8);
            }
            await to.FlushAsync(cancellation);
        }
        while (part.Count == ExportRows);
    }
}
