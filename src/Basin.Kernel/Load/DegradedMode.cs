namespace Basin.Kernel.Load;

/// <summary>
/// Something that a system leaves out, or does later, while the host has too much to do. A system names it with <c>.Degrades(mode)</c> and asks
/// <see cref="HostLoad.IsOn"/>.
/// </summary>
/// <param name="Name">Lower case with underscores, such as <c>suggestions_off</c>.</param>
/// <param name="Seen">What people see of it, as a sentence.</param>
/// <param name="EnterAt">The load at which it begins; 1 is all that the host can take.</param>
/// <param name="LeaveBelow">The load below which it ends, lower, so that it does not flicker.</param>
public sealed record DegradedMode(string Name, string Seen, double EnterAt, double LeaveBelow)
{
    /// <summary>How long the load stays below <see cref="LeaveBelow"/> before the mode ends.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    /// <summary>How things stand after another look at the load.</summary>
    internal ModeState Next(ModeState state, double load, DateTimeOffset now)
    {
        if (!state.IsOn)
            return load >= EnterAt ? new ModeState(this, IsOn: true, now) { Times = state.Times + 1 } : state;
        if (load >= LeaveBelow)
            return state with { CalmSince = null };
        if (state.CalmSince is not { } calm)
            return state with { CalmSince = now };
        // A wall clock that steps back begins the calm anew.
        return now < calm ? state with { CalmSince = now }
            : now - calm >= Calm ? new ModeState(this, IsOn: false, now) { Times = state.Times }
            : state;
    }
}

/// <param name="Since">When it was entered or left last; null when it never was.</param>
public sealed record ModeState(DegradedMode Mode, bool IsOn, DateTimeOffset? Since)
{
    /// <summary>How often it was entered since the start.</summary>
    public int Times { get; init; }

    internal DateTimeOffset? CalmSince { get; init; }
}
