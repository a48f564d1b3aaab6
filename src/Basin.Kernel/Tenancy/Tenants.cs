using Basin.Kernel.Access;
using Basin.Kernel.Ids;

namespace Basin.Kernel.Tenancy;

/// <summary>The tenants that the host itself works for. They are known before any other part of the host starts.</summary>
public sealed class Tenants
{
    /// <summary>The tenant of the operators; it is always there.</summary>
    public const string MainSlug = "main";

    private Tenant? _main;
    private Tenant? _shop;

    public Id<Tenant> Main => Known(_main).Id;

    /// <summary>Whose goods the shop's pages sell, and whose customers sign in there.</summary>
    public Id<Tenant> Shop => Known(_shop).Id;

    /// <summary>
    /// Whether somebody may see to what is the installation's and no tenant's: a scope that was granted inside another tenant does not reach that.
    /// </summary>
    public bool IsOperator(Caller caller) => caller.Tenant == Main;

    internal void Learn(Tenant main, Tenant shop) => (_main, _shop) = (main, shop);

    private static Tenant Known(Tenant? tenant) => tenant ?? throw new InvalidOperationException("The host has not started.");
}
