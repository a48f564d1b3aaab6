using Basin.Cart;
using Basin.Catalog;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Commerce.Tests.Orders;

/// <summary>Cart and Catalog as Orders knows them when they run in other processes: away at times.</summary>
/// <param name="services">Asked late, because Cart asks Catalog too.</param>
internal sealed class Neighbours(IServiceProvider services) : ICarts, ICatalog
{
    private CartApi Carts => services.GetRequiredService<CartApi>();

    private CatalogApi Catalog => services.GetRequiredService<CatalogApi>();

    public bool CartIsAway { get; set; }

    public bool CatalogIsAway { get; set; }

    public ValueTask<CartView?> FindAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        CartIsAway ? throw Away : Carts.FindAsync(tenant, owner, cancellation);

    public ValueTask<int> CountAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        CartIsAway ? throw Away : Carts.CountAsync(tenant, owner, cancellation);

    public async ValueTask ClearAsync(Id<Tenant> tenant, Id<ShoppingCart> id, long orderedVersion, CancellationToken cancellation)
    {
        if (CartIsAway)
            throw Away;
        await Carts.ClearAsync(tenant, id, orderedVersion, cancellation);
    }

    public async ValueTask<IReadOnlyDictionary<string, Offer>> FindOffersAsync(
        Id<Tenant> tenant, IReadOnlyCollection<string> skus, CancellationToken cancellation) =>
        CatalogIsAway ? throw Away : await Catalog.FindOffersAsync(tenant, skus, cancellation);

    private static ProblemException Away => KernelProblems.SystemUnavailable.Refusal();
}
