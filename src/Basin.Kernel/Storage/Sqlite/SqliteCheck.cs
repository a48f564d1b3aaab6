namespace Basin.Kernel.Storage.Sqlite;

/// <summary>Looks at a database that nobody else uses, and leaves it as it is.</summary>
internal sealed class SqliteCheck : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly CancellationTokenRegistration _interruption;

    public SqliteCheck(string path, CancellationToken cancellation)
    {
        _connection = SqliteConnection.OpenPlain(path);
        // Alone, it keeps the index of the log in memory and needs no room on the disk. A planted schema calls no functions.
        _connection.Run("PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF");
        _interruption = cancellation.UnsafeRegister(static connection => ((SqliteConnection)connection!).Interrupt(), _connection);
    }

    /// <summary>What SQLite finds first, or null when there is nothing.</summary>
    public string? FirstDamage()
    {
        try
        {
            var found = _connection.Find("PRAGMA integrity_check(1)", row => row.Text(0), []);
            return found == "ok" ? null : found?.Trim() ?? "the check says nothing";
        }
        catch (Exception failure) when (failure is StoreUnavailableException { Reason: StoreUnavailableException.Reasons.Stopped } or StoreException)
        {
            return SqliteNative.ErrorMessage(_connection.Handle);
        }
    }

    /// <summary>By table; those that a search index makes for itself are not counted.</summary>
    public IReadOnlyDictionary<string, long> Rows()
    {
        var tables = _connection.List(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
            row => row.Text(0), []);
        return tables.ToDictionary(table => table, table => _connection.Number($"SELECT COUNT(*) FROM \"{table}\"", []) ?? 0);
    }

    public void Dispose()
    {
        _interruption.Dispose();
        _connection.Dispose();
    }
}
