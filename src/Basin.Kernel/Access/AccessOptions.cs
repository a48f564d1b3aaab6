using System.ComponentModel.DataAnnotations;

namespace Basin.Kernel.Access;

/// <summary>Section <c>Basin:Access</c>.</summary>
public sealed class AccessOptions
{
    /// <summary>The slug of the tenant whose goods the shop's pages sell. Default <c>main</c>.</summary>
    [Required]
    public string ShopTenant { get; set; } = "main";

    /// <summary>Failed tries to sign in with one address before it is locked. Default 5.</summary>
    [Range(1, 100)]
    public int MaxFailures { get; set; } = 5;

    /// <summary>How long an address stays locked, and how long failed tries are remembered. Default 15.</summary>
    [Range(1, 1440)]
    public int LockoutMinutes { get; set; } = 15;

    /// <summary>How long a customer who does not come back stays signed in. Default 14.</summary>
    [Range(1, 365)]
    public int CustomerSessionDays { get; set; } = 14;

    /// <summary>How long an operator who does not come back stays signed in. Default 8.</summary>
    [Range(1, 168)]
    public int OperatorSessionHours { get; set; } = 8;

    /// <summary>How long a signed-in account is remembered before it is read again; a change in this process is seen at once. Default 30.</summary>
    [Range(1, 3600)]
    public int AccountCacheSeconds { get; set; } = 30;

    /// <summary>
    /// Iterations of PBKDF2 with HMAC-SHA512 for new passwords; older ones follow when their owner signs in. Default 210000, as the OWASP password
    /// storage cheat sheet recommends.
    /// </summary>
    [Range(1000, 10_000_000)]
    public int PasswordIterations { get; set; } = 210_000;

    /// <summary>Keys of one tenant that are not revoked. Default 1000.</summary>
    [Range(1, 100_000)]
    public int MaxKeysPerTenant { get; set; } = 1000;

    internal TimeSpan Lockout => TimeSpan.FromMinutes(LockoutMinutes);

    internal TimeSpan AccountCache => TimeSpan.FromSeconds(AccountCacheSeconds);
}
