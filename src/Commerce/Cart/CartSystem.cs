using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Cart;

/// <summary>
/// What visitors and customers want to buy. Stands on Catalog. It keeps its data in one shard: the merge at sign-in takes from one owner's cart and
/// gives to another's, and only a transaction over both loses nothing and doubles nothing. Carts are small and one writer takes tens of thousands of
/// changes a second.
/// </summary>
public static class CartSystem
{
    public const string Name = "cart";

    private static readonly TimeSpan TrimPeriod = TimeSpan.FromMinutes(10);

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddCart()
        {
            builder.AddSystem(Name, typeof(CartSystem).Assembly)
                .Options<CartOptions>("Cart")
                .On<VisitorSignedIn>(CartMerge.OnAsync)
                .Every<CartOptions>(TrimPeriod, options => tx => CartMerge.TrimAsync(tx, options))
                .Offers<ICarts, CartApi, RemoteCarts>()
                .Refuses(CartProblems.All);
            builder.Services.AddSingleton<CartApi>();
            builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, CartJson.Default));
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapCart()
        {
            CartEndpoints.Map(routes);
            CartCalls.Map(routes);
            return routes;
        }
    }
}
