using System.Text;
using Npgsql;

namespace Basin.Kernel.Storage.Postgres;

/// <summary>
/// Applies the missing migrations in one transaction, once, however many processes start at the same time, and refuses a schema that knows a different
/// past.
/// </summary>
internal static class PostgresMigrator
{
    public static void Migrate(PostgresDatabase database, IReadOnlyList<Migration> migrations, TimeProvider time, Action<string> migrated)
    {
        var wanted = migrations.Select(migration => migration.ForPostgres()).ToList();
        using var connection = database.Writing.OpenConnection();
        if (SchemaHistory.Missing(wanted, ReadApplied(connection, database.Schema)).Count == 0)
            return;
        using var transaction = connection.BeginTransaction();
        // A large table may take its time, and so may another process that does the same.
        Run(connection, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0");
        Run(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('basin ' || '{database.Schema}', 0))");
        var missing = SchemaHistory.Missing(wanted, ReadApplied(connection, database.Schema));
        Run(connection, Script(database.Schema, missing, time));
        transaction.Commit();
        foreach (var migration in missing)
            migrated(migration.Name);
    }

    private static string Script(string schema, List<Migration> missing, TimeProvider time)
    {
        var script = new StringBuilder($"""
            CREATE SCHEMA IF NOT EXISTS {schema};
            CREATE TABLE IF NOT EXISTS basin_schema (
                owner TEXT NOT NULL, number BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (owner, number)
            );
            """);
        foreach (var migration in missing)
        {
            script.Append(migration.Sql).Append(";\n");
            // Names of owners and files are the program's own.
            script.Append($"INSERT INTO basin_schema VALUES ('{migration.Owner}', {migration.Number}, '{migration.Name}', '{migration.Checksum}', ");
            script.Append($"{time.GetUtcNow().ToUnixTimeMilliseconds()});\n");
        }
        return script.ToString();
    }

    private static List<AppliedMigration> ReadApplied(NpgsqlConnection connection, string schema)
    {
        // A query of the catalogue sees what others have committed; functions such as to_regclass may remember that there was nothing.
        using var exists = new NpgsqlCommand($"SELECT 1 FROM pg_tables WHERE schemaname = '{schema}' AND tablename = 'basin_schema'", connection);
        if (exists.ExecuteScalar() is null)
            return [];
        using var command = new NpgsqlCommand($"SELECT owner, number, checksum FROM {schema}.basin_schema", connection);
        using var reader = command.ExecuteReader();
        var applied = new List<AppliedMigration>();
        while (reader.Read())
            applied.Add(new AppliedMigration(reader.GetString(0), (int)reader.GetInt64(1), reader.GetString(2)));
        return applied;
    }

    private static void Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
