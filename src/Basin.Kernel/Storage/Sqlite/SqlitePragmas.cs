namespace Basin.Kernel.Storage.Sqlite;

/// <summary>Every setting of a database file, in one place, with its reason.</summary>
internal static class SqlitePragmas
{
    public static IEnumerable<string> Writer(StoreOptions options) =>
    [
        // Readers never wait for the writer, and one append makes a commit.
        "PRAGMA journal_mode = WAL",
        // A commit is on the disk before it is acknowledged, not only in the operating system's cache.
        "PRAGMA synchronous = FULL",
        // After a rush the log shrinks to its usual size again.
        $"PRAGMA journal_size_limit = {options.LogMegabytes * 1024L * 1024L}",
        // What is deleted is overwritten where that writes no further page; the outbox alone frees as much as is written.
        "PRAGMA secure_delete = FAST",
        // A shard's share of the disk; beyond it writes are refused as if the disk were full.
        $"PRAGMA max_page_count = {options.MaxShardMegabytes * 256L}",
        .. Common(options),
    ];

    public static IEnumerable<string> Reader(StoreOptions options) =>
    [
        // Log and index files make a read-only open fragile; this refuses writes all the same.
        "PRAGMA query_only = ON",
        .. Common(options),
    ];

    private static IEnumerable<string> Common(StoreOptions options) =>
    [
        // Savepoints keep the pages they may have to restore; that needs no file.
        "PRAGMA temp_store = MEMORY",
        $"PRAGMA cache_size = -{options.CacheMegabytesPerConnection * 1024}",
        "PRAGMA foreign_keys = ON",
        // A damaged or planted schema cannot call functions with side effects.
        "PRAGMA trusted_schema = OFF",
        // Another process, such as a backup, can hold a lock, and a copy of the log holds one for a moment: wait for it.
        "PRAGMA busy_timeout = 5000",
    ];
}
