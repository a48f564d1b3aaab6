namespace Basin.Kernel.Storage.Backups;

/// <summary>How far the copy of one file is.</summary>
/// <param name="Path">Below the data directory.</param>
public sealed record CopyProgress(string Path, CopyStage Stage, long Bytes, long Total);

public enum CopyStage
{
    Copying,

    /// <summary>All of it is read again.</summary>
    Checking,

    Done,
}

/// <summary>What was copied.</summary>
/// <param name="At">The moment that the backup shows.</param>
/// <param name="Held">How long writers waited for it at most; null of a restore.</param>
public sealed record CopyReport(DateTimeOffset At, int Databases, int OtherFiles, long Bytes, TimeSpan? Held);
