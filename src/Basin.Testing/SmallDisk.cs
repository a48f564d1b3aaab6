using System.Diagnostics;

namespace Basin.Testing;

/// <summary>
/// A file system of a few megabytes below a host's data. It is mounted for the host's process only, so it goes away with that, however that
/// ends.
/// </summary>
public sealed class SmallDisk(HostProcess host)
{
    private const int Block = 4096;

    private readonly string _filler = Path.Combine(host.DataDirectory, "filler");

    public static Surroundings Surroundings { get; } = new()
    {
        Backend = Backend.Sqlite,
        Launcher = data => [.. Apart, "sh", "-c", "mount -t tmpfs -o size=48m basin \"$0\" && exec \"$@\"", data],
    };

    /// <summary>A command that has a disk of this size at a directory, and prints at its end what is left there.</summary>
    public static Surroundings At(string directory, string size) => new()
    {
        Launcher = _ =>
        [
            .. Apart, "sh", "-c", $"mount -t tmpfs -o size={size} basin \"$0\" && \"$@\"; code=$?; echo left: $(ls -A \"$0\"); exit $code",
            directory,
        ],
    };

    /// <summary>Whether this machine lets its users mount anything; in some containers not even root may.</summary>
    public static bool IsPermitted
    {
        get
        {
            string[] mount = [.. Apart[1..], "mount", "-t", "tmpfs", "basin", Path.GetTempPath()];
            var start = new ProcessStartInfo(Apart[0], mount) { UseShellExecute = false, RedirectStandardError = true };
            using var trial = Process.Start(start)!;
            trial.WaitForExit();
            return trial.ExitCode == 0;
        }
    }

    private static string[] Apart => ["unshare", "--mount", "--map-root-user"];

    /// <summary>Takes every block that is free.</summary>
    public void Fill()
    {
        using var file = new FileStream(_filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var block = new byte[Block];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void Free() => File.Delete(_filler);
}
