using Basin.Kernel.Storage;
using Basin.Kernel.Storage.Sqlite;
using Basin.Testing;
using Basin.Testing.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Basin.Kernel.Tests.Storage;

public sealed class SqliteStoreTests : StoreContract, IDisposable
{
    private readonly TemporaryDirectory _data = new();

    protected override Shard Open(StoreOptions options, params IReadOnlyList<Migration> migrations)
    {
        options.Directory = _data.Path;
        return SqliteShard.Open(
            "contract", 0, [.. Migration.In(typeof(Shard).Assembly, "kernel", "Storage"), .. migrations], options, Clock, NullLogger.Instance);
    }

    protected override void Close(Shard shard) => ((SqliteShard)shard).Dispose();

    protected override async Task LimitSpaceAsync(Shard shard, bool full)
    {
        // SQLite never goes below the pages that there are, so 1 means no page more.
        var pragma = full ? "PRAGMA max_page_count = 1" : "PRAGMA max_page_count = 1000000";
        await shard.WriteAsync(tx => tx.NumberAsync(pragma), WritePriority.Background, CancellationToken.None);
    }

    public void Dispose() => _data.Dispose();
}
