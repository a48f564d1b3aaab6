using System.Runtime.InteropServices;

namespace Basin.Kernel.Storage;

/// <summary>Files and folders that only their user reads, for secrets and for copies of data.</summary>
public static partial class PrivateFiles
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnFolder = OwnFile | UnixFileMode.UserExecute;

    /// <summary>A folder that only its user reads, also when it was there.</summary>
    public static DirectoryInfo CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return Directory.CreateDirectory(path);
        var folder = Directory.CreateDirectory(path, OwnFolder);
        File.SetUnixFileMode(path, OwnFolder);
        return folder;
    }

    /// <summary>A new file that only its user reads; its folder is made with it.</summary>
    public static FileStream Create(string path)
    {
        CreateFolder(Path.GetDirectoryName(path)!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnFile;
        return new FileStream(path, options);
    }

    /// <summary>
    /// Makes sure that the names in a folder are on the disk. The framework opens no directories. On Windows the file system writes names in order by
    /// itself.
    /// </summary>
    public static void FlushFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = OpenFile(path, flags: 0);
        if (descriptor < 0)
            throw new IOException($"'{path}' could not be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        var code = Synchronize(descriptor);
        var reason = Marshal.GetLastPInvokeErrorMessage();
        _ = CloseFile(descriptor);
        if (code != 0)
            throw new IOException($"'{path}' could not be flushed: {reason}.");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int descriptor);
}
