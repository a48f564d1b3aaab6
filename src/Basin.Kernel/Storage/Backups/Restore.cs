using Basin.Kernel.Storage.Sqlite;

namespace Basin.Kernel.Storage.Backups;

/// <summary>Makes a new data directory of a backup that is whole.</summary>
public sealed class Restore(IProgress<CopyProgress> progress)
{
    /// <param name="data">Does not exist yet, or is empty: a host that runs has files in it.</param>
    /// <exception cref="BackupException">Nothing was restored.</exception>
    public CopyReport Run(string source, string data, CancellationToken cancellation)
    {
        (source, data) = (CopiedFiles.Full(source), CopiedFiles.Full(data));
        CopiedFiles.RefuseNested(source, data);
        if (!Directory.Exists(source))
            throw new BackupException($"There is no directory '{source}'.");
        var manifest = BackupManifest.Read(source);
        RefuseUnnamed(source, manifest);
        foreach (var file in manifest.Files)
            RefuseOtherSize(source, file);
        using var partial = PartialDirectory.Begin(data);
        foreach (var file in manifest.Files)
            CopyOne(source, partial.Path, file, cancellation);
        partial.Complete();
        return CopiedFiles.ReportOf(manifest.At, manifest.Files, held: null);
    }

    private static void RefuseUnnamed(string source, BackupManifest manifest)
    {
        var named = manifest.Files.Select(file => file.Path).Append(BackupManifest.Name).Append(PartialDirectory.LockName).ToHashSet();
        if (CopiedFiles.In(source, hidden: true).FirstOrDefault(path => !named.Contains(path)) is { } unnamed)
            throw new BackupException($"'{source}' holds '{unnamed}', which its manifest does not name.");
    }

    private static void RefuseOtherSize(string source, BackupFile file)
    {
        var found = new FileInfo(Path.Combine(source, file.Path));
        if (!found.Exists)
            throw new BackupException($"'{found.FullName}' is missing.");
        if (found.LinkTarget is not null)
            throw new BackupException($"'{found.FullName}' is a link.");
        if (found.Length != file.Bytes)
            throw new BackupException($"'{found.FullName}' has {found.Length} bytes; the manifest says {file.Bytes}.");
    }

    private void CopyOne(string source, string target, BackupFile file, CancellationToken cancellation)
    {
        var (from, to) = (Path.Combine(source, file.Path), Path.Combine(target, file.Path));
        Report(file, CopyStage.Copying, 0);
        var copy = CopiedFiles.Copy(from, to, cancellation, bytes => Report(file, CopyStage.Copying, bytes));
        if (copy.Bytes != file.Bytes || copy.Sha256 != file.Sha256)
            throw new BackupException($"'{from}' has changed since it was made: its SHA-256 is {copy.Sha256}.");
        if (file.IsDatabase)
        {
            Report(file, CopyStage.Checking, file.Bytes);
            using var check = new SqliteCheck(to, cancellation);
            if (check.FirstDamage() is { } damage)
                throw new BackupException($"'{from}' is damaged: {damage}.");
        }
        Report(file, CopyStage.Done, file.Bytes);
    }

    private void Report(BackupFile file, CopyStage stage, long bytes)
    {
        if (file.IsDatabase)
            progress.Report(new CopyProgress(file.Path, stage, bytes, file.Bytes));
    }
}
