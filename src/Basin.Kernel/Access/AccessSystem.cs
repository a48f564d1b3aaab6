using Basin.Kernel.FrontDoors;
using Basin.Kernel.Hosting;
using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Postgres;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Access;

/// <summary>Tenants, API keys, accounts and sessions: the doors.</summary>
public static class AccessSystem
{
    public const string Name = "access";

    extension(IHostApplicationBuilder builder)
    {
        /// <param name="announce">Shows the link for the first operator to whoever started the host; without it the log does.</param>
        public IHostApplicationBuilder AddAccess(Action<string>? announce = null)
        {
            builder.AddSystem(Name, typeof(AccessSystem).Assembly, "Access")
                .RunsEverywhere()
                .Options<AccessOptions>("Access")
                .Publishes<VisitorSignedIn>()
                .Publishes<KeyRevoked>()
                .Every<KeyRing>(KeyRing.NotePeriod, ring => ring.NoteUsesAsync, inEachProcess: true)
                .Every<Accounts>(TimeSpan.FromMinutes(1), accounts => accounts.TrimAsync)
                .Refuses(AccessProblems.All);
            var services = builder.Services;
            services.AddSingleton(new OperatorKey(builder.Configuration[OperatorKey.Variable]));
            services.AddSingleton<Tenants>();
            services.AddSingleton<KeyRing>();
            services.AddSingleton<Passwords>();
            services.AddSingleton<Sessions>();
            services.AddSingleton<SessionEvents>();
            services.AddSingleton<Visitors>();
            services.AddSingleton(new SetupLink(announce));
            services.AddSingleton<Accounts>();
            services.AddSingleton<AccessApi>();
            services.AddHostedService<AccessStart>();
            services.AddHttpContextAccessor();
            services.AddCascadingValue(provider => Shopper.Of(provider.GetRequiredService<IHttpContextAccessor>().HttpContext!));
            // The folder's mode protects the keys; on most machines there is nothing better to encrypt them with.
            builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection.KeyManagement.XmlKeyManager", LogLevel.Error);
            services.AddSealing();
            services.AddSchemes();
            return builder;
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Adds authentication, authorization and the check of forms. Call it after <c>UseKernel</c> and before any route.</summary>
        /// <param name="whenKnown">Adds what has to know who asks, and comes before anybody is refused.</param>
        public WebApplication UseAccess(Action? whenKnown = null)
        {
            app.UseAuthentication();
            whenKnown?.Invoke();
            app.UseAuthorization();
            app.UseAntiforgery();
            return app;
        }
    }

    extension(IEndpointRouteBuilder routes)
    {
        public void MapAccess() => AccessEndpoints.Map(routes);
    }

    extension(IServiceCollection services)
    {
        /// <summary>
        /// Cookies and forms are sealed with keys that outlive the process: in a folder that only its user reads, or in the store when that is shared.
        /// </summary>
        private void AddSealing()
        {
            services.AddDataProtection().SetApplicationName("basin");
            services.AddSingleton<SealingKeys>();
            services.AddOptions<KeyManagementOptions>().Configure<StoreOptions, PostgresOptions, IServiceProvider>((keys, files, postgres, provider) =>
                keys.XmlRepository = postgres.IsUsed
                    ? provider.GetRequiredService<SealingKeys>()
                    : new FileSystemXmlRepository(
                        PrivateFiles.CreateFolder(Path.Combine(files.Directory, SealingKeys.Folder)), provider.GetRequiredService<ILoggerFactory>()));
            services.AddAntiforgery(antiforgery =>
            {
                antiforgery.Cookie.Name = "basin_form";
                antiforgery.Cookie.SameSite = SameSiteMode.Strict;
                antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
                antiforgery.SuppressXFrameOptionsHeader = true;
            });
        }

        private void AddSchemes()
        {
            services.AddScoped<IAuthenticationHandlerProvider, SchemesByPath>();
            services.AddAuthentication(Schemes.ByPath)
                // The default must have a name, yet no handler of its own.
                .AddPolicyScheme(Schemes.ByPath, null, _ => { })
                .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(Schemes.Bearer, null)
                .AddScheme<AuthenticationSchemeOptions, PeerAuthentication>(PeerAuthentication.Name, null)
                .AddCookie(Schemes.Customer, cookie => Configure(cookie, Schemes.Customer, "/sign-in"))
                .AddCookie(Schemes.Operator, cookie => Configure(cookie, Schemes.Operator, "/console/sign-in"));
            services.AddOptions<CookieAuthenticationOptions>(Schemes.Customer).Configure<AccessOptions>((cookie, options) =>
                cookie.ExpireTimeSpan = TimeSpan.FromDays(options.CustomerSessionDays));
            services.AddOptions<CookieAuthenticationOptions>(Schemes.Operator).Configure<AccessOptions>((cookie, options) =>
                cookie.ExpireTimeSpan = TimeSpan.FromHours(options.OperatorSessionHours));
            services.AddAuthorizationBuilder()
                .AddPolicy(Policies.Operator, policy => policy.AddAuthenticationSchemes(Schemes.Operator).RequireAuthenticatedUser())
                .AddPolicy(Policies.Customer, policy => policy.AddAuthenticationSchemes(Schemes.Customer).RequireAuthenticatedUser())
                .AddPolicy(Policies.Peer, policy => policy.AddAuthenticationSchemes(PeerAuthentication.Name).RequireAuthenticatedUser())
                .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(Policies.IsOpen).Build());
        }
    }

    private static void Configure(CookieAuthenticationOptions cookie, string scheme, string signInPath)
    {
        cookie.Cookie.Name = $"basin_{scheme}";
        cookie.Cookie.HttpOnly = true;
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.CookieManager = new HostCookies();
        cookie.EventsType = typeof(SessionEvents);
        cookie.LoginPath = signInPath;
        cookie.ReturnUrlParameter = "returnUrl";
        cookie.SlidingExpiration = true;
    }
}
