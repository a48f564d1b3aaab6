using System.Security.Cryptography;
using System.Text;

namespace Basin.Limits.Shared;

/// <summary>
/// The algorithms as scripts that Redis runs one at a time: each reads a key, decides by the server's own clock, and writes it with the time after which it
/// says nothing any more. Lua's numbers are doubles, so that whole numbers are exact up to 2^53; <see cref="Fault"/> keeps all of them below.
/// A cost below zero gives back. They return whether permits were taken, the two numbers of the cell, and the server's time in microseconds.
/// </summary>
internal sealed record LimitScript(string Text)
{
    private const long MaxExact = 1L << 53;

    private const string Head = """
        local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local cost, permits, period, capacity = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
        local function whole(n) return string.format('%.0f', n) end
        local function keep(value, us) redis.call('SET', KEYS[1], value, 'PX', whole(math.ceil(us / 1000) + 1000)) end
        local stored = redis.call('GET', KEYS[1])
        local a, b, c = 0, 0, 0
        if stored then
            local x, y, z = string.match(stored, '^(%d+):(%d+):(%d+)$')
            a, b, c = tonumber(x), tonumber(y), tonumber(z)
        end

        """;

    /// <summary>a: parts that are taken; b: when that was.</summary>
    private static readonly LimitScript Level = new(Head + """
        if not stored then b = now end
        if now > b then
            a = math.max(0, a - (now - b) * permits)
            b = now
        end
        local taken = 0
        if permits > 0 and a + cost * period <= capacity * period then
            a = math.max(0, a + cost * period)
            taken = 1
            keep(whole(a) .. ':' .. whole(b) .. ':0', a / permits)
        end
        return { taken, whole(a), whole(b), whole(b) }
        """);

    /// <summary>a: when the window began; b: what was taken in it.</summary>
    private static readonly LimitScript Window = new(Head + """
        if now - a >= period then
            a = now - now % period
            b = 0
        end
        local taken = 0
        if b + cost <= permits then
            b = math.max(0, b + cost)
            taken = 1
            keep(whole(a) .. ':' .. whole(b) .. ':0', a + period - now)
        end
        return { taken, whole(a), whole(b), whole(math.max(now, a)) }
        """);

    /// <summary>a: when the window began; b: what was taken in it; c: in the one before.</summary>
    private static readonly LimitScript Counters = new(Head + """
        if now - a >= period then
            if now - a < 2 * period then c = b else c = 0 end
            a = now - now % period
            b = 0
        end
        local into = math.max(0, now - a)
        local taken = 0
        if c * (period - into) + (b + cost) * period <= permits * period then
            b = math.max(0, b + cost)
            taken = 1
            keep(whole(a) .. ':' .. whole(b) .. ':' .. whole(c), a + 2 * period - now)
        end
        return { taken, whole(a), whole(b + c * 4294967296), whole(math.max(now, a)) }
        """);

    /// <summary>The name by which Redis knows it.</summary>
#pragma warning disable CA5350 // Redis names scripts so; nothing rests on it being hard to forge.
    public string Sha { get; } = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(Text)));
#pragma warning restore CA5350

    public static IReadOnlyList<LimitScript> All { get; } = [Level, Window, Counters];

    public static LimitScript Of(LimitAlgorithm algorithm) => algorithm switch
    {
        LimitAlgorithm.FixedWindow => Window,
        LimitAlgorithm.SlidingCounter => Counters,
        _ => Level,
    };

    /// <summary>Why a rule cannot be counted by a script; null when it can.</summary>
    public static (string Member, string Sentence)? Fault(LimitRule rule)
    {
        if (rule.Algorithm is LimitAlgorithm.SlidingLog or LimitAlgorithm.Concurrency)
            return ("algorithm", "Processes can share buckets, gcra, fixed windows and sliding counters.");
        if (rule.Algorithm == LimitAlgorithm.SlidingCounter && rule.Permits >= 1 << 20)
            return ("permits", "Processes can share a sliding counter of less than 1,048,576 permits.");
        return (Int128)Math.Max(rule.Permits, rule.Capacity) * rule.PeriodUs * 2 > MaxExact
            ? ("permits", "So many permits in so long a period cannot be counted exactly by a script; shorten the period and lower the permits alike.")
            : null;
    }
}
