using System.Text.Json.Serialization;
using Basin.Cart;

namespace Basin.Orders;

/// <summary>The cart that an order came from, as it was shown.</summary>
public sealed record OrderedCart(Id<ShoppingCart> Id, long Version);

/// <summary>Left behind by an order, so that its cart is emptied even if Cart runs elsewhere and does not answer at the moment: nobody should buy it twice.</summary>
internal sealed record ClearCart(Id<Order> Order, Id<ShoppingCart> Cart, long Version) : IJob<ClearCart>
{
    public static JobType<ClearCart> Type { get; } = new("orders.clear-cart.v1", "ord", ClearCartJson.Default.ClearCart);

    public long Key => Order.Value;
}

internal sealed class CartClearing(ICarts carts)
{
    public async Task RunAsync(ClearCart job, JobRun run, CancellationToken cancellation)
    {
        await carts.ClearAsync(run.Tenant, job.Cart, job.Version, cancellation);
        await run.CompleteAsync(_ => default, cancellation);
    }
}

[JsonSerializable(typeof(ClearCart))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ClearCartJson : JsonSerializerContext;
