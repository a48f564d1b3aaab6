using Basin.Kernel.FrontDoors;
using Microsoft.AspNetCore.Routing;

namespace Basin.Cart;

/// <summary>What other systems ask of Cart, wherever it runs.</summary>
/// <exception cref="ProblemException">All throw <c>system_unavailable</c> when Cart runs elsewhere and does not answer.</exception>
public interface ICarts
{
    /// <summary>An owner's cart at the prices of now, or null when there is none yet.</summary>
    /// <param name="owner">What <see cref="Shopper.Owner"/> says.</param>
    ValueTask<CartView?> FindAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation);

    /// <summary>How many lines an owner's cart has.</summary>
    ValueTask<int> CountAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation);

    /// <summary>Empties a cart after its order was placed. A cart that has changed since stays: what came in later was not ordered.</summary>
    ValueTask ClearAsync(Id<Tenant> tenant, Id<ShoppingCart> id, long orderedVersion, CancellationToken cancellation);
}

internal sealed record OwnerQuestion(Id<Tenant> Tenant, string Owner);

internal sealed record ClearQuestion(Id<Tenant> Tenant, Id<ShoppingCart> Id, long OrderedVersion);

internal static class CartCalls
{
    public static readonly Call<OwnerQuestion, CartView?> Find = new(CartSystem.Name, "find", MayRepeat: true);
    public static readonly Call<OwnerQuestion, int> Count = new(CartSystem.Name, "count", MayRepeat: true);

    /// <summary>The second time the cart has another version, and stays.</summary>
    public static readonly Call<ClearQuestion, bool> Clear = new(CartSystem.Name, "clear", MayRepeat: true);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapCall<CartApi, OwnerQuestion, CartView?>(Find, (carts, asked, cancellation) => carts.FindAsync(asked.Tenant, asked.Owner, cancellation));
        routes.MapCall<CartApi, OwnerQuestion, int>(Count, (carts, asked, cancellation) => carts.CountAsync(asked.Tenant, asked.Owner, cancellation));
        routes.MapCall<CartApi, ClearQuestion, bool>(Clear, async (carts, asked, cancellation) =>
        {
            await carts.ClearAsync(asked.Tenant, asked.Id, asked.OrderedVersion, cancellation);
            return true;
        });
    }
}

internal sealed class RemoteCarts(Peers peers) : ICarts
{
    public ValueTask<CartView?> FindAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        peers.AskAsync(CartCalls.Find, new OwnerQuestion(tenant, owner), cancellation);

    public ValueTask<int> CountAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        peers.AskAsync(CartCalls.Count, new OwnerQuestion(tenant, owner), cancellation);

    public async ValueTask ClearAsync(Id<Tenant> tenant, Id<ShoppingCart> id, long orderedVersion, CancellationToken cancellation) =>
        await peers.AskAsync(CartCalls.Clear, new ClearQuestion(tenant, id, orderedVersion), cancellation);
}
