using Basin.Vault.Keys;
using Basin.Vault.Stripe;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Basin.Vault;

/// <summary>Card numbers: they come in here, stay sealed, and go out as tokens, so that no other system ever has one.</summary>
public static class VaultSystem
{
    public const string Name = "vault";

    /// <summary>Below the data directory, where a generated root key is. Backups leave it out: cards beside their key are not sealed.</summary>
    public const string KeyFolder = "vault-keys";

    private static readonly TimeSpan ExpiryPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ResealPeriod = TimeSpan.FromSeconds(1);

    extension(IHostApplicationBuilder builder)
    {
        /// <summary>Adds the vault. Providers that take card numbers are the registered <see cref="ICardProvider"/>s.</summary>
        public IHostApplicationBuilder AddVault()
        {
            builder.AddSystem(Name, typeof(VaultSystem).Assembly)
                .Options<VaultOptions>("Vault")
                .Every<VaultApi>(ExpiryPeriod, _ => VaultApi.RemoveExpiredAsync)
                .Every<VaultApi>(ResealPeriod, vault => vault.ResealAsync)
                .Offers<IVault, VaultApi, RemoteVault>()
                .DependsOn(services => services.GetRequiredService<CardProviders>().Dependencies)
                .Shows("Vault", "/console/vault", "lock")
                .Refuses(VaultProblems.All);
            var services = builder.Services;
            services.AddStripeDialect();
            services.AddSingleton<KeySource>();
            services.AddSingleton<VaultKeys>();
            services.AddSingleton<CardProviders>();
            services.AddSingleton<VaultApi>();
            services.AddHostedService<VaultStart>();
            return builder;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public IEndpointRouteBuilder MapVault()
        {
            VaultEndpoints.Map(routes);
            TokenRoutes.Map(routes);
            VaultCalls.Map(routes);
            return routes;
        }
    }
}
