using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Catalog;

/// <summary>What is for sale: products, their variants, prices, pictures and categories.</summary>
public static class CatalogSystem
{
    public const string Name = "catalog";

    extension(IHostApplicationBuilder builder)
    {
        public IHostApplicationBuilder AddCatalog()
        {
            builder.AddSystem(Name, typeof(CatalogSystem).Assembly)
                .Options<CatalogOptions>("Catalog")
                .Publishes<ProductCreated>()
                .Publishes<ProductChanged>()
                .Rebuilds(ProductWords.Table, CatalogStore.RebuildWordsAsync)
                .Degrades(CatalogModes.SuggestionsOff)
                .Degrades(CatalogModes.CachedLists)
                .Offers<ICatalog, CatalogApi, RemoteCatalog>()
                .Refuses(CatalogProblems.All);
            builder.Services.AddSingleton<CatalogApi>();
            builder.Services.AddSingleton<Storefront>();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapCatalog()
        {
            CatalogEndpoints.Map(routes);
            CatalogCalls.Map(routes);
            return routes;
        }
    }
}
