using Basin.Kernel.Storage.Sqlite;

namespace Basin.Kernel.Storage.Backups;

/// <summary>Copies a data directory, whether a host is running on it or not, as it was at one moment.</summary>
public sealed class Backup(TimeProvider time, IProgress<CopyProgress> progress)
{
    /// <summary>What a database has beside it, which its copy has in it; and what was begun and not yet given its name.</summary>
    private static readonly string[] Passing = [".db-wal", ".db-shm", ".db-journal", ".tmp"];

    /// <summary>Folders below the data directory that hold what must not be where the data is copied to, such as keys.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    internal CutPatience Patience { get; init; } = CutPatience.Default;

    /// <param name="data">Stays as it is.</param>
    /// <param name="target">Does not exist yet, or is empty.</param>
    /// <exception cref="BackupException">There is no backup.</exception>
    public CopyReport Run(string data, string target, CancellationToken cancellation)
    {
        (data, target) = (CopiedFiles.Full(data), CopiedFiles.Full(target));
        CopiedFiles.RefuseNested(data, target);
        if (!Directory.Exists(data))
            throw new BackupException($"There is no directory '{data}'.");
        if (DatabasesIn(data).Count == 0)
            throw new BackupException($"'{data}' holds no database of Basin.");
        using var partial = PartialDirectory.Begin(target);
        using var cut = SqliteCut.Take(() => DatabasesIn(data), Patience, time, cancellation);
        var at = time.GetUtcNow();
        var files = CopyAll(data, partial.Path, cut, cancellation);
        BackupManifest.Of(at, files).Write(partial.Path);
        partial.Complete();
        return CopiedFiles.ReportOf(at, files, cut.Held);
    }

    private List<BackupFile> CopyAll(string data, string target, SqliteCut cut, CancellationToken cancellation)
    {
        // After the cut, so that no mark of ids is behind the ids in its database.
        var files = CopyOthers(data, target, cancellation);
        // A log cannot begin anew while somebody reads in it, so the small ones are let go first.
        foreach (var source in cut.Sources.OrderBy(source => source.Pages).ToList())
        {
            var path = CopiedFiles.Relative(data, source.Path);
            CopyDatabase(source, path, Path.Combine(target, path), cancellation);
            cut.Release(source);
            files.Add(CheckDatabase(source.Path, path, Path.Combine(target, path), cancellation));
        }
        return files;
    }

    private List<BackupFile> CopyOthers(string data, string target, CancellationToken cancellation)
    {
        var files = new List<BackupFile>();
        foreach (var path in CopiedFiles.In(data).Where(IsOther).ToList())
        {
            if (CopyOther(Path.Combine(data, path), Path.Combine(target, path), cancellation) is { } copy)
                files.Add(copy with { Path = path });
        }
        return files;
    }

    private bool IsOther(string path) =>
        !CopiedFiles.IsDatabase(path)
        && !Array.Exists(Passing, ending => path.EndsWith(ending, StringComparison.Ordinal))
        && !LeftOut.Any(folder => path.StartsWith($"{folder}/", StringComparison.Ordinal));

    /// <returns>Null when the file has gone meanwhile, as an old mail does.</returns>
    private static BackupFile? CopyOther(string source, string target, CancellationToken cancellation)
    {
        try
        {
            var copy = CopiedFiles.Copy(source, target, cancellation);
            // A mark is overwritten in place: it was read as a whole when it reads the same twice.
            while (source.EndsWith(".mark", StringComparison.Ordinal) && copy.Sha256 != CopiedFiles.HashOf(source))
            {
                File.Delete(target);
                copy = CopiedFiles.Copy(source, target, cancellation);
            }
            return copy;
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException && !File.Exists(source))
        {
            if (File.Exists(target))
                File.Delete(target);
            return null;
        }
    }

    private void CopyDatabase(SqliteSource source, string path, string copy, CancellationToken cancellation)
    {
        PrivateFiles.Create(copy).Dispose();
        source.CopyTo(copy, (bytes, total) => progress.Report(new CopyProgress(path, CopyStage.Copying, bytes, total)), cancellation);
    }

    /// <summary>Damage that is found when the backup is needed is found too late.</summary>
    private BackupFile CheckDatabase(string source, string path, string copy, CancellationToken cancellation)
    {
        var size = new FileInfo(copy).Length;
        progress.Report(new CopyProgress(path, CopyStage.Checking, size, size));
        IReadOnlyDictionary<string, long> rows;
        using (var check = new SqliteCheck(copy, cancellation))
        {
            if (check.FirstDamage() is { } damage)
                throw new BackupException($"'{source}' is damaged: {damage}.");
            rows = check.Rows();
        }
        var file = new BackupFile(path, size, CopiedFiles.Flush(copy), rows);
        progress.Report(new CopyProgress(path, CopyStage.Done, size, size));
        return file;
    }

    private static List<string> DatabasesIn(string data) =>
        [.. CopiedFiles.In(data).Where(CopiedFiles.IsDatabase).Order(StringComparer.Ordinal).Select(path => Path.Combine(data, path))];
}
