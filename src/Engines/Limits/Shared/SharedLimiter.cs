using System.Globalization;
using Basin.Limits.Algorithms;
using Basin.Resp;

namespace Basin.Limits.Shared;

/// <summary>What is done while the server is not reached.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<WhenUnreachable>))]
public enum WhenUnreachable
{
    /// <summary>Each process counts by itself: up to as many times the limit as there are processes, and nobody is refused for the server's sake.</summary>
    CountHere,

    /// <summary>Nobody is let in.</summary>
    Refuse,
}

/// <summary>Counts the permits of many keys by one rule, for all processes that ask the same Redis. A decision is one script, and one round trip.</summary>
public sealed class SharedLimiter
{
    private static readonly TimeSpan RetryAfterOutage = TimeSpan.FromSeconds(1);

    private readonly RespClient _redis;
    private readonly string _prefix;
    private readonly LimitRule _rule;
    private readonly LimitScript _script;
    private readonly Func<Cell, long, long, bool, Decision> _standing;
    private readonly ReadOnlyMemory<byte>[] _numbers;
    private readonly Limiter? _local;

    /// <param name="redis">Was made with <see cref="GreetAsync"/>.</param>
    /// <param name="name">Begins every key, such as <c>limits:checkout:address</c>.</param>
    /// <exception cref="ArgumentException">The rule cannot be shared.</exception>
    public SharedLimiter(
        RespClient redis, string name, LimitRule rule, WhenUnreachable whenUnreachable, TimeProvider time, int maxKeys = Limiter.DefaultMaxKeys)
    {
        if ((rule.Fault ?? LimitScript.Fault(rule)) is var (member, sentence))
            throw new ArgumentException(sentence, member);
        // What is stored means something else under another rule, which begins anew.
        _prefix = string.Create(CultureInfo.InvariantCulture, $"{name}:{(int)rule.Algorithm}.{rule.Permits}.{rule.PeriodUs}.{rule.Capacity}:");
        (_redis, _rule, _script) = (redis, rule, LimitScript.Of(rule.Algorithm));
        _standing = StandingOf(rule);
        _numbers = RespWriter.Parts(Text(rule.Permits), Text(rule.PeriodUs), Text(rule.Capacity));
        _local = whenUnreachable == WhenUnreachable.CountHere ? Limiter.Of(rule, time, maxKeys) : null;
    }

    /// <summary>Tells a server the scripts; it forgets them when it starts anew.</summary>
    public static async Task GreetAsync(RespClient.Greeter ask, CancellationToken cancellation)
    {
        foreach (var script in LimitScript.All)
            await ask("SCRIPT", "LOAD", script.Text);
    }

    public LimitRule Rule => _rule;

    /// <summary>Gives back what counting here has taken of memory while the server was gone.</summary>
    public void Sweep() => _local?.Sweep();

    /// <summary>Takes permits, or changes nothing; and how things stand then.</summary>
    public async ValueTask<Decision> TakeAsync(string key, long cost, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        if (cost > _rule.Capacity)
            return new Decision(false, 0, 0, Decision.Never);
        try
        {
            var answer = await AskAsync(key, cost, cancellation);
            var (isTaken, cell, nowUs) = (Number(answer, 0) == 1, new Cell { A = Number(answer, 1), B = Number(answer, 2) }, Number(answer, 3));
            return _standing(cell, nowUs, cost, isTaken);
        }
        catch (Exception failure) when (failure is RespUnavailableException or RespErrorException)
        {
            // A server that refuses, because it is full, busy or a replica, is as good as gone.
            return _local?.Take(key, cost) ?? new Decision(false, 0, 0, (long)RetryAfterOutage.TotalMicroseconds);
        }
    }

    /// <summary>Gives permits back: because the work was refused elsewhere. What cannot be given back comes back with time.</summary>
    public async ValueTask GiveBackAsync(string key, long cost)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cost, 1);
        try
        {
            await AskAsync(key, -cost, CancellationToken.None);
        }
        catch (Exception failure) when (failure is RespUnavailableException or RespErrorException)
        {
            _local?.GiveBack(Limiter.HashOf(key), cost);
        }
    }

    private async Task<RespValue> AskAsync(string key, long cost, CancellationToken cancellation)
    {
        var numbers = RespWriter.Parts(_script.Sha, "1", $"{_prefix}{key}", Text(cost));
        try
        {
            return await _redis.AskAsync([.. RespWriter.Parts("EVALSHA"), .. numbers, .. _numbers], cancellation);
        }
        catch (RespErrorException refused) when (refused.Code == "NOSCRIPT")
        {
            // Somebody has made the server forget its scripts.
            var whole = RespWriter.Parts("EVAL", _script.Text, "1", $"{_prefix}{key}", Text(cost));
            return await _redis.AskAsync([.. whole, .. _numbers], cancellation);
        }
    }

    private static long Number(RespValue answer, int place) => answer.Items![place] is { Kind: RespKind.Integer } number
        ? number.Integer
        : long.Parse(answer.Items[place].Bytes.Span, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The numbers of the cell mean in Redis what they mean here.</summary>
    private static Func<Cell, long, long, bool, Decision> StandingOf(LimitRule rule)
    {
        return rule.Algorithm switch
        {
            LimitAlgorithm.FixedWindow => By(new FixedWindow(rule)),
            LimitAlgorithm.SlidingCounter => By(new SlidingCounter(rule)),
            LimitAlgorithm.LeakyBucket => By(new LeakyBucket(rule)),
            _ => By(new TokenBucket(rule)),
        };

        static Func<Cell, long, long, bool, Decision> By<TAlgorithm>(TAlgorithm algorithm)
            where TAlgorithm : struct, ILimitAlgorithm =>
            (cell, nowUs, cost, isTaken) => algorithm.StandingOf(ref cell, nowUs, cost, isTaken, NoRings);
    }

    private static readonly Rings NoRings = new();
}
