namespace Basin.Kernel.Storage.Sqlite;

/// <summary>Applies each missing migration in a transaction of its own and refuses a file that knows a different past.</summary>
internal static class SqliteMigrator
{
    private sealed record Applied(string Owner, int Number, string Checksum);

    public static void Migrate(SqliteConnection connection, IReadOnlyList<Migration> migrations, TimeProvider time, Action<string> migrated)
    {
        connection.Run("""
            CREATE TABLE IF NOT EXISTS basin_schema (
                owner TEXT NOT NULL, number INTEGER NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, at INTEGER NOT NULL,
                PRIMARY KEY (owner, number)
            ) STRICT, WITHOUT ROWID
            """);
        var applied = connection
            .List("SELECT owner, number, checksum FROM basin_schema", row => new Applied(row.Text(0), row.Int(1), row.Text(2)), [])
            .ToDictionary(a => (a.Owner, a.Number), a => a.Checksum);
        RefuseNewerSchema(applied.Keys, migrations);
        foreach (var migration in migrations)
        {
            if (!applied.TryGetValue((migration.Owner, migration.Number), out var checksum))
                Apply(connection, migration, time, migrated);
            else if (checksum != migration.Checksum)
                throw new InvalidOperationException($"Migration {migration.Owner}/{migration.Name} was changed after it was applied; add a new one.");
        }
    }

    private static void RefuseNewerSchema(IEnumerable<(string Owner, int Number)> applied, IReadOnlyList<Migration> migrations)
    {
        var known = migrations.Select(m => (m.Owner, m.Number)).ToHashSet();
        foreach (var (owner, number) in applied)
        {
            if (!known.Contains((owner, number)))
                throw new InvalidOperationException($"The data was written by a newer Basin: it has migration {owner}/{number:0000}.");
        }
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
