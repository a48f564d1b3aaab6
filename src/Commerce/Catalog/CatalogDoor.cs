using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Catalog;

/// <summary>What other systems ask of Catalog, wherever it runs.</summary>
public interface ICatalog
{
    /// <summary>The offers of those SKUs that exist and are on sale, by SKU. Never older than a write that this process has acknowledged; what other processes write comes some milliseconds later.</summary>
    /// <exception cref="ProblemException"><c>system_unavailable</c>: Catalog runs elsewhere and does not answer.</exception>
    ValueTask<IReadOnlyDictionary<string, Offer>> FindOffersAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation);
}

internal sealed record OffersQuestion(Id<Tenant> Tenant, IReadOnlyCollection<string> Skus);

internal static class CatalogCalls
{
    public static readonly Call<OffersQuestion, IReadOnlyDictionary<string, Offer>> FindOffers = new(CatalogSystem.Name, "find-offers", MayRepeat: true);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapCall<CatalogApi, OffersQuestion, IReadOnlyDictionary<string, Offer>>(
        FindOffers, (catalog, asked, cancellation) => catalog.FindOffersAsync(asked.Tenant, asked.Skus, cancellation));
}

internal sealed class RemoteCatalog(Peers peers) : ICatalog
{
    public ValueTask<IReadOnlyDictionary<string, Offer>> FindOffersAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation) =>
        peers.AskAsync(CatalogCalls.FindOffers, new OffersQuestion(tenant, skus), cancellation);
}
