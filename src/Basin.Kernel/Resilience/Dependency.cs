using System.Globalization;
using System.Text.Json.Serialization;
using Basin.Kernel.Http;

namespace Basin.Kernel.Resilience;

/// <summary>How a dependency is, from good to bad.</summary>
[JsonConverter(typeof(SnakeCaseEnumConverter<DependencyState>))]
public enum DependencyState
{
    /// <summary>It answers.</summary>
    Ok,

    /// <summary>It answers, but some calls have failed lately or were refused because too many were on their way.</summary>
    Struggling,

    /// <summary>Most calls failed: it is not asked for a while.</summary>
    Open,

    /// <summary>There is no connection.</summary>
    Unreachable,
}

/// <summary>What people want to know of a dependency before it is down.</summary>
/// <param name="Name">System and dependency, such as <c>payments/sandbox</c>.</param>
/// <param name="Purpose">What it is for, in a sentence.</param>
/// <param name="WhenDown">What users see meanwhile, in a sentence or two.</param>
public sealed record DependencyInfo(string Name, string Purpose, string WhenDown)
{
    /// <summary>How whoever calls comes again later, such as a job.</summary>
    public string? ComesAgain { get; init; }
}

/// <summary>The limits of a dependency, for people.</summary>
/// <param name="Timeout">How long an answer is waited for.</param>
/// <param name="Retries">When a call is made again.</param>
/// <param name="Breaker">When it is no longer called.</param>
/// <param name="Bulkhead">How many calls run and wait at the same time.</param>
public sealed record DependencyRules(string Timeout, string Retries, string Breaker, string Bulkhead)
{
    /// <summary>A time as people read it.</summary>
    public static string Text(TimeSpan time) => time switch
    {
        { TotalSeconds: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.#} ms"),
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.#} h"),
    };
}

/// <summary>A dependency as this process sees it now.</summary>
/// <param name="Name">System and dependency, such as <c>payments/sandbox</c>.</param>
/// <param name="Purpose">What it is for.</param>
/// <param name="WhenDown">What users see while it is down.</param>
/// <param name="Detail">Why it is in this state; null when nothing is wrong.</param>
/// <param name="Since">When this process found it in this state.</param>
/// <param name="InFlight">Calls that run; null where it counts none.</param>
/// <param name="Waiting">Calls that wait for a place; null where it counts none.</param>
/// <param name="LastMinute">Null where it counts none.</param>
public sealed record DependencyView(
    string Name,
    string Purpose,
    string WhenDown,
    DependencyState State,
    string? Detail,
    DateTimeOffset Since,
    DependencyRules Rules,
    int? InFlight,
    int? Waiting,
    CallCounts? LastMinute);

/// <summary>Something outside of this process that Basin calls, or stands on.</summary>
public abstract class Dependency(DependencyInfo info, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DependencyState _state;
    private DateTimeOffset _since = time.GetUtcNow();

    public string Name => info.Name;

    protected DependencyInfo Info => info;

    /// <summary>How it is now, and since when.</summary>
    public DependencyView Look()
    {
        var view = LookNow();
        lock (_lock)
        {
            if (view.State != _state)
                (_state, _since) = (view.State, time.GetUtcNow());
            return view with { Since = _since };
        }
    }

    /// <returns><see cref="DependencyView.Since"/> is not looked at.</returns>
    protected abstract DependencyView LookNow();
}

/// <summary>
/// A dependency with connections and timeouts of its own, such as a database: it is not called through anything here, but says how it is.
/// </summary>
/// <param name="look">Its state, and why it is not well.</param>
public sealed class WatchedDependency(DependencyInfo info, DependencyRules rules, Func<(DependencyState State, string? Detail)> look, TimeProvider time)
    : Dependency(info, time)
{
    protected override DependencyView LookNow()
    {
        var (state, detail) = look();
        return new DependencyView(Info.Name, Info.Purpose, Info.WhenDown, state, detail, default, rules, null, null, null);
    }
}
