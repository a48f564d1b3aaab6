using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>A connection inside one read transaction, which sees one state of the shard.</summary>
internal sealed class PostgresSnapshot(PostgresDatabase database, NpgsqlConnection connection, CancellationToken cancellation) : Snapshot
{
    public override SqlDialect Dialect => SqlDialect.Postgres;

    private protected override Documents Documents => database.Documents;

    public override ValueTask<T?> FindAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values)
        where T : class => FirstAsync(database.CommandOn(connection, sql, values), map);

    public override ValueTask<List<T>> ListAsync<T>(string sql, RowMap<T> map, params ReadOnlySpan<SqlValue> values) =>
        ListAsync(database.CommandOn(connection, sql, values), map);

    public override ValueTask<long?> NumberAsync(string sql, params ReadOnlySpan<SqlValue> values) =>
        NumberAsync(database.CommandOn(connection, sql, values));

    private async ValueTask<T?> FirstAsync<T>(NpgsqlCommand command, RowMap<T> map)
        where T : class
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation) ? map(new PostgresRow(reader, Documents)) : null;
        }
    }

    private async ValueTask<List<T>> ListAsync<T>(NpgsqlCommand command, RowMap<T> map)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            var row = new PostgresRow(reader, Documents);
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellation))
                rows.Add(map(row));
            return rows;
        }
    }

    private async ValueTask<long?> NumberAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            return await reader.ReadAsync(cancellation) ? new PostgresRow(reader, Documents).IntegerOrNull(0) : null;
        }
    }
}
