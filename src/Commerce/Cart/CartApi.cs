using Basin.Catalog;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Cart;

/// <summary>The use cases of Cart, for its endpoints and its pages; other systems ask <see cref="ICarts"/>.</summary>
public sealed class CartApi([FromKeyedServices(CartSystem.Name)] Store store, ICatalog catalog) : ICarts
{
    private static readonly Dictionary<string, Offer> NoOffers = [];

    /// <inheritdoc/>
    public async ValueTask<CartView?> FindAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        await PriceAsync(await store.ReadAsync(ShardKey.First, snapshot => CartStore.FindOfAsync(snapshot, tenant, owner), cancellation), cancellation);

    internal async ValueTask<CartView?> FindAsync(Id<Tenant> tenant, Id<ShoppingCart> id, CancellationToken cancellation) =>
        await PriceAsync(await store.ReadAsync(ShardKey.First, snapshot => CartStore.FindAsync(snapshot, tenant, id), cancellation), cancellation);

    /// <inheritdoc/>
    public async ValueTask<int> CountAsync(Id<Tenant> tenant, string owner, CancellationToken cancellation) =>
        (await store.ReadAsync(ShardKey.First, snapshot => CartStore.FindOfAsync(snapshot, tenant, owner), cancellation))?.Items.Count ?? 0;

    /// <inheritdoc/>
    public async ValueTask ClearAsync(Id<Tenant> tenant, Id<ShoppingCart> id, long orderedVersion, CancellationToken cancellation) => await store.WriteAsync(
        ShardKey.First,
        async tx => await CartStore.FindAsync(tx, tenant, id) is { } cart && cart.Version == orderedVersion
            ? await CartStore.UpdateAsync(tx, cart, cart.Clear())
            : null,
        cancellation);

    /// <summary>Makes a cart for a program, or finds the one that the owner has.</summary>
    internal Task<Answer<CartContents>> CreateAsync(Id<Tenant> tenant, NewCart request, Once once, CancellationToken cancellation) => once.WriteAsync(
        store, ShardKey.First, request, tx => CreateAsync(tx, tenant, request.Owner), cancellation);

    private static async ValueTask<Answer<CartContents>> CreateAsync(Transaction tx, Id<Tenant> tenant, string? owner)
    {
        if (owner is not null && await CartStore.FindOfAsync(tx, tenant, owner) is { } found)
            return CartContents.Answer(found);
        var cart = ShoppingCart.Empty(tx.NewId<ShoppingCart>(), tenant, owner, tx.Now);
        await CartStore.InsertAsync(tx, cart);
        return Answer.Created($"/v1/carts/{cart.Id}", CartContents.Of(cart)).Tagged(IfMatch.TagOf(cart.Version));
    }

    internal Task<Answer<Nothing>> DeleteAsync(Id<Tenant> tenant, Id<ShoppingCart> id, IfMatch match, Once once, CancellationToken cancellation) =>
        once.WriteAsync<IfMatch, Nothing>(
            store,
            ShardKey.First,
            match,
            async tx =>
            {
                if (await CartStore.FindAsync(tx, tenant, id) is not { } cart)
                    return KernelProblems.NotFound;
                if (!match.Holds(cart.Version))
                    return KernelProblems.PreconditionFailed;
                await CartStore.DeleteAsync(tx, id);
                return Answer.NoContent();
            },
            cancellation);

    /// <summary>Puts something into a shopper's cart, which begins with it.</summary>
    internal async Task<Answer<CartContents>> AddAsync(
        Id<Tenant> tenant, CartPlace place, string sku, int quantity, Once once, CancellationToken cancellation)
    {
        var offer = await FindOfferAsync(tenant, sku, cancellation);
        return await ChangeAsync(tenant, place, new ItemChange("add", sku, quantity, null), cart => cart.Add(sku, quantity, offer), once, cancellation);
    }

    internal async Task<Answer<CartContents>> SetAsync(
        Id<Tenant> tenant, CartPlace place, string sku, int quantity, Once once, CancellationToken cancellation)
    {
        var offer = await FindOfferAsync(tenant, sku, cancellation);
        return await ChangeAsync(
            tenant, place, new ItemChange("set", sku, quantity, place.Match), cart => cart.Set(sku, quantity, offer), once, cancellation);
    }

    internal Task<Answer<CartContents>> RemoveAsync(Id<Tenant> tenant, CartPlace place, string sku, Once once, CancellationToken cancellation) =>
        ChangeAsync(tenant, place, new ItemChange("remove", sku, 0, place.Match), cart => (cart.Remove(sku), null), once, cancellation);

    internal async Task<Answer<CartContents>> AcceptPricesAsync(
        Id<Tenant> tenant, CartPlace place, AcceptPrices request, Once once, CancellationToken cancellation)
    {
        var offers = await catalog.FindOffersAsync(tenant, [.. request.Prices.Select(price => price.Sku)], cancellation);
        return await ChangeAsync(tenant, place, request, cart => (cart.AcceptPrices(request.Prices, offers), null), once, cancellation);
    }

    private Task<Answer<CartContents>> ChangeAsync<TRequest>(
        Id<Tenant> tenant, CartPlace place, TRequest request, Func<ShoppingCart, (ShoppingCart Next, Problem? Refusal)> decide, Once once,
        CancellationToken cancellation) => once.WriteAsync<TRequest, CartContents>(
        store,
        ShardKey.First,
        request,
        async tx =>
        {
            var cart = place.Id is { } id ? await CartStore.FindAsync(tx, tenant, id) : await CartStore.FindOrInsertAsync(tx, tenant, place.Owner!);
            if (cart is null)
                return KernelProblems.NotFound;
            if (place.Match is { } match && !match.Holds(cart.Version))
                return KernelProblems.PreconditionFailed;
            var (next, refusal) = decide(cart);
            return refusal is null ? CartContents.Answer(await CartStore.UpdateAsync(tx, cart, next)) : refusal;
        },
        cancellation);

    private async ValueTask<CartView?> PriceAsync(ShoppingCart? cart, CancellationToken cancellation)
    {
        if (cart is null)
            return null;
        var offers = cart.Items.Count == 0
            ? NoOffers
            : await catalog.FindOffersAsync(cart.Tenant, [.. cart.Items.Select(item => item.Sku)], cancellation);
        return CartView.Of(cart, offers);
    }

    private async ValueTask<Offer?> FindOfferAsync(Id<Tenant> tenant, string sku, CancellationToken cancellation) =>
        (await catalog.FindOffersAsync(tenant, [sku], cancellation)).GetValueOrDefault(sku);
}

/// <summary>Which cart is meant: a program says the id and the version that it has read, a shopper has one.</summary>
internal readonly record struct CartPlace(Id<ShoppingCart>? Id, IfMatch? Match, string? Owner)
{
    public static CartPlace At(Id<ShoppingCart> id, IfMatch match) => new(id, match, null);

    public static CartPlace Of(Shopper shopper) => new(null, null, shopper.Owner);
}

/// <summary>What makes one change the same as another under an Idempotency-Key.</summary>
internal sealed record ItemChange(string Change, string Sku, int Quantity, IfMatch? Match);
