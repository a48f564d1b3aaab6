using Basin.Drills.Running;

namespace Basin.Drills;

/// <summary>Something that breaks, and is mended.</summary>
/// <param name="Name">Such as "kill -9".</param>
/// <param name="At">Second of the load at which it begins.</param>
/// <param name="Until">Second at which it is mended; the host may need longer to recover.</param>
internal sealed record Fault(string Name, double At, double Until, Func<Stage, Task> BeginAsync, Func<Stage, Task> MendAsync)
{
    /// <summary>Something that is over at once.</summary>
    public static Fault Moment(string name, double at, Func<Stage, Task> happenAsync) => new(name, at, at, happenAsync, _ => Task.CompletedTask);

    /// <summary>The process ends at once, without a word; somebody starts it again.</summary>
    public static Fault Kill(double at, double downFor = 0.5) =>
        new("kill -9", at, at + downFor, stage => stage.Host.KillAsync(), stage => stage.Host.StartAsync());

    /// <summary>The process stands still with all its connections open, as on a machine that swaps.</summary>
    public static Fault Freeze(double at, double during) =>
        new("freeze", at, at + during, stage => stage.Host.SignalAsync("STOP"), stage => stage.Host.SignalAsync("CONT"));

    /// <summary>The process is asked to end, as at every deployment, and starts again when it has.</summary>
    public static Fault Restart(double at) => new("restart", at, at, stage => stage.Host.TerminateAsync(), stage => stage.Host.StartAsync());

    /// <summary>Every connection between clients and host is reset, again and again.</summary>
    public static Fault Resets(double at, double during, double every = 0.25)
    {
        var cutting = Task.CompletedTask;
        return new("connection resets", at, at + during, stage => Task.FromResult(cutting = CutAsync(stage)), _ => cutting);

        async Task CutAsync(Stage stage)
        {
            var began = stage.Time.GetTimestamp();
            while (stage.Time.GetElapsedTime(began).TotalSeconds < during)
            {
                stage.Wire.Reset();
                await Task.Delay(TimeSpan.FromSeconds(every), stage.Time);
            }
        }
    }

    /// <summary>There is not a block left on the disk of the data.</summary>
    public static Fault FullDisk(double at, double during) => new(
        "disk full", at, at + during,
        stage => Task.Run(stage.Host.Disk.Fill),
        stage => Task.Run(stage.Host.Disk.Free));

    /// <summary>PostgreSQL crashes, and is started again.</summary>
    public static Fault DatabaseGone(double at, double during) => new(
        "PostgreSQL gone", at, at + during,
        stage => Task.Run(stage.Host.Database.Kill),
        stage => Task.Run(stage.Host.Database.StartAgain));

    /// <summary>Redis ends at once, and is started again with nothing in it.</summary>
    public static Fault RedisGone(double at, double during) => new(
        "Redis gone", at, at + during,
        stage => Task.Run(stage.Host.Redis.Kill),
        stage => stage.Host.Redis.StartAgainAsync());

    /// <summary>The clock of the host's machine jumps, and stays there.</summary>
    /// <param name="offset">From the true time, such as <c>-1h</c>.</param>
    public static Fault Clock(double at, string offset) => Moment($"clock {offset}", at, stage => stage.Host.SetClockAsync(offset));
}
