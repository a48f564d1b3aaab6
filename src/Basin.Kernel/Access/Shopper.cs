using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Access;

/// <summary>
/// Whoever looks at the shop, signed in or not. A handler takes it as a parameter and a component as a cascading value; a visitor without a name gets
/// one then.
/// </summary>
/// <param name="Tenant">Whose shop it is.</param>
/// <param name="Owner">What belongs to the shopper is kept under this text: the account's id, or the visitor's.</param>
public sealed record Shopper(Id<Tenant> Tenant, string Owner, Id<Account>? CustomerId, string? Email)
{
    public bool IsSignedIn => CustomerId is not null;

    /// <summary>In whose name the shop's forms write; no route for programs lets it in.</summary>
    public Caller Caller => new(Tenant, Owner, new HashSet<string>());

    /// <summary>The shopper of a request; called by the framework for a handler's parameter.</summary>
    public static ValueTask<Shopper> BindAsync(HttpContext http) => ValueTask.FromResult(Of(http));

    /// <exception cref="InvalidOperationException">A new visitor comes after the response has begun, too late for a cookie.</exception>
    public static Shopper Of(HttpContext http)
    {
        var services = http.RequestServices;
        var shop = services.GetRequiredService<Tenants>().Shop;
        if (CustomerOf(http.User) is not { } customer || customer.Tenant != shop)
            return new Shopper(shop, services.GetRequiredService<Visitors>().OwnerOf(http), null, null);
        return new Shopper(shop, customer.Subject, Id<Account>.Parse(customer.Subject, null), http.User.FindFirstValue(ClaimTypes.Email));
    }

    private static Caller? CustomerOf(ClaimsPrincipal user) =>
        user.Identities.OfType<CallerIdentity>().FirstOrDefault(identity => identity.AuthenticationType == Schemes.Customer)?.Caller;
}

/// <summary>Names those who look around before they sign in: 128 random bits in a sealed cookie.</summary>
public sealed class Visitors(IDataProtectionProvider protection)
{
    private const string Cookie = "basin_visitor";
    private static readonly object Item = new();
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    private readonly IDataProtector _protector = protection.CreateProtector("Basin.Access.Visitor");

    /// <summary>The visitor's name, given now if there is none yet.</summary>
    internal string OwnerOf(HttpContext http)
    {
        if (Find(http) is { } known)
            return known;
        var bits = RandomNumberGenerator.GetBytes(16);
        http.Response.Cookies.Append(HostCookies.NameFor(http, Cookie), Base64Url.EncodeToString(_protector.Protect(bits)), OptionsFor(http, Lifetime));
        return Remember(http, NameOf(bits));
    }

    /// <summary>The visitor's name, or null when the visitor has none.</summary>
    internal string? Find(HttpContext http)
    {
        if (http.Items.TryGetValue(Item, out var known))
            return (string?)known;
        var sealedBits = http.Request.Cookies[HostCookies.NameFor(http, Cookie)];
        return sealedBits is { Length: < 1000 } && Base64Url.IsValid(sealedBits) && Open(sealedBits) is { } bits ? Remember(http, NameOf(bits)) : null;
    }

    /// <summary>Whoever signs out later begins anew, so that the next person at the same browser does not find what was there before.</summary>
    internal static void Forget(HttpContext http)
    {
        http.Items[Item] = null;
        http.Response.Cookies.Delete(HostCookies.NameFor(http, Cookie), OptionsFor(http, lifetime: null));
    }

    private byte[]? Open(string sealedBits)
    {
        try
        {
            return _protector.Unprotect(Base64Url.DecodeFromChars(sealedBits));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string Remember(HttpContext http, string owner)
    {
        http.Items[Item] = owner;
        return owner;
    }

    private static string NameOf(byte[] bits) => $"visitor_{Base64Url.EncodeToString(bits)}";

    private static CookieOptions OptionsFor(HttpContext http, TimeSpan? lifetime) => new()
    {
        HttpOnly = true,
        IsEssential = true,
        MaxAge = lifetime,
        Path = "/",
        SameSite = SameSiteMode.Lax,
        Secure = http.Request.IsHttps,
    };
}
