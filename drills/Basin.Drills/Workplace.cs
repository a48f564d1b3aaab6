using System.Runtime.InteropServices;

namespace Basin.Drills;

/// <summary>Where in the repository things are, and what the machine is.</summary>
internal static class Workplace
{
    /// <summary>The directory that holds <c>Basin.slnx</c>.</summary>
    public static string Root { get; } = FindRoot(new DirectoryInfo(AppContext.BaseDirectory));

    public static string DescribeMachine() =>
        $"{Environment.ProcessorCount} cores, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";

    private static string FindRoot(DirectoryInfo? directory)
    {
        for (; directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Basin.slnx")))
                return directory.FullName;
        }
        throw new InvalidOperationException("Run the drills from a checkout of Basin: they build and start its host.");
    }
}
