using Microsoft.Extensions.Logging;

namespace Basin.Kernel.Load;

/// <summary>
/// How much this process has to do, and what it leaves out because of it. Whoever measures the load tells it here; where nobody does, it stays 0 and every
/// mode off.
/// </summary>
public sealed partial class HostLoad
{
    private readonly TimeProvider _time;
    private readonly ILogger<HostLoad> _log;
    private volatile ModeState[] _modes;
    private double _level;

    /// <exception cref="InvalidOperationException">Two modes have one name, or one would end where it begins.</exception>
    public HostLoad(IEnumerable<DegradedMode> modes, TimeProvider time, ILogger<HostLoad> log)
    {
        (_time, _log) = (time, log);
        _modes = [.. modes.Select(mode => new ModeState(mode, IsOn: false, Since: null))];
        foreach (var same in _modes.GroupBy(state => state.Mode.Name, StringComparer.Ordinal).Where(same => same.Count() > 1))
            throw new InvalidOperationException($"The degraded mode '{same.Key}' is declared twice.");
        if (Array.Find(_modes, state => state.Mode.LeaveBelow >= state.Mode.EnterAt) is { } flickering)
            throw new InvalidOperationException($"The degraded mode '{flickering.Mode.Name}' would end where it begins.");
    }

    /// <summary>0 when nothing waits, 1 when the host can take no more, above 1 when work is refused.</summary>
    public double Level => Volatile.Read(ref _level);

    /// <summary>Whether there is more to do than can be done.</summary>
    public bool IsOver => Level >= 1;

    public IReadOnlyList<ModeState> Modes => _modes;

    /// <summary>Whether a system is to leave something out. Asked often: it reads memory only.</summary>
    public bool IsOn(DegradedMode mode)
    {
        foreach (var state in _modes)
        {
            if (state.Mode == mode)
                return state.IsOn;
        }
        return false;
    }

    /// <summary>Takes the load of now, and enters and leaves modes by it. For one caller at a time.</summary>
    public void Follow(double level)
    {
        Volatile.Write(ref _level, level);
        var now = _time.GetUtcNow();
        var before = _modes;
        var after = Array.ConvertAll(before, state => state.Mode.Next(state, level, now));
        if (after.AsSpan().SequenceEqual(before))
            return;
        _modes = after;
        foreach (var (was, state) in before.Zip(after))
        {
            if (state.IsOn && !was.IsOn)
                Entered(_log, state.Mode.Name, level);
            else if (was.IsOn && !state.IsOn)
                Left(_log, state.Mode.Name, level);
        }
    }

    [LoggerMessage(1601, LogLevel.Warning, "Degraded mode {Mode} on at load {Load:0.00}")]
    private static partial void Entered(ILogger logger, string mode, double load);

    [LoggerMessage(1602, LogLevel.Information, "Degraded mode {Mode} off at load {Load:0.00}")]
    private static partial void Left(ILogger logger, string mode, double load);
}
