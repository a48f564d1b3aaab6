using System.IO.Enumeration;
using System.Security.Cryptography;

namespace Basin.Kernel.Storage.Backups;

/// <summary>What backup and restore do alike with files and their names.</summary>
internal static class CopiedFiles
{
    private const int BlockBytes = 1024 * 1024;

    public static string Full(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    public static string Relative(string directory, string path) => Path.GetRelativePath(directory, path).Replace('\\', '/');

    public static bool IsDatabase(string path) => path.EndsWith(".db", StringComparison.Ordinal);

    /// <summary>One of them would be copied into itself.</summary>
    public static void RefuseNested(string source, string target)
    {
        if (Starts(source, target) || Starts(target, source))
            throw new BackupException($"'{source}' and '{target}' are one directory, or one is in the other.");

        static bool Starts(string path, string other) =>
            $"{path}{Path.DirectorySeparatorChar}".StartsWith($"{other}{Path.DirectorySeparatorChar}", StringComparison.Ordinal);
    }

    /// <summary>All files, by their path below the directory.</summary>
    /// <param name="hidden">Also those that begin with a dot, such as the draft of a mail.</param>
    public static IEnumerable<string> In(string directory, bool hidden = false)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            IgnoreInaccessible = false,
            AttributesToSkip = hidden ? FileAttributes.None : FileAttributes.Hidden,
        };
        return new FileSystemEnumerable<string>(directory, (ref entry) => Relative(directory, entry.ToFullPath()), options)
        {
            ShouldIncludePredicate = (ref entry) => !entry.IsDirectory,
            // What a file system keeps for itself where it is mounted, and shows to nobody.
            ShouldRecursePredicate = (ref entry) => entry.FileName is not "lost+found",
        };
    }

    /// <summary>Copies a file, flushes the copy and tells its hash, which is that of what was read.</summary>
    public static BackupFile Copy(string source, string target, CancellationToken cancellation, Action<long>? copied = null)
    {
        using var from = OpenToRead(source);
        using var to = PrivateFiles.Create(target);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockBytes];
        var bytes = 0L;
        while (from.Read(block) is > 0 and var read)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(block, 0, read);
            to.Write(block, 0, read);
            bytes += read;
            copied?.Invoke(bytes);
        }
        to.Flush(flushToDisk: true);
        return new BackupFile(target, bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    public static string HashOf(string path)
    {
        using var file = OpenToRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Makes sure that a file is on the disk.</summary>
    /// <returns>Its hash.</returns>
    public static string Flush(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        var hash = Convert.ToHexStringLower(SHA256.HashData(file));
        file.Flush(flushToDisk: true);
        return hash;
    }

    public static CopyReport ReportOf(DateTimeOffset at, IReadOnlyCollection<BackupFile> files, TimeSpan? held)
    {
        var databases = files.Count(file => file.IsDatabase);
        return new CopyReport(at, databases, files.Count - databases, files.Sum(file => file.Bytes), held);
    }

    /// <summary>Whoever writes to the file, or replaces it, is not disturbed.</summary>
    private static FileStream OpenToRead(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
