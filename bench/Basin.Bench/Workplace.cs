using System.Runtime.InteropServices;

namespace Basin.Bench;

/// <summary>Where in the repository things are, and what the machine is.</summary>
internal static class Workplace
{
    /// <summary>The directory that holds <c>Basin.slnx</c>.</summary>
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    public static string Results { get; } = Path.Combine(Root, "artifacts", "benchmarks");

    /// <summary>Processor, cores, operating system, file system under the data and .NET version, in one line.</summary>
    public static string DescribeMachine()
    {
        Directory.CreateDirectory(Results);
        return $"{Environment.ProcessorCount} cores, {Processor()}, {RuntimeInformation.OSDescription}, " +
            $"kernel {FirstLine("/proc/sys/kernel/osrelease") ?? "unknown"}, {FileSystem()}, {RuntimeInformation.FrameworkDescription}";
    }

    private static string FindRoot(DirectoryInfo? directory)
    {
        for (; directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Basin.slnx")))
                return directory.FullName;
        }
        throw new BenchmarkException("Run the benchmarks from a checkout of Basin: they build and start its servers.");
    }

    private static string Processor() =>
        FirstLine("/proc/cpuinfo", "model name")?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static string? FirstLine(string file, string start = "") =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal)) : null;

    // A data directory in memory would make every flush free, so the reader is told what lies under it.
    private static string FileSystem()
    {
        var mounts = DriveInfo.GetDrives().Where(drive => Results.StartsWith(drive.Name, StringComparison.Ordinal));
        return mounts.MaxBy(drive => drive.Name.Length)?.DriveFormat ?? "unknown file system";
    }
}
