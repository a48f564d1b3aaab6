using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Basin.Kernel.Tenancy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Access;

/// <summary>
/// What people do with their accounts, for the forms of shop and console. Each call returns what refuses it, or null when it is done; it sets
/// cookies, so the response must not have begun.
/// </summary>
public sealed class Accounts(
    [FromKeyedServices(AccessSystem.Name)] Store store,
    Passwords passwords,
    Sessions sessions,
    Visitors visitors,
    Tenants tenants,
    SetupLink setup,
    AccessOptions options,
    TimeProvider time,
    ILogger<Accounts> log)
{
    private static readonly TimeSpan InvitationLifetime = TimeSpan.FromDays(1);

    /// <summary>Signs in. An address without an account gets the answers of a wrong password, in the same time.</summary>
    public async Task<Problem?> SignInAsync(HttpContext http, AccountKind kind, string? email, string? password, bool remember)
    {
        var checks = new Checks();
        CheckEmail(checks, email);
        checks.Text(password, "password", Account.MaxPasswordLength);
        if (checks.Problem is { } invalid)
            return invalid;
        var address = new Address(TenantOf(kind), kind, Account.NormalEmail(email!));
        var (account, problem) = await TryAsync(address, password!, newPassword: null, VisitorOf(http, kind), http.RequestAborted);
        if (account is null)
            return problem;
        await BeginSessionAsync(http, account, remember);
        return null;
    }

    /// <summary>Makes a customer's account and signs in.</summary>
    public async Task<Problem?> RegisterAsync(HttpContext http, string? email, string? password)
    {
        if (CheckNew(email, password) is { } invalid)
            return invalid;
        var credentials = await MakeCredentialsAsync(password!, http.RequestAborted);
        if (await MakeCustomerAsync(email!, credentials, visitors.Find(http), http.RequestAborted) is not { } account)
            return AccessProblems.EmailTaken.At("email", "This address has an account already.");
        await BeginSessionAsync(http, new(account, credentials), remember: true);
        return null;
    }

    /// <summary>Makes a customer of the shop, as a program does.</summary>
    /// <returns>Null when the address has an account already.</returns>
    public async Task<Account?> MakeCustomerAsync(string email, string password, CancellationToken cancellation) =>
        await MakeCustomerAsync(email, await MakeCredentialsAsync(password, cancellation), visitor: null, cancellation);

    private async Task<Account?> MakeCustomerAsync(string email, Credentials credentials, string? visitor, CancellationToken cancellation)
    {
        var (normal, tenant) = (Account.NormalEmail(email), tenants.Shop);
        var account = await store.WriteAsync(
            ShardKey.First,
            async tx =>
            {
                if (await AccessStore.FindAccountAsync(tx, tenant, AccountKind.Customer, normal) is not null)
                    return null;
                var made = await AccessStore.InsertAccountAsync(tx, tenant, AccountKind.Customer, normal, credentials);
                await PublishSignedInAsync(tx, made, visitor);
                return made;
            },
            cancellation);
        if (account is not null)
            AccessLog.AccountMade(log, account.Id, account.Kind);
        return account;
    }

    /// <summary>Gives the signed-in account a new password. This session goes on, the account's others end.</summary>
    public async Task<Problem?> ChangePasswordAsync(HttpContext http, string? current, string? next)
    {
        var checks = new Checks();
        checks.Text(current, "current", Account.MaxPasswordLength);
        Account.CheckPassword(checks, next, "next");
        if (checks.Problem is { } invalid)
            return invalid;
        if (Caller.From(http.User) is not { } caller || !Id<Account>.TryParse(caller.Subject, out var id))
            return AccessProblems.SignInNeeded;
        var stored = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindAccountAsync(snapshot, id), http.RequestAborted);
        if (stored is null)
            return AccessProblems.SignInNeeded;
        var address = new Address(caller.Tenant, stored.Account.Kind, stored.Account.Email);
        var (changed, problem) = await TryAsync(address, current!, await MakeCredentialsAsync(next!, http.RequestAborted), null, http.RequestAborted);
        if (changed is null)
            return problem == AccessProblems.SignInRefused ? KernelProblems.Invalid.At("current", "This is not the current password.") : problem;
        sessions.Forget(id);
        AccessLog.PasswordChanged(log, id);
        await Sessions.RenewAsync(http, changed.Account, changed.Credentials.Stamp);
        return null;
    }

    /// <summary>Forgets failed tries and invitations that no longer count.</summary>
    internal async ValueTask<bool> TrimAsync(Transaction tx)
    {
        await AccessStore.TrimInvitationsAsync(tx);
        return await AccessStore.TrimTriesAsync(tx, tx.Now - options.Lockout);
    }

    public static Task SignOutAsync(HttpContext http, AccountKind kind) => Sessions.EndAsync(http, kind);

    /// <summary>The operators, the first one first.</summary>
    public ValueTask<List<Account>> ListOperatorsAsync(CancellationToken cancellation) =>
        store.ReadAsync(ShardKey.First, snapshot => AccessStore.ListOperatorsAsync(snapshot, tenants.Main), cancellation);

    /// <summary>Makes the token of a link with which somebody becomes an operator, once and within a day.</summary>
    public async Task<string> InviteOperatorAsync(Caller caller, CancellationToken cancellation)
    {
        var token = SecretToken.New();
        var hash = SecretToken.HashOf(token);
        await store.WriteAsync(
            ShardKey.First, tx => AccessStore.InsertInvitationAsync(tx, hash, tx.Now + InvitationLifetime), cancellation);
        AccessLog.OperatorInvited(log, caller.Subject);
        return token;
    }

    /// <summary>Whether a link with this token makes an operator: that of <see cref="SetupLink"/>, or an invitation.</summary>
    public async ValueTask<bool> MaySetUpAsync(string? token, CancellationToken cancellation)
    {
        if (setup.Opens(token))
            return true;
        if (token is not { Length: SecretToken.Length })
            return false;
        var (hash, now) = (SecretToken.HashOf(token), time.GetUtcNow());
        return await store.ReadAsync(ShardKey.First, snapshot => AccessStore.HasInvitationAsync(snapshot, hash, now), cancellation);
    }

    /// <summary>Makes an operator and signs in, for whoever has a link that does so.</summary>
    public async Task<Problem?> SetUpAsync(HttpContext http, string? token, string? email, string? password)
    {
        if (!await MaySetUpAsync(token, http.RequestAborted))
            return AccessProblems.SetupClosed;
        if (CheckNew(email, password) is { } invalid)
            return invalid;
        var credentials = await MakeCredentialsAsync(password!, http.RequestAborted);
        var (account, problem) = await store.WriteAsync(
            ShardKey.First, tx => MakeOperatorAsync(tx, token!, Account.NormalEmail(email!), credentials), http.RequestAborted);
        setup.Close();
        if (account is null)
            return problem;
        AccessLog.AccountMade(log, account.Id, account.Kind);
        await Sessions.BeginAsync(http, account, credentials.Stamp, remember: false);
        return null;
    }

    private async ValueTask<(Account? Account, Problem? Problem)> MakeOperatorAsync(
        Transaction tx, string token, string email, Credentials credentials)
    {
        if (await AccessStore.FindAccountAsync(tx, tenants.Main, AccountKind.Operator, email) is not null)
            return (null, AccessProblems.EmailTaken.At("email", "This address has an account already."));
        var isFirst = setup.Opens(token) && !await AccessStore.HasOperatorAsync(tx, tenants.Main);
        if (!isFirst && !await AccessStore.TakeInvitationAsync(tx, SecretToken.HashOf(token)))
            return (null, AccessProblems.SetupClosed);
        return (await AccessStore.InsertAccountAsync(tx, tenants.Main, AccountKind.Operator, email, credentials), null);
    }

    /// <summary>
    /// Verifies a password and writes down what came of it. The slow hash runs before the transaction, which then decides by what it finds: of many
    /// tries at the same time none slips past the lock.
    /// </summary>
    private async Task<(StoredAccount? Account, Problem? Problem)> TryAsync(
        Address address, string password, Credentials? newPassword, string? visitor, CancellationToken cancellation)
    {
        var (seen, tries) = await store.ReadAsync(ShardKey.First, snapshot => FindAsync(snapshot, address), cancellation);
        if (tries?.LockedAt(time.GetUtcNow()) == true)
            return (null, LockedProblem(tries));
        var verdict = await passwords.VerifyAsync(seen?.Credentials.PasswordHash, password, cancellation);
        (var account, tries) = await store.WriteAsync(ShardKey.First, tx => DecideAsync(tx, address, seen, verdict, newPassword, visitor), cancellation);
        if (account is not null)
            return (account, null);
        if (tries?.LockedAt(time.GetUtcNow()) != true)
            return (null, AccessProblems.SignInRefused);
        AccessLog.Locked(log, address.Tenant, address.Kind);
        return (null, LockedProblem(tries));
    }

    private static async ValueTask<(StoredAccount? Account, SignInTries? Tries)> FindAsync(Snapshot snapshot, Address address) =>
        (await AccessStore.FindAccountAsync(snapshot, address.Tenant, address.Kind, address.Email), await AccessStore.FindTriesAsync(snapshot, address));

    /// <returns>The account when the try succeeds, else the failed tries by now.</returns>
    private async ValueTask<(StoredAccount? Account, SignInTries? Tries)> DecideAsync(
        Transaction tx, Address address, StoredAccount? seen, Passwords.Verdict verdict, Credentials? newPassword, string? visitor)
    {
        var (found, tries) = await FindAsync(tx, address);
        if (tries?.LockedAt(tx.Now) == true)
            return (null, tries);
        // A password that was changed since it was verified counts as wrong.
        if (found is null || !verdict.Matches || found.Credentials != seen?.Credentials)
        {
            tries = SignInTries.AfterFailure(tries, tx.Now, options);
            await AccessStore.SaveTriesAsync(tx, address, tries);
            return (null, tries);
        }
        if (tries is not null)
            await AccessStore.DeleteTriesAsync(tx, address);
        var credentials = newPassword ?? (verdict.Rehashed is { } hash ? found.Credentials with { PasswordHash = hash } : found.Credentials);
        if (credentials != found.Credentials)
            await AccessStore.UpdateCredentialsAsync(tx, found.Account.Id, credentials);
        await PublishSignedInAsync(tx, found.Account, visitor);
        return (found with { Credentials = credentials }, null);
    }

    private static async ValueTask PublishSignedInAsync(Transaction tx, Account account, string? visitor)
    {
        if (visitor is not null)
            await tx.PublishAsync(account.Tenant, new VisitorSignedIn(visitor, account.Id));
    }

    private static async Task BeginSessionAsync(HttpContext http, StoredAccount account, bool remember)
    {
        await Sessions.BeginAsync(http, account.Account, account.Credentials.Stamp, remember);
        if (account.Account.Kind == AccountKind.Customer)
            Visitors.Forget(http);
    }

    private async Task<Credentials> MakeCredentialsAsync(string password, CancellationToken cancellation) =>
        new(await passwords.HashAsync(password, cancellation), SecretToken.New());

    private Problem LockedProblem(SignInTries tries) => AccessProblems.TooManyTries with
    {
        Detail = $"Wait up to {options.LockoutMinutes} minutes and try again.",
        RetryAfter = tries.LockedUntil - time.GetUtcNow(),
    };

    private Id<Tenant> TenantOf(AccountKind kind) => kind == AccountKind.Operator ? tenants.Main : tenants.Shop;

    private string? VisitorOf(HttpContext http, AccountKind kind) => kind == AccountKind.Customer ? visitors.Find(http) : null;

    private static Problem? CheckNew(string? email, string? password)
    {
        var checks = new Checks();
        CheckEmail(checks, email);
        Account.CheckPassword(checks, password, "password");
        return checks.Problem;
    }

    private static void CheckEmail(Checks checks, string? email) => checks.Email(email?.Trim(), "email");
}
