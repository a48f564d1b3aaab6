using System.Text;
using Npgsql;

namespace Basin.Testing;

/// <summary>Looks for a text in all that is stored, whatever table or page it is in.</summary>
internal static class StoredText
{
    public static async Task<List<string>> InFilesAsync(string directory, string text)
    {
        var found = new List<string>();
        foreach (var folder in Directory.GetDirectories(directory))
        {
            foreach (var file in Directory.GetFiles(folder))
            {
                if (Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file)).Contains(text, StringComparison.Ordinal))
                    found.Add(Path.GetFileName(folder));
            }
        }
        return [.. found.Distinct()];
    }

    public static async Task<List<string>> InSchemasAsync(string prefix, string text)
    {
        await using var source = NpgsqlDataSource.Create(PostgresServer.ConnectionString);
        var tables = new List<(string Schema, string Table)>();
        await using (var command = source.CreateCommand("SELECT schemaname::text, tablename::text FROM pg_tables WHERE starts_with(schemaname::text, $1)"))
        {
            command.Parameters.Add(new NpgsqlParameter { Value = prefix });
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                tables.Add((reader.GetString(0), reader.GetString(1)));
        }
        var found = new List<string>();
        foreach (var (schema, table) in tables)
        {
            await using var command = source.CreateCommand($"SELECT EXISTS (SELECT 1 FROM {schema}.{table} AS t WHERE strpos(t::text, $1) > 0)");
            command.Parameters.Add(new NpgsqlParameter { Value = text });
            if (await command.ExecuteScalarAsync() is true)
                found.Add(schema[prefix.Length..schema.LastIndexOf('_')]);
        }
        return [.. found.Distinct()];
    }
}
