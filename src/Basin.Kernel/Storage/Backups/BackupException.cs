namespace Basin.Kernel.Storage.Backups;

/// <summary>Why there is no backup, or nothing restored from it, in one sentence for whoever asked.</summary>
public sealed class BackupException(string sentence) : Exception(sentence);
