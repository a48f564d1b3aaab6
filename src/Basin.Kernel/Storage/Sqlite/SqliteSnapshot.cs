namespace Basin.Kernel.Storage.Sqlite;

/// <summary>A read-only connection inside one read transaction.</summary>
internal sealed class SqliteSnapshot(SqliteConnection connection) : Snapshot, IDisposable
{
    public SqliteConnection Connection => connection;

    public override SqlDialect Dialect => SqlDialect.Sqlite;

    private protected override Documents Documents => connection.Documents;

    public override ValueTask<T?> FindAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
        where T : class => ValueTask.FromResult(connection.Find(sql, map, values));

    public override ValueTask<List<T>> ListAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values) =>
        ValueTask.FromResult(connection.List(sql, map, values));

    public override ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<SqlValue> values) =>
        ValueTask.FromResult(connection.Number(sql, values));

    public void Dispose() => connection.Dispose();
}
