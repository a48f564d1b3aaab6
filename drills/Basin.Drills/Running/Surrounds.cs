namespace Basin.Drills.Running;

/// <summary>What a private copy of the host is started with.</summary>
internal sealed record Surrounds(params IReadOnlyList<string> Settings)
{
    /// <summary>Whether its data is in a PostgreSQL of the drill's own; in files otherwise.</summary>
    public bool HasPostgres { get; init; }

    /// <summary>Whether it has a Redis of the drill's own.</summary>
    public bool HasRedis { get; init; }

    /// <summary>Whether its data is on a disk of 48 MB of its own. Such a host cannot start again: the disk goes with it.</summary>
    public bool HasSmallDisk { get; init; }

    /// <summary>Whether its settings can be changed while it runs: it is a copy of the program, with a file of its own.</summary>
    public bool HasOwnSettings { get; init; }

    /// <summary>Whether its clock can be moved, by libfaketime.</summary>
    public bool HasClock { get; init; }

    /// <summary>Why this machine cannot do that; null when it can.</summary>
    public string? Missing =>
        HasSmallDisk && !Testing.SmallDisk.IsPermitted ? "this machine does not let its users mount a disk"
        : HasClock && FakeTime.Library is null ? "libfaketime is not installed (Debian: faketime)"
        : HasRedis && !Testing.RedisServer.IsInstalled ? "Redis is not installed (Debian: redis-server)"
        : HasPostgres && !Directory.Exists("/usr/lib/postgresql") ? "PostgreSQL is not installed"
        : null;
}

/// <summary>Lies to one process about the time. Source: https://github.com/wolfcw/libfaketime.</summary>
internal static class FakeTime
{
    /// <summary>Null where it is not installed.</summary>
    public static string? Library { get; } = Directory.Exists("/usr/lib")
        ? Directory.GetDirectories("/usr/lib", "faketime", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 })
            .Select(folder => Path.Combine(folder, "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    /// <param name="file">Holds the offset, and is read at each look at the clock.</param>
    public static Dictionary<string, string> EnvironmentOf(string file) => new()
    {
        ["LD_PRELOAD"] = Library!,
        ["FAKETIME_TIMESTAMP_FILE"] = file,
        ["FAKETIME_NO_CACHE"] = "1",
        // What measures intervals is not the wall clock, and no step moves it.
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };
}
