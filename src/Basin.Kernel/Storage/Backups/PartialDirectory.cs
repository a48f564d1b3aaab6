namespace Basin.Kernel.Storage.Backups;

/// <summary>
/// A directory that appears whole or not at all: it is filled beside its place, under another name, and renamed when all of it is on the disk.
/// One that was interrupted is left under that name and taken over by the next try. Only the user who makes it reads it: it holds secrets.
/// </summary>
internal sealed class PartialDirectory : IDisposable
{
    /// <summary>Held open by whoever fills the directory. It is the only file that may be left over in a complete one.</summary>
    public const string LockName = ".lock";

    private readonly string _target;
    private readonly FileStream _lock;
    private bool _isComplete;

    private PartialDirectory(string target, string path, FileStream held) => (_target, Path, _lock) = (target, path, held);

    /// <summary>Where it is filled.</summary>
    public string Path { get; }

    /// <exception cref="BackupException">The place is taken, or cannot be.</exception>
    public static PartialDirectory Begin(string target)
    {
        RefuseTaken(target);
        if (System.IO.Path.GetDirectoryName(target) is not { } parent || !Directory.Exists(parent))
            throw new BackupException($"There is no directory in which '{target}' could be made.");
        var path = target + ".partial";
        PrivateFiles.CreateFolder(path);
        var partial = new PartialDirectory(target, path, Lock(path));
        try
        {
            partial.Clear();
            return partial;
        }
        catch
        {
            partial.Dispose();
            throw;
        }
    }

    /// <summary>A directory is renamed only to a name that is free, and one that is mounted never is: it is better to know that at once.</summary>
    private static void RefuseTaken(string target)
    {
        if (File.Exists(target))
            throw new BackupException($"'{target}' is a file.");
        if (!Directory.Exists(target))
            return;
        if (Directory.EnumerateFileSystemEntries(target).Any())
            throw new BackupException($"'{target}' exists and is not empty.");
        try
        {
            Directory.Delete(target);
        }
        catch (IOException failure)
        {
            throw new BackupException(
                $"'{target}' exists and cannot be replaced ({failure.Message.TrimEnd('.')}). Name a directory that does not exist yet.");
        }
    }

    private static FileStream Lock(string path)
    {
        var name = System.IO.Path.Combine(path, LockName);
        try
        {
            return new FileStream(name, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(name))
        {
            throw new BackupException($"Somebody else is filling '{path}' at this moment.");
        }
    }

    private void Clear()
    {
        foreach (var folder in Directory.GetDirectories(Path))
            Directory.Delete(folder, recursive: true);
        foreach (var file in Directory.GetFiles(Path).Where(file => System.IO.Path.GetFileName(file) != LockName))
            File.Delete(file);
    }

    /// <summary>Gives the directory its name. Every file in it was flushed by whoever wrote it; here the names are.</summary>
    public void Complete()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path, "*", SearchOption.AllDirectories))
            PrivateFiles.FlushFolder(folder);
        PrivateFiles.FlushFolder(Path);
        // Elsewhere it is held until the directory has its name, so that nobody takes it over in between.
        if (OperatingSystem.IsWindows())
            _lock.Dispose();
        Directory.Move(Path, _target);
        _isComplete = true;
        File.Delete(System.IO.Path.Combine(_target, LockName));
        PrivateFiles.FlushFolder(_target);
        PrivateFiles.FlushFolder(System.IO.Path.GetDirectoryName(_target)!);
    }

    public void Dispose()
    {
        try
        {
            if (!_isComplete)
                Directory.Delete(Path, recursive: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // What is left has the name of something incomplete, and the failure that has led here is what people should read.
        }
        _lock.Dispose();
    }
}
