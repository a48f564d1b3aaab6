using System.Collections.Frozen;

namespace Basin.Bench;

/// <summary>What this process, and the servers on this machine by their kind, have used since they started.</summary>
/// <param name="CpuMicroseconds">By program: <see cref="Self"/>, <see cref="Basin"/> and the names of others.</param>
/// <param name="BytesWritten">By this process, to the disk.</param>
internal sealed record Cost(FrozenDictionary<string, double> CpuMicroseconds, long BytesWritten)
{
    public const string Self = "this process";
    public const string Basin = "Basin";

    private const double MicrosecondsPerTick = 1e6 / 100; // USER_HZ, which Linux fixes at 100 for readers of /proc

    /// <summary>What is told apart, by the name that the system knows it by.</summary>
    private static readonly FrozenDictionary<string, string> Programs = new Dictionary<string, string>
    {
        ["dotnet"] = Basin,
        ["Basin.Host"] = Basin,
        ["postgres"] = "PostgreSQL",
        ["beam.smp"] = "RabbitMQ",
        ["haproxy"] = "HAProxy",
    }.ToFrozenDictionary();

    public static Cost Now()
    {
        var cpu = new Dictionary<string, double>();
        if (!Directory.Exists("/proc"))
            return new Cost(cpu.ToFrozenDictionary(), 0);
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), out var process) && Read(directory) is { } used && NameOf(process, used.Command) is { } name)
                cpu[name] = cpu.GetValueOrDefault(name) + used.Microseconds;
        }
        return new Cost(cpu.ToFrozenDictionary(), WrittenBytes("/proc/self"));
    }

    public static Cost operator -(Cost after, Cost before) => new(
        after.CpuMicroseconds.ToFrozenDictionary(use => use.Key, use => use.Value - before.CpuMicroseconds.GetValueOrDefault(use.Key)),
        after.BytesWritten - before.BytesWritten);

    public double MicrosecondsOf(string program) => CpuMicroseconds.GetValueOrDefault(program);

    private static string? NameOf(int process, string command) => process == Environment.ProcessId ? Self : Programs.GetValueOrDefault(command);

    /// <summary>
    /// Of a process or a thread: the second field is the command in parentheses; user and system time are fields 14 and 15, those of children that have ended
    /// follow, which PostgreSQL's sessions and helpers are. Null when the process has ended.
    /// </summary>
    public static (string Command, double Microseconds)? Read(string directory)
    {
        try
        {
            var line = File.ReadAllText(Path.Combine(directory, "stat"));
            var (open, close) = (line.IndexOf('(', StringComparison.Ordinal), line.LastIndexOf(')'));
            var fields = line[(close + 2)..].Split(' ');
            var command = line[(open + 1)..close];
            var children = command == "postgres" ? long.Parse(fields[13]) + long.Parse(fields[14]) : 0;
            return (command, (long.Parse(fields[11]) + long.Parse(fields[12]) + children) * MicrosecondsPerTick);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Of a process or a thread; 0 when it has ended.</summary>
    public static long WrittenBytes(string directory)
    {
        try
        {
            return long.Parse(File.ReadLines(Path.Combine(directory, "io")).First(line => line.StartsWith("write_bytes:", StringComparison.Ordinal)).AsSpan(12));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return 0;
        }
    }
}
