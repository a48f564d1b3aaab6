namespace Basin.Kernel.Storage.Sqlite;

/// <summary>Applies each missing migration in a transaction of its own and refuses a file that knows a different past.</summary>
internal static class SqliteMigrator
{
    public static void Migrate(SqliteConnection connection, IReadOnlyList<Migration> migrations, TimeProvider time, Action<string> migrated)
    {
        connection.Run("""
            CREATE TABLE IF NOT EXISTS basin_schema (
                owner TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (owner, number)
            ) STRICT, WITHOUT ROWID
            """);
        var applied = connection.List(
            "SELECT owner, number, checksum FROM basin_schema", row => new AppliedMigration(row.Text(0), row.Int(1), row.Text(2)), []);
        foreach (var migration in SchemaHistory.Missing(migrations, applied))
            Apply(connection, migration, time, migrated);
    }

    private static void Apply(SqliteConnection connection, Migration migration, TimeProvider time, Action<string> migrated)
    {
        connection.Run("BEGIN IMMEDIATE");
        try
        {
            connection.Run(migration.Sql);
            connection.Execute(
                "INSERT INTO basin_schema (owner, number, name, checksum, at) VALUES ($1, $2, $3, $4, $5)",
                [migration.Owner, migration.Number, migration.Name, migration.Checksum, time.GetUtcNow()]);
            connection.Run("COMMIT");
        }
        catch
        {
            if (connection.InTransaction)
                connection.Run("ROLLBACK");
            throw;
        }
        migrated(migration.Name);
    }
}
