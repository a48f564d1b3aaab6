using System.Threading.RateLimiting;
using Basin.Kernel.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace Basin.Kernel.Access;

/// <summary>
/// Hashes and verifies passwords. Each costs a core about a tenth of a second, on purpose; so only half of the cores do it at a time, and a flood
/// of tries is refused instead of starving everything else.
/// </summary>
public sealed class Passwords : IDisposable
{
    private const int MaxWaiting = 64;

    private readonly PasswordHasher<Account> _hasher;
    private readonly ConcurrencyLimiter _limiter;
    private readonly Lazy<string> _nobodys;

    public Passwords(AccessOptions options)
    {
        _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = options.PasswordIterations }));
        _limiter = new(new() { PermitLimit = Math.Max(1, Environment.ProcessorCount / 2), QueueLimit = MaxWaiting });
        _nobodys = new(() => Hash(SecretToken.New()));
    }

    /// <exception cref="ProblemException">Too many wait already.</exception>
    internal async Task<string> HashAsync(string password, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation);
        return Hash(password);
    }

    /// <param name="hash">Null takes as long and does not match.</param>
    /// <exception cref="ProblemException">Too many wait already.</exception>
    internal async Task<Verdict> VerifyAsync(string? hash, string password, CancellationToken cancellation)
    {
        using var turn = await TakeTurnAsync(cancellation);
        var result = _hasher.VerifyHashedPassword(null!, hash ?? _nobodys.Value, password);
        if (hash is null || result == PasswordVerificationResult.Failed)
            return new Verdict(Matches: false, Rehashed: null);
        return new Verdict(Matches: true, result == PasswordVerificationResult.SuccessRehashNeeded ? Hash(password) : null);
    }

    public void Dispose() => _limiter.Dispose();

    private string Hash(string password) => _hasher.HashPassword(null!, password);

    private async Task<RateLimitLease> TakeTurnAsync(CancellationToken cancellation)
    {
        // Whoever comes first, known or not, pays for the hash that stands in for unknown addresses.
        _ = _nobodys.Value;
        var lease = await _limiter.AcquireAsync(1, cancellation);
        if (lease.IsAcquired)
            return lease;
        lease.Dispose();
        throw (KernelProblems.Busy with { RetryAfter = TimeSpan.FromSeconds(5) }).Refusal();
    }

    /// <param name="Rehashed">The password's hash by today's parameters, when the kept one is older.</param>
    internal readonly record struct Verdict(bool Matches, string? Rehashed);
}
