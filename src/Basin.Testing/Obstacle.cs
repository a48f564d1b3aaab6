using Basin.Kernel.Storage;

namespace Basin.Testing;

/// <summary>Makes statements of a shard fail, in the database itself, as a mistake or a full disk would.</summary>
public sealed class Obstacle
{
    private readonly Shard _shard;
    private readonly IReadOnlyList<string> _removal;

    private Obstacle(Shard shard, IReadOnlyList<string> removal) => (_shard, _removal) = (shard, removal);

    /// <summary>Every update of a row of a table fails.</summary>
    public static Task<Obstacle> OnUpdatesAsync(Shard shard, string table) => PutAsync(shard, dialect => dialect == SqlDialect.Sqlite
        ? ([$"CREATE TRIGGER obstacle BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'not now'); END"], ["DROP TRIGGER obstacle"])
        : ([Raising("'raise_exception'"), $"CREATE TRIGGER obstacle BEFORE UPDATE ON {table} EXECUTE FUNCTION obstacle()"],
            [$"DROP TRIGGER obstacle ON {table}", "DROP FUNCTION obstacle()"]));

    /// <summary>There is no room for another row of a table.</summary>
    public static Task<Obstacle> FullDiskAsync(Shard shard, string table) => PutAsync(shard, dialect => dialect == SqlDialect.Sqlite
        // SQLite never goes below the pages that there are, so 1 means no page more.
        ? (["PRAGMA max_page_count = 1"], ["PRAGMA max_page_count = 1000000"])
        : ([Raising("'disk_full'"), $"CREATE TRIGGER obstacle BEFORE INSERT ON {table} EXECUTE FUNCTION obstacle()"],
            [$"DROP TRIGGER obstacle ON {table}", "DROP FUNCTION obstacle()"]));

    public Task RemoveAsync() => RunAsync(_shard, _removal);

    private static string Raising(string error) =>
        $"CREATE FUNCTION obstacle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION USING ERRCODE = {error.Replace("'", "''")}; END'";

    private static async Task<Obstacle> PutAsync(Shard shard, Func<SqlDialect, (IReadOnlyList<string> Put, IReadOnlyList<string> Remove)> statements)
    {
        var dialect = await shard.ReadAsync(snapshot => ValueTask.FromResult(snapshot.Dialect), CancellationToken.None);
        var (put, remove) = statements(dialect);
        await RunAsync(shard, put);
        return new Obstacle(shard, remove);
    }

    private static Task<int> RunAsync(Shard shard, IReadOnlyList<string> statements) => shard.WriteAsync(
        async tx =>
        {
            foreach (var statement in statements)
                await tx.ExecuteAsync(statement);
            return 0;
        },
        WritePriority.Background,
        CancellationToken.None);
}
