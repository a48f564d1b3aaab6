using System.Collections.Concurrent;
using System.Security.Claims;
using Basin.Kernel.Http;
using Basin.Kernel.Ids;
using Basin.Kernel.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Basin.Kernel.Access;

/// <summary>
/// The sessions of people. A cookie carries only the account's id and stamp, sealed; what the account is comes from a short memory, which a change
/// in this process empties at once.
/// </summary>
public sealed class Sessions([FromKeyedServices(AccessSystem.Name)] Store store, AccessOptions options, TimeProvider time)
{
    /// <summary>More accounts than this are not remembered at a time.</summary>
    private const int MaxRemembered = 100_000;

    private const string StampClaim = "stamp";

    private readonly ConcurrentDictionary<Id<Account>, Session> _remembered = new();
    private readonly Lock _lock = new();
    private long _changes;

    internal static Task BeginAsync(HttpContext http, Account account, string stamp, bool remember)
    {
        var scheme = Schemes.For(account.Kind);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, account.Id.ToString()), new Claim(StampClaim, stamp)], scheme);
        return http.SignInAsync(scheme, new ClaimsPrincipal(identity), new AuthenticationProperties { IsPersistent = remember });
    }

    /// <summary>Goes on with the session under another stamp.</summary>
    internal static async Task RenewAsync(HttpContext http, Account account, string stamp)
    {
        var current = await http.AuthenticateAsync(Schemes.For(account.Kind));
        await BeginAsync(http, account, stamp, current.Properties?.IsPersistent == true);
    }

    internal static Task EndAsync(HttpContext http, AccountKind kind) => http.SignOutAsync(Schemes.For(kind));

    /// <summary>Who a cookie speaks for, or null when it has ended.</summary>
    internal async ValueTask<ClaimsPrincipal?> FindAsync(ClaimsPrincipal cookie, AccountKind kind, CancellationToken cancellation)
    {
        if (!Id<Account>.TryParse(cookie.FindFirstValue(ClaimTypes.NameIdentifier), out var id))
            return null;
        if (_remembered.TryGetValue(id, out var found) && found.FreshUntil > time.GetUtcNow() && IsOf(found))
            return found.Principal;
        // Another process may have given a stamp that this one does not know yet.
        return await LoadAsync(id, cancellation) is { } session && IsOf(session) ? session.Principal : null;

        bool IsOf(Session session) => session.Kind == kind && session.Stamp == cookie.FindFirstValue(StampClaim);
    }

    /// <summary>Call it after the commit of a change to the account.</summary>
    internal void Forget(Id<Account> id)
    {
        lock (_lock)
        {
            _changes++;
            _remembered.TryRemove(id, out _);
        }
    }

    private async ValueTask<Session?> LoadAsync(Id<Account> id, CancellationToken cancellation)
    {
        var changes = Volatile.Read(ref _changes);
        var stored = await store.ReadAsync(ShardKey.First, snapshot => AccessStore.FindAccountAsync(snapshot, id), cancellation);
        if (stored is null)
            return null;
        var session = new Session(stored.Account.Kind, stored.Credentials.Stamp, PrincipalOf(stored.Account), time.GetUtcNow() + options.AccountCache);
        lock (_lock)
        {
            if (_remembered.Count >= MaxRemembered)
                _remembered.Clear();
            // What was read before a change must not outlive it.
            if (changes == _changes)
                _remembered[id] = session;
        }
        return session;
    }

    private static ClaimsPrincipal PrincipalOf(Account account)
    {
        var scopes = account.Kind == AccountKind.Operator ? new HashSet<string> { Scopes.All } : [];
        var identity = new CallerIdentity(new Caller(account.Tenant, account.Id.ToString(), scopes), Schemes.For(account.Kind));
        identity.AddClaim(new Claim(ClaimTypes.Email, account.Email));
        return new ClaimsPrincipal(identity);
    }

    private sealed record Session(AccountKind Kind, string Stamp, ClaimsPrincipal Principal, DateTimeOffset FreshUntil);
}

/// <summary>What happens to a session's cookie on its way in, and to those who come without one.</summary>
internal sealed class SessionEvents(Sessions sessions) : CookieAuthenticationEvents
{
    public override async Task ValidatePrincipal(CookieValidatePrincipalContext context)
    {
        var kind = context.Scheme.Name == Schemes.Operator ? AccountKind.Operator : AccountKind.Customer;
        var principal = await sessions.FindAsync(context.Principal!, kind, context.HttpContext.RequestAborted);
        if (principal is not null)
        {
            context.ReplacePrincipal(principal);
            return;
        }
        context.RejectPrincipal();
        await context.HttpContext.SignOutAsync(context.Scheme.Name);
    }

    public override Task RedirectToLogin(RedirectContext<CookieAuthenticationOptions> context) =>
        AsksForPage(context.Request) ? base.RedirectToLogin(context) : ProblemResult.WriteAsync(context.HttpContext, AccessProblems.SignInNeeded);

    public override Task RedirectToAccessDenied(RedirectContext<CookieAuthenticationOptions> context) =>
        ProblemResult.WriteAsync(context.HttpContext, KernelProblems.Forbidden);

    /// <summary>A script's request or a stream of events cannot follow a redirect to a form.</summary>
    private static bool AsksForPage(HttpRequest request)
    {
        string? mode = request.Headers["Sec-Fetch-Mode"];
        return mode is null ? request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase) : mode == "navigate";
    }
}
