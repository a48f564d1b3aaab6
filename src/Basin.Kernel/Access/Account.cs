using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Tenancy;

namespace Basin.Kernel.Access;

public enum AccountKind
{
    /// <summary>May do everything, and works in the console.</summary>
    Operator,

    /// <summary>Buys in the shop.</summary>
    Customer,
}

/// <summary>Somebody who signs in with an e-mail address and a password.</summary>
/// <param name="Email">As <see cref="NormalEmail"/> makes it; unique among the tenant's accounts of a kind.</param>
public sealed record Account(Id<Account> Id, Id<Tenant> Tenant, AccountKind Kind, string Email, DateTimeOffset CreatedAt) : IEntity
{
    public const int MinPasswordLength = 10;
    public const int MaxPasswordLength = 200;

    public static string Prefix => "acc";

    /// <summary>One form for all spellings of an address, because people do not remember how they wrote it.</summary>
    public static string NormalEmail(string email) => email.Trim().ToLowerInvariant();

    /// <summary>Length is the only rule: rules about kinds of characters make passwords worse (NIST SP 800-63B, 3.1.1.2).</summary>
    internal static void CheckPassword(Checks checks, string? password, string member)
    {
        checks.That(password?.Length >= MinPasswordLength, member, $"At least {MinPasswordLength} characters are expected.");
        checks.That(password is null || password.Length <= MaxPasswordLength, member, $"At most {MaxPasswordLength} characters are expected.");
    }
}

/// <summary>What proves an account. It is never printed.</summary>
/// <param name="Stamp">Changes with the password; a session of another stamp has ended.</param>
internal sealed record Credentials(string PasswordHash, string Stamp)
{
    public override string ToString() => nameof(Credentials);
}

/// <summary>The failed tries with one address, whether it has an account or not.</summary>
/// <param name="Failures">Since the last success or lock.</param>
internal sealed record SignInTries(int Failures, DateTimeOffset? LockedUntil, DateTimeOffset LastAt)
{
    public bool LockedAt(DateTimeOffset now) => LockedUntil > now;

    /// <summary>One more failure. While the address is locked a try changes nothing, so that nobody can keep it locked for ever.</summary>
    public static SignInTries AfterFailure(SignInTries? before, DateTimeOffset now, AccessOptions options)
    {
        if (before?.LockedAt(now) == true)
            return before;
        var failures = before is null || before.ForgottenAt(now, options) ? 1 : before.Failures + 1;
        return failures < options.MaxFailures ? new(failures, null, now) : new(0, now + options.Lockout, now);
    }

    /// <summary>Old failures do not count: they are somebody's slip of yesterday.</summary>
    private bool ForgottenAt(DateTimeOffset now, AccessOptions options) => LastAt + options.Lockout <= now;
}
