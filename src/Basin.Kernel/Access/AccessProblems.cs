using Basin.Kernel.Http;

namespace Basin.Kernel.Access;

/// <summary>What the access system refuses.</summary>
public static class AccessProblems
{
    public static readonly Problem SignInNeeded = new(401, "sign_in_needed", "Sign in first.");
    public static readonly Problem SignInRefused = new(401, "sign_in_refused", "The address and the password do not match.");
    public static readonly Problem ScopeNotHeld = new(403, "scope_not_held", "Nobody can grant a scope that they do not have.");
    public static readonly Problem OperatorsOnly = new(403, "operators_only", "Only keys and operators of the tenant main may do this.");
    public static readonly Problem SetupClosed = new(403, "setup_closed", "The link is not valid, or was used already.");
    public static readonly Problem EmailTaken = new(409, "email_taken", "The address has an account already.");
    public static readonly Problem TenantExists = new(409, "tenant_exists", "There is a tenant with this slug already.");
    public static readonly Problem TooManyKeys = new(409, "too_many_keys", "The tenant has as many keys as it may have; revoke one first.");
    public static readonly Problem TooManyTries = new(429, "too_many_tries", "There were too many failed tries with this address.");

    public static IReadOnlyList<Problem> All =>
        [SignInNeeded, SignInRefused, ScopeNotHeld, OperatorsOnly, SetupClosed, EmailTaken, TenantExists, TooManyKeys, TooManyTries];
}
